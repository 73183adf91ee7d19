package vzenith

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"parkagent/drivers"
)

// writeTime is how long writing an answer may take: a few hundred bytes.
const writeTime = 2 * time.Second

// plateReply is the body of Response_AlarmInfoPlate. Content "retransfer_stop"
// says that the event was taken: without it the camera sends the event to its
// backup server, stores it and sends it again for ever.
type plateReply struct {
	Info     string     `json:"info"` // "ok" pulses the relay, anything else does not
	Channel  int64      `json:"channelNum"`
	Content  string     `json:"content"`
	PlateID  int64      `json:"plateid,omitempty"`
	IO       *ioControl `json:"ivs_ioctrl,omitempty"`
	Continue *continued `json:"ContinuePushOffline,omitempty"`
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

const (
	infoOpen   = "ok"
	infoStay   = "no"
	taken      = "retransfer_stop"
	relayOff   = 0
	relayOn    = 1
	relayPulse = 2
)

// heartbeatReply is the body of Response_Heartbeat.
type heartbeatReply struct {
	Info       string   `json:"info"`
	SerialData []string `json:"serialData"` // bytes for the camera's serial ports; none are sent
}

// refusal is the answer that takes the event and opens nothing. It is nil for a
// push that is no plate.
func (e event) refusal() *plateReply {
	if !e.isPlate {
		return nil
	}
	reply := &plateReply{Info: infoStay, Channel: e.channel, Content: taken, PlateID: e.plateID}
	if e.rec.Offline {
		reply.Continue = &continued{PlateID: e.plateID, Continue: 1}
	}
	return reply
}

// command puts what the gate asks into a reply.
func (c *Camera) command(reply *plateReply, order order) {
	opt := c.cfg.Options
	switch order {
	case orderRaise:
		reply.Info = infoOpen
		if opt.Pulse > 0 {
			reply.IO = &ioControl{Delay: opt.Pulse.Milliseconds(), IO: opt.IO, Value: relayPulse}
		}
	case orderHold:
		reply.IO = &ioControl{IO: opt.IO, Value: relayOn}
	case orderRelease:
		reply.IO = &ioControl{IO: opt.IO, Value: relayOff}
	}
}

// keptMark ends the ID of an event that the camera kept. rand.Text, before it,
// never writes it.
const keptMark = "-kept"

// uniqueID names the event for RaiseFor. The camera's own number begins it but
// is not enough: some firmware gives none or starts again, and a stranger can
// guess it, push under it, and have his answer taken for another car's.
func (e event) uniqueID() string {
	id := rand.Text()
	if e.rec.ID != "" {
		id = e.rec.ID + "-" + id
	}
	if e.rec.Offline {
		id += keptMark
	}
	return id
}

// servePlate answers a plate as the lane decides.
func (c *Camera) servePlate(w http.ResponseWriter, r *http.Request, ev event) error {
	ev.rec.Device = c.cfg.Device
	ev.rec.ID = ev.uniqueID()
	ev.rec.Received = c.cfg.Now().UTC()
	order, err := c.decision(r, ev.rec)
	switch {
	case err != nil:
		return err
	case order != nil:
		return c.carry(w, r, *order, ev.refusal())
	}
	return c.answer(w, ev.refusal())
}

// decision hands the event to the lane and waits until the gate was asked to
// open for it. It returns nil when the lane is done without that, when the reply
// time is over, or when the camera hung up.
func (c *Camera) decision(r *http.Request, rec drivers.Recognition) (*ask, error) {
	var asks <-chan ask
	if !rec.Offline { // a car that left long ago: whatever the lane says, its answer opens nothing
		asks = c.gate.expect(rec.ID).asks
		defer c.gate.forget(rec.ID)
	}
	done, err := c.inbox.Deliver(rec, c.cfg.ReplyTime)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(c.cfg.ReplyTime)
	defer timer.Stop()
	select {
	case a := <-asks:
		return &a, nil
	case err := <-done:
		return nil, err // if any, the lane stopped: the camera keeps the event and comes again
	case <-timer.C:
	case <-r.Context().Done(): // what the camera is told no longer matters
	}
	return nil, nil
}

// serveHeartbeat answers a heartbeat or a comet poll. A poll waits a while for
// something to do, because the camera polls again as soon as it is answered.
func (c *Camera) serveHeartbeat(w http.ResponseWriter, r *http.Request) {
	var err error
	switch c.cfg.Options.Opens {
	case OpensComet:
		err = c.servePoll(w, r)
	case OpensHeartbeat:
		select {
		case a := <-c.gate.polls:
			a.done <- c.write(w, map[string]any{"Response_Heartbeat": heartbeatReply{Info: infoOpen, SerialData: []string{}}})
			return
		default:
		}
		fallthrough
	default:
		err = c.write(w, map[string]any{"Response_Heartbeat": heartbeatReply{Info: infoStay, SerialData: []string{}}})
	}
	if err != nil {
		c.cfg.Log.Debug("heartbeat not answered", "err", err)
	}
}

func (c *Camera) servePoll(w http.ResponseWriter, r *http.Request) error {
	timer := time.NewTimer(c.cfg.PollTime)
	defer timer.Stop()
	select {
	case a := <-c.gate.polls:
		return c.carry(w, r, a, &plateReply{Info: infoStay, Content: taken})
	case <-timer.C:
	case <-r.Context().Done():
	}
	return c.answer(w, &plateReply{Info: infoStay, Content: taken})
}

// carry answers with what the gate was asked for and tells the asker how that
// went. A camera that has hung up meanwhile gets no order: the asker is sent on.
func (c *Camera) carry(w http.ResponseWriter, r *http.Request, a ask, reply *plateReply) error {
	if r.Context().Err() != nil {
		a.done <- errGone
		return nil
	}
	c.command(reply, a.order)
	a.done <- c.write(w, map[string]any{"Response_AlarmInfoPlate": reply})
	return nil
}

// answer writes a reply that opens nothing. A nil reply is an empty object.
func (c *Camera) answer(w http.ResponseWriter, reply *plateReply) error {
	body := map[string]any{}
	if reply != nil {
		body["Response_AlarmInfoPlate"] = reply
	}
	if err := c.write(w, body); err != nil {
		c.cfg.Log.Debug("push not answered", "err", err)
	}
	return nil
}

// write sends body as JSON and returns once it was handed to the network.
func (c *Camera) write(w http.ResponseWriter, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	conn := http.NewResponseController(w)
	_ = conn.SetWriteDeadline(time.Now().Add(writeTime))      // a test's recorder has none
	defer func() { _ = conn.SetWriteDeadline(time.Time{}) }() // or it would meet the next answer on this connection
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("%w: answer camera: %w", drivers.ErrOffline, err)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("%w: answer camera: %w", drivers.ErrOffline, err)
	}
	return nil
}
