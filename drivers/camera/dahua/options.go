package dahua

import (
	"time"

	"parkagent/drivers/camera"
	"parkagent/drivers/options"
)

// A Source is how a camera's plates are got.
type Source string

// The sources. SourceEvents and SourceSnap need the camera's address and login.
const (
	SourcePush   Source = "push"   // the camera POSTs them by ITSAPI
	SourceEvents Source = "events" // from the stream of eventManager; pictures are asked for
	SourceSnap   Source = "snap"   // from the stream of snapManager, with pictures; they are asked for where none come
)

// Options are a camera's settings beyond its address.
type Options struct {
	Channel     int           // video channel of pictures and streams, and of the strobe; 0 means 1
	Source      Source        // empty means SourcePush
	Lane        *int          // only events of the lane with this number are taken; nil: of all
	PictureWait time.Duration // how long an event of a stream waits for its picture, and for one that is asked for; 0 means 300 ms
	Silence     time.Duration // a camera that only pushes is offline after so long; 0 means 1 h
	Certificate string        // fingerprint of the certificate of an https camera that signed its own
}

// ParseOptions reads the option table of a device:
//
//	events = "push"          # or "events", "snap": where plates come from, see Source
//	channel = 1              # video channel, 1 to 64
//	lane = 1                 # 0 to 64: only the events of this lane of a camera that sees several; left out: of all
//	picture_wait = "300ms"   # 1ms to 3s: how long an event of a stream waits for its picture
//	silence = 3600           # seconds, 10 to 604800: a camera that only pushes is offline after so long
//	certificate = ""         # SHA-256 fingerprint of the certificate of an https camera that signed its own
//
// and token, which the agent handles. Anything else is an error.
func ParseOptions(table map[string]any) (Options, error) {
	o := options.Read(table, "token")
	opt := Options{
		Channel:     int(o.Int("channel", 1, 1, 64)),
		Source:      Source(o.Choice("events", string(SourcePush), string(SourceEvents), string(SourceSnap))),
		PictureWait: o.Duration("picture_wait", 300*time.Millisecond, time.Millisecond, 3*time.Second),
		Silence:     time.Duration(o.Int("silence", 3600, 10, 604800)) * time.Second,
		Certificate: o.Text("certificate", ""),
	}
	if lane := int(o.Int("lane", -1, 0, 64)); lane >= 0 {
		opt.Lane = &lane
	}
	if _, err := camera.ParseFingerprint(opt.Certificate); err != nil {
		o.Fail("certificate", "want the SHA-256 fingerprint of a certificate, 64 hexadecimal digits")
	}
	return opt, o.Err()
}

// withDefaults fills in what 0 and empty mean.
func (o Options) withDefaults() Options {
	if o.Channel == 0 {
		o.Channel = 1
	}
	if o.Source == "" {
		o.Source = SourcePush
	}
	if o.PictureWait == 0 {
		o.PictureWait = 300 * time.Millisecond
	}
	if o.Silence == 0 {
		o.Silence = time.Hour
	}
	return o
}
