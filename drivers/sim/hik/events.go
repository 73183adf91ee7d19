package hik

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"parkagent/drivers/sim"
)

// See shows the camera a car: an event on every stream that is open, and a plate
// that is kept for whoever asks. Without a time of its own it is now, by the
// camera's clock.
func (c *Camera) See(s sim.Sighting) {
	if s.At.IsZero() {
		s.At = c.now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = append(c.kept, s)
	for stream := range c.streams {
		select {
		case stream <- s:
		default: // a camera drops what its reader does not take
		}
	}
}

// Streams returns how many streams are open.
func (c *Camera) Streams() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams)
}

// Restart ends every stream and makes logins begin anew.
func (c *Camera) Restart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		close(c.ended)
		c.ended = nil
	}
	if c.Login != nil {
		c.Login.Forget()
	}
}

// open opens a stream.
func (c *Camera) open() (seen chan sim.Sighting, ended chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen = make(chan sim.Sighting, 16)
	if c.streams == nil {
		c.streams = make(map[chan sim.Sighting]bool)
	}
	c.streams[seen] = true
	if c.ended == nil {
		c.ended = make(chan struct{})
	}
	return seen, c.ended
}

func (c *Camera) shut(seen chan sim.Sighting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, seen)
}

// stream writes heartbeats, and events with their pictures behind them, until
// the reader hangs up.
func (c *Camera) stream(w http.ResponseWriter, r *http.Request) {
	seen, ended := c.open()
	defer c.shut(seen)
	w.Header().Set("Content-Type", "multipart/mixed; boundary=boundary")
	beat := c.Heartbeat
	if beat == 0 {
		beat = 10 * time.Second
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	heartbeat(w)
	for {
		select {
		case s := <-seen:
			if !c.event(w, r, s, ended) {
				return
			}
		case <-tick.C:
			heartbeat(w)
		case <-ended:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// event writes an event and its pictures. It reports whether the stream goes on.
func (c *Camera) event(w http.ResponseWriter, r *http.Request, s sim.Sighting, ended <-chan struct{}) bool {
	text := &sim.HikCamera{Form: sim.HikXML}
	if c.Login != nil {
		text.Faults = c.Login.Faults
	}
	_, _, body := text.Event(s)
	part(w, `application/xml; charset="UTF-8"`, "", body)
	if c.Pictures > 0 {
		late := time.NewTimer(c.Pictures)
		defer late.Stop()
		select {
		case <-late.C:
		case <-ended:
			return false
		case <-r.Context().Done():
			return false
		}
	}
	if !c.NoPictures {
		part(w, "image/pjpeg", "licensePlatePicture", sim.PlatePicture(s.Plate, s.Color))
		part(w, "image/pjpeg", "detectionPicture", sim.ScenePicture(s.Plate, s.Color))
	}
	return true
}

func heartbeat(w http.ResponseWriter) {
	part(w, `application/xml; charset="UTF-8"`, "", []byte(`<EventNotificationAlert version="1.0" xmlns="http://www.hikvision.com/ver10/XMLSchema">
<activePostCount>0</activePostCount><eventType>videoloss</eventType><eventState>inactive</eventState>
</EventNotificationAlert>
`))
}

// part writes one part, whose length counts the line break after it, as that of
// the real camera does. That the reader hung up shows in its context.
func part(w http.ResponseWriter, contentType, id string, body []byte) {
	_, _ = fmt.Fprintf(w, "--boundary\r\nContent-Type: %s\r\n", contentType)
	if id != "" {
		_, _ = fmt.Fprintf(w, "Content-ID: %s\r\n", id)
	}
	_, _ = fmt.Fprintf(w, "Content-Length: %d\r\n\r\n%s\r\n", len(body)+2, body)
	_ = http.NewResponseController(w).Flush()
}

var pictureTime = regexp.MustCompile(`<picTime>([^<]*)</picTime>`)

// plates answers with the plates that were kept after a time.
func (c *Camera) plates(w http.ResponseWriter, r *http.Request) {
	if c.AskPlates != "" && r.Method != c.AskPlates {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	found := pictureTime.FindSubmatch(body)
	if err != nil || found == nil {
		refuse(w, "badXmlContent")
		return
	}
	after, err := time.Parse("20060102T150405-0700", string(found[1]))
	if err != nil || c.PlateForm != "" && c.PlateForm != "20060102T150405-0700" {
		after, err = time.Parse(time.RFC3339, string(found[1]))
		if err != nil || c.PlateForm != "" && c.PlateForm != time.RFC3339 {
			refuse(w, "badXmlContent")
			return
		}
	}
	var list strings.Builder
	c.mu.Lock()
	for _, s := range c.kept {
		if !s.At.After(after) {
			continue
		}
		direction := "forward"
		if s.Reverse {
			direction = "reverse"
		}
		fmt.Fprintf(&list, "<Plate><captureTime>%s</captureTime><plateNumber>%s</plateNumber><picName>%d</picName><country>CHN</country><laneNo>1</laneNo><direction>%s</direction></Plate>",
			s.At.In(east8).Format("20060102T150405-0700"), s.Plate, s.At.UnixMilli(), direction)
	}
	c.mu.Unlock()
	xml(w, "Plates", "%s", list.String())
}
