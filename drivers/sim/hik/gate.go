package hik

import (
	"io"
	"net/http"
	"regexp"
)

var (
	ctrlMode    = regexp.MustCompile(`<ctrlMode>([a-z]+)</ctrlMode>`)
	outputState = regexp.MustCompile(`<outputState>(high|low)</outputState>`)
)

// barrier moves the barrier.
func (c *Camera) barrier(w http.ResponseWriter, r *http.Request) {
	mode := command(r, ctrlMode)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch mode {
	case "open":
		c.opened++
		c.up = true
	case "close":
		if !c.held {
			c.closed++
			c.up = false
		}
	case "lock":
		c.held, c.up = true, true
	case "unlock":
		c.held = false
	default:
		refuse(w, "badXmlContent")
		return
	}
	done(w)
}

// trigger switches an output.
func (c *Camera) trigger(w http.ResponseWriter, r *http.Request, number int) {
	state := command(r, outputState)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.OutputShut {
		refuse(w, "lowPrivilege")
		return
	}
	if state == "" {
		refuse(w, "badXmlContent")
		return
	}
	if c.outputs == nil {
		c.outputs, c.pulses = make(map[int]bool), make(map[int]int)
	}
	if state == "high" && !c.outputs[number] {
		c.pulses[number]++
	}
	c.outputs[number] = state == "high"
	done(w)
}

func command(r *http.Request, pattern *regexp.Regexp) string {
	if r.Method != http.MethodPut {
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	found := pattern.FindSubmatch(body)
	if err != nil || found == nil {
		return ""
	}
	return string(found[1])
}

// armStatus is what the camera tells of the arm: 1 closed, 2 open.
func (c *Camera) armStatus() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.up {
		return 2
	}
	return 1
}

// Opened returns how often the barrier was told to open.
func (c *Camera) Opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// Closed returns how often the barrier was told to close.
func (c *Camera) Closed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Held reports whether the barrier is kept open.
func (c *Camera) Held() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// On reports whether an output is on.
func (c *Camera) On(output int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outputs[output]
}

// Pulses returns how often an output was switched on.
func (c *Camera) Pulses(output int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pulses[output]
}

// SetInput switches an input.
func (c *Camera) SetInput(number int, active bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inputs == nil {
		c.inputs = make(map[int]bool)
	}
	c.inputs[number] = active
}
