package dahua

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers/sim"
)

// An attached is one open stream.
type attached struct {
	snap  bool          // of snapManager, otherwise of eventManager
	parts chan [][]byte // each as it goes out
	over  chan struct{} // closed to end it
}

// attach serves a stream until its caller hangs up or the camera ends it.
func (c *Camera) attach(w http.ResponseWriter, r *http.Request, snap bool) {
	query := r.URL.Query()
	beat, err := strconv.Atoi(query.Get("heartbeat"))
	asked := query.Get("codes")
	if snap {
		asked = query.Get("Events")
	}
	if err != nil || beat < 1 || beat > 60 || !strings.Contains(asked, "[TrafficJunction]") || snap && query.Get("Flags[0]") != "Event" {
		refuse(w)
		return
	}
	s := &attached{snap: snap, parts: make(chan [][]byte), over: make(chan struct{})}
	c.mu.Lock()
	if c.streams == nil {
		c.streams = map[*attached]bool{}
	}
	c.streams[s] = true
	c.opened++
	c.most = max(c.most, len(c.streams))
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.streams, s)
	}()

	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=myboundary")
	out := http.NewResponseController(w)
	if out.Flush() != nil {
		return
	}
	ticker := time.NewTicker(time.Duration(beat) * time.Second)
	defer ticker.Stop()
	for {
		var parts [][]byte
		select {
		case <-r.Context().Done():
			return
		case <-s.over:
			return
		case <-ticker.C:
			c.mu.Lock()
			if !c.faults.NoHeartbeat {
				parts = [][]byte{c.partLocked("text/plain", []byte("Heartbeat"))}
			}
			c.mu.Unlock()
		case parts = <-s.parts:
		}
		c.mu.Lock()
		piece := 1 << 20
		if c.faults.Crumbs {
			piece = 7
		}
		if c.faults.Babble {
			parts = append([][]byte{[]byte("\r\n\x00\xFFRTSP/1.0 200 OK\r\n")}, parts...)
		}
		c.mu.Unlock()
		for _, part := range parts {
			for crumb := range slices.Chunk(part, piece) {
				if _, err := w.Write(crumb); err != nil || out.Flush() != nil {
					return
				}
			}
		}
	}
}

// EndStreams ends every open stream, as a camera that restarts does.
func (c *Camera) EndStreams() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.streams {
		close(s.over)
		delete(c.streams, s)
	}
}

// Say puts a text part on every open stream, whatever it is.
func (c *Camera) Say(text string) {
	c.send(func(*attached) [][]byte { return [][]byte{c.partLocked("text/plain", []byte(text))} })
}

// See puts a car before the camera, which tells of it on every open stream.
func (c *Camera) See(s sim.Sighting) {
	c.send(c.eventOf(s))
}

// SeeFirst is See for a camera whose pictures come late: by calling pictures.
func (c *Camera) SeeFirst(s sim.Sighting) (pictures func()) {
	parts := c.eventOf(s)
	c.send(func(a *attached) [][]byte { return parts(a)[:1] })
	return func() { c.send(func(a *attached) [][]byte { return parts(a)[1:] }) }
}

