// Package hik simulates a Hikvision camera that is asked: for its event stream, its plates, its inputs, and to move the barrier that is wired to it.
//
// Pushes, digest login and pictures are those of sim.HikCamera. Everything is
// at wire level, with faults on demand, and shares no code with the driver.
package hik

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"parkagent/drivers/sim"
)

// A Call is one thing that a camera may be asked, by the name it has here.
type Call string

// The calls. A model may lack any of them.
const (
	Stream      Call = "alertStream"
	Plates      Call = "plates"
	Time        Call = "time"
	Barrier     Call = "barrierGate"
	ArmStatus   Call = "barrierGateStatus"
	Output      Call = "output"
	Input       Call = "input"
	OutputState Call = "output status"
	Entrance    Call = "entranceParam"
	Hosts       Call = "httpHosts"
	HTTPFormat  Call = "alarmHttpPushProtocol"
)

// A Fault is how a camera fails.
type Fault uint8

// The faults.
const (
	None    Fault = iota
	Silence       // takes requests and never answers
	Noise         // answers what is no HTTP
	Refusal       // refuses what is asked, with a status
	Gone          // breaks every connection
	Deaf          // does what it is told, and breaks the connection instead of an answer
	Crumbs        // answers byte by byte
)

// A Camera is one camera. Its exported fields are set before it is used.
type Camera struct {
	Login *sim.HikCamera // login, picture, and how events are written; nil: no login

	Lacks      []Call        // what the model has not got
	Heartbeat  time.Duration // between two on the stream; 0: 10 s
	Pictures   time.Duration // between an event on the stream and its pictures
	NoPictures bool          // none follow, though two are announced
	AskPlates  string        // the method that its plates are asked with; empty: any
	PlateForm  string        // the layout that it wants the time of its plates in; empty: any
	Clock      time.Duration // ahead of ours
	CtrlMod    string        // who opens the gate: empty and "1" the platform, "0" its own list, "2" both
	OutputShut bool          // its outputs are not ours to switch, as while only the platform opens the gate
	PushTo     string        // host:port/path that it is set to push to; empty: none
	Now        func() time.Time

	mu        sync.Mutex // guards the following fields
	fault     Fault
	faultOnce bool
	streams   map[chan sim.Sighting]bool
	ended     chan struct{} // closed when the camera restarts
	kept      []sim.Sighting
	opened    int
	closed    int
	held      bool
	up        bool
	outputs   map[int]bool
	pulses    map[int]int // how often an output went on
	inputs    map[int]bool
	calls     []string
}

func (c *Camera) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Now != nil {
		return c.Now().Add(c.Clock)
	}
	return time.Now().Add(c.Clock)
}

// SetClock sets the camera's clock ahead of ours by so much.
func (c *Camera) SetClock(ahead time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Clock = ahead
}

// ServeHTTP answers one request.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := c.takeFault()
	switch fault {
	case Silence:
		_, _ = io.Copy(io.Discard, r.Body) // until then a hang-up goes unseen
		<-r.Context().Done()
		return
	case Gone:
		panic(http.ErrAbortHandler)
	case Noise:
		noise(w)
		return
	case Crumbs:
		w = crumbs{w}
	}
	if c.Login != nil && !c.Login.Admit(w, r) {
		return
	}
	if fault == Refusal {
		refuse(w, "lowPrivilege")
		return
	}
	call, number := which(r.URL.Path)
	c.note(r.Method + " " + r.URL.Path)
	if slices.Contains(c.Lacks, call) {
		refuse(w, "notSupport")
		return
	}
	if fault == Deaf {
		c.answer(discard{}, r, call, number)
		panic(http.ErrAbortHandler)
	}
	c.answer(w, r, call, number)
}

// which returns what a path asks for, and the number in it.
func which(path string) (Call, int) {
	var n int
	for _, known := range []struct {
		call   Call
		format string
	}{
		{ArmStatus, "/ISAPI/Parking/channels/%d/barrierGate/barrierGateStatus"},
		{Barrier, "/ISAPI/Parking/channels/%d/barrierGate"},
		{Output, "/ISAPI/System/IO/outputs/%d/trigger"},
		{OutputState, "/ISAPI/System/IO/outputs/%d/status"},
		{Input, "/ISAPI/System/IO/inputs/%d/status"},
		{Plates, "/ISAPI/Traffic/channels/%d/vehicleDetect/plates"},
	} {
		if _, err := fmt.Sscanf(path, known.format, &n); err == nil && path == fmt.Sprintf(known.format, n) {
			return known.call, n
		}
	}
	return map[string]Call{
		"/ISAPI/Event/notification/alertStream":     Stream,
		"/ISAPI/System/time":                        Time,
		"/ISAPI/ITC/Entrance/entranceParam":         Entrance,
		"/ISAPI/Event/notification/httpHosts":       Hosts,
		"/ISAPI/Traffic/ANPR/alarmHttpPushProtocol": HTTPFormat,
	}[path], 0
}

