package reply

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"parkagent/drivers"
)

// Facts are what a camera tells of itself beside a car.
type Facts struct {
	Model   string // what it calls itself; empty where it does not tell
	OwnList bool   // this car was let in by a list in the camera
}

// Note keeps facts for Diagnose and for the gate's state. It reports whether they
// tell anew of a list in the camera.
func (d *Desk) Note(f Facts) bool {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.Model != "" {
		d.facts.model = f.Model
	}
	if !f.OwnList {
		return false
	}
	news := !d.facts.hasOwnList(now)
	d.facts.ownList = now
	return news
}

// ownListFor is how long a camera counts as one that opens by its own list after
// it did. Cars on the list come every day, or the list is gone.
const ownListFor = 24 * time.Hour

// fault is what a camera that answers shows to be wrong.
func (d *Desk) fault() drivers.Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.facts.hasOwnList(time.Now()) {
		return drivers.FaultGateList
	}
	return drivers.FaultNone
}

// NoteEvent keeps for Diagnose what an event tells of the camera.
func (d *Desk) NoteEvent(rec drivers.Recognition) {
	if rec.Offline {
		return // its age says nothing of the clock
	}
	now := d.cfg.Now().UTC()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.facts.event = true
	d.facts.picture = len(rec.Scene())
	d.facts.dated = !rec.At.IsZero()
	d.facts.ahead = rec.At.Sub(now)
}

// facts are what is known of the camera, and what the last event that was not
// kept shows.
type facts struct {
	model   string
	ownList time.Time // when it last let a car in by its own list; zero: never
	event   bool
	picture int           // bytes
	dated   bool          // it bears a time
	ahead   time.Duration // that time before ours
}

func (f facts) hasOwnList(now time.Time) bool {
	return !f.ownList.IsZero() && now.Sub(f.ownList) < ownListFor
}

const (
	// clockOdd and clockWrong are by how much a camera's clock may differ. An
	// event is some seconds old when it arrives, on a slow network.
	clockOdd   = 10 * time.Second
	clockWrong = 5 * time.Minute
)

// Diagnose tells what is known of the camera without asking it anything, which
// nobody can: when it was last heard, what it calls itself, and what its last
// event was like.
func (d *Desk) Diagnose(context.Context) []drivers.Finding {
	findings := []drivers.Finding{d.diagnoseHeard()}
	d.mu.Lock()
	f := d.facts
	d.mu.Unlock()
	if f.model != "" {
		findings = append(findings, drivers.Finding{Topic: drivers.TopicModel, Value: f.model})
	}
	list := drivers.Finding{Topic: drivers.TopicGateList}
	ownList := f.hasOwnList(time.Now())
	if ownList {
		list.Level = drivers.LevelWrong
	}
	if ownList || f.event {
		findings = append(findings, list)
	}
	if !f.event {
		return findings
	}
	if f.dated {
		findings = append(findings, drivers.Finding{Topic: drivers.TopicClock, Level: clockLevel(f.ahead), Value: fmt.Sprintf("%+.1fs", f.ahead.Seconds())})
	}
	picture := drivers.Finding{Topic: drivers.TopicPicture, Value: strconv.Itoa(f.picture)}
	if f.picture == 0 {
		picture.Level = drivers.LevelOdd
	}
	return append(findings, picture)
}

func (d *Desk) diagnoseHeard() drivers.Finding {
	heard := drivers.Finding{Topic: drivers.TopicHeard}
	if err := d.Heard(); err != nil {
		heard.Level, heard.Err = drivers.LevelWrong, err
	}
	if silence, known := d.cfg.Inbox.Silence(); known {
		heard.Value = silence.Round(time.Second).String()
	}
	return heard
}

func clockLevel(ahead time.Duration) drivers.Level {
	switch {
	case ahead.Abs() > clockWrong:
		return drivers.LevelWrong
	case ahead.Abs() > clockOdd:
		return drivers.LevelOdd
	}
	return drivers.LevelFine
}