// eventOf puts a car before the camera and returns what tells of it on a stream.
func (c *Camera) eventOf(s sim.Sighting) func(*attached) [][]byte {
	if s.At.IsZero() {
		s.At = time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scene = s
	c.uploads++
	group := c.uploads
	return func(a *attached) [][]byte {
		if a.snap {
			return c.snapPartsLocked(s, group)
		}
		return [][]byte{c.partLocked("text/plain", []byte(junctionJSON(s, group)))}
	}
}

// send hands parts to every open stream that still listens.
func (c *Camera) send(parts func(*attached) [][]byte) {
	type letter struct {
		to    *attached
		parts [][]byte
	}
	var letters []letter
	c.mu.Lock()
	for s := range c.streams {
		letters = append(letters, letter{s, parts(s)})
	}
	c.mu.Unlock()
	for _, l := range letters {
		timer := time.NewTimer(time.Second)
		select {
		case l.to.parts <- l.parts:
		case <-timer.C: // hung up
		}
		timer.Stop()
	}
}

// partLocked writes one part of a stream.
func (c *Camera) partLocked(kind string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "--myboundary\r\nContent-Type: %s\r\n", kind)
	if !c.faults.NoLengths {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	fmt.Fprintf(&b, "\r\n%s\r\n", body)
	if c.faults.NoLengths {
		b.WriteString("--myboundary\r\n") // without it nothing tells that the part is over
	}
	return b.Bytes()
}

// junctionJSON is the event as eventManager writes it.
func junctionJSON(s sim.Sighting, group int) string {
	local := s.At.In(beijing)
	return fmt.Sprintf(`Code=TrafficJunction;action=Pulse;index=0;data={
   "CommInfo" : { "SnapCategory" : "Motor" },
   "CountInGroup" : 1,
   "EventID" : %d,
   "GroupID" : %d,
   "IndexInGroup" : 1,
   "Lane" : 1,
   "LocaleTime" : "%s",
   "Object" : { "Confidence" : %d, "ObjectType" : "Plate", "Text" : %q },
   "RealUTC" : %d,
   "TimeZone" : 13,
   "TrafficCar" : { "DrivingDirection" : [ %q, "out", "in" ], "PlateColor" : %q, "PlateNumber" : %q, "UTC" : %d },
   "UTC" : %d,
   "UTCMS" : %d
}
`, group, group, local.Format("2006-01-02 15:04:05"), confidenceOf(s), s.Plate, s.At.Unix(), drivingDirection(s), colors[s.Color], s.Plate,
		wallSeconds(s.At), wallSeconds(s.At), s.At.Nanosecond()/1e6)
}

// wallSeconds is what these cameras call UTC: the seconds of their own clock.
func wallSeconds(at time.Time) int64 { return at.Unix() + 8*3600 }

func drivingDirection(s sim.Sighting) string {
	if s.Reverse {
		return "Leave"
	}
	return "Approach"
}

func confidenceOf(s sim.Sighting) int {
	if s.Confidence == 0 {
		return 97
	}
	return s.Confidence
}

// snapPartsLocked is the event as snapManager writes it: lines, and a part that
// holds the scene, the plate and the car one after the other.
func (c *Camera) snapPartsLocked(s sim.Sighting, group int) [][]byte {
	scene, plate, car := sim.ScenePicture(s.Plate, s.Color), sim.PlatePicture(s.Plate, s.Color), sim.ScenePicture(s.Plate+"x", s.Color)
	list := "Events"
	if c.faults.ReturnEvents {
		list = "ReturnEvents"
	}
	var lines strings.Builder
	line := func(name string, value any) {
		if c.faults.NoCuts && (strings.HasSuffix(name, ".Offset") || strings.HasSuffix(name, ".Length")) {
			return
		}
		fmt.Fprintf(&lines, "%s[0].%s=%v\r\n", list, name, value)
	}
	line("EventBaseInfo.Code", "TrafficJunction")
	line("EventBaseInfo.Action", "Pulse")
	line("EventBaseInfo.Index", 0)
	line("EventID", group)
	line("GroupID", group)
	line("IndexInGroup", 1)
	line("Lane", 1)
	line("Object.Confidence", confidenceOf(s))
	line("Object.Text", s.Plate)
	line("Object.Image.Offset", len(scene))
	line("Object.Image.Length", len(plate))
	line("RealUTC", s.At.Unix())
	line("UTC", wallSeconds(s.At))
	line("UTCMS", s.At.Nanosecond()/1e6)
	line("SceneImage.Offset", 0)
	line("SceneImage.Length", len(scene))
	line("TrafficCar.DrivingDirection[0]", drivingDirection(s))
	line("TrafficCar.PlateColor", colors[s.Color])
	line("TrafficCar.PlateNumber", s.Plate)
	line("Vehicle.Image.Offset", len(scene)+len(plate))
	line("Vehicle.Image.Length", len(car))
	parts := [][]byte{c.partLocked("text/plain", []byte(lines.String()))}
	if c.faults.ImageAfter {
		parts = append(parts, c.partLocked("text/plain", []byte("Heartbeat")))
	}
	if !c.faults.NoImage {
		parts = append(parts, c.partLocked("image/jpeg", bytes.Join([][]byte{scene, plate, car}, nil)))
	}
	return parts
}
