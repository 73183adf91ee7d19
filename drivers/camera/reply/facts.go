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

// Note keeps facts for Diagnose. It reports whether this is the first word of a
// list in the camera.
func (d *Desk) Note(f Facts) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.Model != "" {
		d.facts.Model = f.Model
	}
	news := f.OwnList && !d.facts.OwnList
	d.facts.OwnList = d.facts.OwnList || f.OwnList
	return news
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

// facts are the Facts so far, and what the last event that was not kept shows.
type facts struct {
	Facts
	event   bool
	picture int           // bytes
	dated   bool          // it bears a time
	ahead   time.Duration // that time before ours
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
	if f.Model != "" {
		findings = append(findings, drivers.Finding{Topic: drivers.TopicModel, Value: f.Model})
	}
	list := drivers.Finding{Topic: drivers.TopicGateList}
	if f.OwnList {
		list.Level = drivers.LevelWrong
	}
	if f.OwnList || f.event {
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