func (c *Camera) answer(w http.ResponseWriter, r *http.Request, call Call, number int) {
	switch call {
	case Stream:
		c.stream(w, r)
	case Plates:
		c.plates(w, r)
	case Time:
		xml(w, "Time", "<timeMode>NTP</timeMode><localTime>%s</localTime>", c.now().In(east8).Format(time.RFC3339))
	case Barrier:
		c.barrier(w, r)
	case ArmStatus:
		xml(w, "BarrierGateStatus", "<barrierGateStatus>%d</barrierGateStatus>", c.armStatus())
	case Output:
		c.trigger(w, r, number)
	case Input, OutputState:
		c.mu.Lock()
		kind, on := "input", c.inputs[number]
		if call == OutputState {
			kind, on = "output", c.outputs[number]
		}
		c.mu.Unlock()
		state := map[bool]string{true: "active", false: "inactive"}[on]
		xml(w, "IOPortStatus", "<ioPortID>%d</ioPortID><ioPortType>%s</ioPortType><ioState>%s</ioState>", number, kind, state)
	case Entrance:
		xml(w, "EntranceParam", "<enable>true</enable><ctrlMod>%s</ctrlMod>", cmp.Or(c.CtrlMod, "1"))
	case Hosts:
		c.hosts(w)
	case HTTPFormat:
		xml(w, "AlarmHttpPushProtocol", "<baseLineProtocolEnabled>true</baseLineProtocolEnabled>")
	default:
		if c.Login == nil {
			refuse(w, "notSupport")
			return
		}
		c.Login.Answer(w, r)
	}
}

var east8 = time.FixedZone("", 8*3600)

func (c *Camera) hosts(w http.ResponseWriter) {
	address, path, _ := strings.Cut(c.PushTo, "/")
	host, port, _ := strings.Cut(address, ":")
	if host == "" {
		xml(w, "HttpHostNotificationList", "")
		return
	}
	xml(w, "HttpHostNotificationList", "<HttpHostNotification><id>1</id><url>/%s</url><protocolType>HTTP</protocolType>"+
		"<addressingFormatType>ipaddress</addressingFormatType><ipAddress>%s</ipAddress><portNo>%s</portNo></HttpHostNotification>", path, host, port)
}

// xml answers with a document. That the caller hung up is no news to a camera.
func xml(w io.Writer, root, format string, args ...any) {
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
		`<%[1]s version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">%[2]s</%[1]s>`, root, fmt.Sprintf(format, args...))
}

func done(w io.Writer) {
	xml(w, "ResponseStatus", "<statusCode>1</statusCode><statusString>OK</statusString><subStatusCode>ok</subStatusCode>")
}

func refuse(w http.ResponseWriter, why string) {
	w.WriteHeader(http.StatusForbidden)
	xml(w, "ResponseStatus", "<statusCode>4</statusCode><statusString>Invalid Operation</statusString><subStatusCode>%s</subStatusCode>", why)
}

// SetFault breaks the camera, or mends it with None.
func (c *Camera) SetFault(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault, c.faultOnce = f, false
}

// FailOnce makes the next request fail.
func (c *Camera) FailOnce(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault, c.faultOnce = f, true
}

func (c *Camera) takeFault() Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.fault
	if c.faultOnce {
		c.fault, c.faultOnce = None, false
	}
	return f
}

func (c *Camera) note(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call)
}

// Calls returns what the camera was asked, by method and path, in order, and
// forgets it.
func (c *Camera) Calls() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls = nil
	return calls
}

// noise answers with bytes that are no HTTP and closes the connection.
func noise(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = conn.Write([]byte{0x00, 0xFF, 0x55, 0xAA, '\r', '\n', 0x7F, '\r', '\n', '\r', '\n'})
	_ = conn.Close()
}

// crumbs writes byte by byte.
type crumbs struct{ http.ResponseWriter }

func (c crumbs) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := c.ResponseWriter.Write(b[i : i+1]); err != nil {
			return i, err
		}
		if err := http.NewResponseController(c.ResponseWriter).Flush(); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// discard is an answer that nobody gets.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
