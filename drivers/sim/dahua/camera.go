package dahua

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"parkagent/drivers/sim"
)

// Outputs is how many alarm outputs a camera has, and how many inputs.
const Outputs = 2

// A Camera is one simulated camera. As an http.Handler it is its own web side:
// /cgi-bin/ behind digest authentication.
type Camera struct {
	URL        string // where it pushes, without /NotificationInfo/…
	User       string // login of its web side; empty: none is asked for
	Password   string
	PushFaults PushFaults
	Client     *http.Client // with which it pushes; nil: http.DefaultClient

	mu      sync.Mutex // guards the following fields
	faults  Faults
	control []string // TrafficStrobe.ControlType
	uploads int      // pushes made
	nonce   string
	bad     int // bad logins in a row
	asked   int // requests of any kind
	kept    int // requests that let their connection be used again
	streams map[*attached]bool
	opened  int // streams that were ever opened
	most    int // streams that were open at one time
	scene   sim.Sighting

	opening url.Values    // the query of the last openStrobe
	slow    time.Duration // that reading the inputs takes
	late    time.Duration // after which a command is done

	raised  int // times that the barrier got the command to open
	lowered int // times that it got the command to close
	outputs [Outputs]bool
	inputs  [Outputs]bool
}

// Faults is what a simulated camera's web side does oddly or wrong.
type Faults struct {
	Silent   bool // takes requests and never answers
	Cut      bool // closes the connection instead of an answer
	Refusing bool // says "Error" with status 400
	Garbage  bool // answers with what makes no sense
	Busy     bool // status 503
	TinyShot bool // a picture of a few bytes

	// DeafOutputs is how many commands to outputs are done and not answered,
	// LostOutputs how many are neither.
	DeafOutputs, LostOutputs int

	NoHeartbeat  bool // streams are silent between events
	NoImage      bool // no part of pictures follows an event on snapManager
	NoCuts       bool // lines do not say where in their part the pictures lie
	ImageAfter   bool // a heartbeat comes between an event and its pictures
	NoLengths    bool // parts have no Content-Length
	ReturnEvents bool // the list of events is called ReturnEvents
	Crumbs       bool // parts come in pieces of a few bytes
	Babble       bool // lines that belong to nothing come between the parts
}

// SetFaults breaks the camera, or mends it.
func (c *Camera) SetFaults(f Faults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = f
}

// SetControl sets which orders open the barrier: TrafficTrustList, AllSnapCar,
// Order …. Without it that is Order alone.
func (c *Camera) SetControl(types ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.control = types
}

// SetInput switches an input, counted from 0.
func (c *Camera) SetInput(number int, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inputs[number] = on
}

// SetInputTime sets how long the answer of the inputs is on its way.
func (c *Camera) SetInputTime(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slow = d
}

// SetCommandTime sets how long a command is on its way. One whose sender hangs up
// before is not done.
func (c *Camera) SetCommandTime(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = d
}

// LastOpening returns what the last openStrobe said.
func (c *Camera) LastOpening() url.Values {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opening
}

// Output reports whether an output, counted from 0, is on.
func (c *Camera) Output(number int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outputs[number]
}

// SetOutput switches an output, as the camera's own rules may.
func (c *Camera) SetOutput(number int, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outputs[number] = on
}

// Moves returns how often the barrier got the command to open and to close:
// openStrobe or output 0, closeStrobe or output 1.
func (c *Camera) Moves() (raised, lowered int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raised, c.lowered
}

// Asked returns how many requests the web side got.
func (c *Camera) Asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// KeptAlive returns how many of them let their connection be used again, on
// which some firmware hangs.
func (c *Camera) KeptAlive() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept
}

// Streams returns how many streams are open, how many ever were, and how many
// were at one time.
func (c *Camera) Streams() (open, ever, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams), c.opened, c.most
}

// switchOutputLocked does what is wired: output 0 opens the barrier, output 1
// closes it.
func (c *Camera) switchOutputLocked(number int, on bool) {
	if on && !c.outputs[number] {
		if number == 0 {
			c.raised++
		} else {
			c.lowered++
		}
	}
	c.outputs[number] = on
}
