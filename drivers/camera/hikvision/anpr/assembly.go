package anpr

import (
	"bytes"
	"strconv"

	"parkagent/drivers/camera"
)

// An Assembly puts the parts of an event stream together. An event goes out as
// soon as the pictures that it announces are there, and at once if it announces
// none or says that it comes again with them. Whoever uses it flushes it after a
// moment: no gate waits for a picture that takes longer. Its zero value is ready.
type Assembly struct {
	pending *Push
	wanted  int  // pictures of pending that are announced; 0: it does not say
	have    int  // that came
	fresh   bool // pending has just come
}

// Begins reports whether the last part began to wait for pictures.
func (a *Assembly) Begins() bool {
	fresh := a.fresh
	a.fresh = false
	return fresh
}

// Add takes a part. It returns the event before it, if that waits no longer, and
// the one that it makes complete. A part that cannot be read is one that is not
// there.
func (a *Assembly) Add(p camera.Part) (before, now *Push, err error) {
	pt := part{names: partNames(p.Header), data: bytes.TrimLeft(p.Body, "\r\n")}
	if pt.role() == roleEvent {
		before = a.Flush() // its pictures would have come before another event
		ev, err := decodeEvent(pt.data)
		if err != nil || !ev.isPlate() {
			return before, nil, err
		}
		a.begin(ev)
		if a.wanted < 0 {
			now = a.Flush()
		}
		return before, now, nil
	}
	if a.pending == nil || !camera.IsJPEG(pt.data) {
		return nil, nil, nil // JSON of another kind of event, or a picture of nothing
	}
	if err := a.pending.add(pt); err != nil {
		return nil, nil, err
	}
	a.have++
	if a.have >= camera.MaxParts || a.have == a.wanted {
		now = a.Flush()
	}
	return nil, now, nil
}

func (a *Assembly) begin(ev event) {
	wanted, err := strconv.Atoi(ev.picNum)
	if ev.more || err == nil && wanted <= 0 {
		wanted = -1
	}
	*a = Assembly{pending: &Push{event: ev}, wanted: wanted, fresh: true}
}

// Flush returns the event that waits for pictures, or nil.
func (a *Assembly) Flush() *Push {
	p := a.pending
	*a = Assembly{}
	return p
}
