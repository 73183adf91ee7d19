package vzenith

import (
	"encoding/base64"

	"parkagent/drivers/camera/reply"
)

// plateReply is the body of Response_AlarmInfoPlate. Content "retransfer_stop"
// says that the event was taken: without it the camera sends the event to its
// backup server, stores it and sends it again for ever.
type plateReply struct {
	Info string `json:"info"` // "ok" pulses the relay, anything else does not
	// Channel is the number of the relay that info "ok" pulses, by what the
	// camera's own program does with it; documents call it reserved.
	Channel  int           `json:"channelNum"`
	Content  string        `json:"content"`
	PlateID  int64         `json:"plateid,omitempty"`
	Serial   []serialData  `json:"serialData,omitempty"`
	IO       *ioControl    `json:"ivs_ioctrl,omitempty"`
	Picture  *pictureOrder `json:"TriggerImage,omitempty"`
	Continue *continued    `json:"ContinuePushOffline,omitempty"`
}

// ioControl switches one relay: value 0 off, 1 on, 2 on for delay.
type ioControl struct {
	Delay int64 `json:"delay"` // milliseconds, at most 600000
	IO    int   `json:"io"`    // 0 to 3
	Value int   `json:"value"`
}

// continued tells the camera to go on with the next event that it kept.
type continued struct {
	PlateID  int64 `json:"plateid"`
	Continue int   `json:"continue"`
}

// pictureOrder has the camera take a picture and post it to a path of the server
// that it posts to anyway.
type pictureOrder struct {
	Path string `json:"snapImageRelativeUrl"`
}

// serialData are bytes that the camera writes to one of its serial ports.
type serialData struct {
	Channel int    `json:"serialChannel"`
	Data    string `json:"data"`    // base64
	Len     int    `json:"dataLen"` // of the bytes, before base64
}

// heartbeatReply is the body of Response_Heartbeat.
type heartbeatReply struct {
	Info   string       `json:"info"`
	Serial []serialData `json:"serialData"`
}

const (
	infoOpen   = "ok"
	infoStay   = "no"
	taken      = "retransfer_stop"
	relayOff   = 0
	relayOn    = 1
	relayPulse = 2
)

// serialItems turns what lay on the trays into items, in the same order.
func serialItems(all []reply.Frames) []serialData {
	items := []serialData{}
	for _, port := range all {
		for _, frame := range port.Frames {
			items = append(items, serialData{Channel: port.Port, Data: base64.StdEncoding.EncodeToString(frame), Len: len(frame)})
		}
	}
	return items
}

// acknowledge is the answer that takes an event and opens nothing.
func (e event) acknowledge() *plateReply {
	r := &plateReply{Info: infoStay, Content: taken, PlateID: e.plateID}
	if e.rec.Offline {
		r.Continue = &continued{PlateID: e.plateID, Continue: 1}
	}
	return r
}

// put puts what the answer shall carry into r.
func (o Options) put(r *plateReply, a reply.Answer, picturePath string) {
	r.Channel = o.IO
	r.Serial = serialItems(a.Frames)
	if a.Shoot {
		r.Picture = &pictureOrder{Path: picturePath}
	}
	switch a.Order {
	case reply.Raise:
		r.Info = infoOpen
		if o.Pulse > 0 {
			r.IO = &ioControl{Delay: o.Pulse.Milliseconds(), IO: o.IO, Value: relayPulse}
		}
	case reply.Lower:
		r.IO = &ioControl{Delay: o.lowerPulse().Milliseconds(), IO: *o.Close, Value: relayPulse}
	case reply.Hold:
		r.IO = &ioControl{IO: o.IO, Value: relayOn}
	case reply.Release:
		r.IO = &ioControl{IO: o.IO, Value: relayOff}
	case reply.Nothing:
	}
}
