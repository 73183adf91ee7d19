package dahua

import (
	"crypto/md5" // the digest scheme of these cameras
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers/sim"
)

// ServeHTTP answers a call of the web side. Like the real camera it does not read
// escaped brackets.
func (c *Camera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.asked++
	if !r.Close {
		c.kept++
	}
	faults, loggedIn := c.faults, c.loggedInLocked(r)
	c.mu.Unlock()
	switch {
	case faults.Silent:
		<-r.Context().Done()
		return
	case faults.Cut:
		panic(http.ErrAbortHandler) // closes the connection
	case faults.Busy:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case !loggedIn:
		c.challenge(w)
		return
	case faults.Refusing:
		refuse(w)
		return
	case faults.Garbage:
		_, _ = io.WriteString(w, "\x00\xFF\xFE<html>") // a caller that hung up is no news to a camera
		return
	case strings.Contains(r.URL.RawQuery, "%5B"), strings.Contains(r.URL.RawQuery, "%5D"):
		refuse(w)
		return
	}
	query := r.URL.Query()
	switch call := strings.TrimPrefix(r.URL.Path, "/cgi-bin/") + " " + query.Get("action"); call {
	case "eventManager.cgi attach", "snapManager.cgi attachFileProc":
		c.attach(w, r, call == "snapManager.cgi attachFileProc")
	case "configManager.cgi setConfig", "trafficSnap.cgi openStrobe", "trafficSnap.cgi closeStrobe":
		c.command(w, r, call, query)
	case "alarm.cgi getInState":
		c.tell(w, call, query)
		c.mu.Lock()
		slow := c.slow
		c.mu.Unlock()
		passes(r, slow)
	default:
		c.tell(w, call, query)
	}
}

// passes waits and reports whether the caller did, too.
func passes(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func refuse(w http.ResponseWriter) {
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w, "Error\r\nBad Request!\r\n")
}

// tell answers a question.
func (c *Camera) tell(w http.ResponseWriter, call string, query url.Values) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer := ""
	switch call {
	case "snapshot.cgi ":
		w.Header().Set("Content-Type", "image/jpeg")
		jpeg := sim.ScenePicture(c.scene.Plate, c.scene.Color)
		if c.faults.TinyShot {
			jpeg = jpeg[:100]
		}
		_, _ = w.Write(jpeg)
		return
	case "magicBox.cgi getDeviceType":
		answer = "type=ITC413-PW4D-IZ1\r\n"
	case "global.cgi getCurrentTime":
		answer = "result=" + time.Now().In(beijing).Format("2006-01-02 15:04:05") + "\r\n"
	case "alarm.cgi getInState":
		mask := 0
		for i, on := range c.inputs {
			if on {
				mask |= 1 << i
			}
		}
		answer = "result=" + strconv.Itoa(mask) + "\r\n"
	case "configManager.cgi getConfig":
		answer = c.configLocked(query.Get("name"))
	}
	if answer == "" {
		w.WriteHeader(http.StatusNotImplemented)
		answer = "Error\r\nNot Implemented!\r\n"
	}
	_, _ = io.WriteString(w, answer)
}

func (c *Camera) configLocked(name string) string {
	var b strings.Builder
	switch name {
	case "AlarmOut":
		for i, on := range c.outputs {
			mode := 2
			if on {
				mode = 1
			}
			fmt.Fprintf(&b, "table.AlarmOut[%d].Mode=%d\r\ntable.AlarmOut[%d].Name=port%d\r\n", i, mode, i, i+1)
		}
	case "TrafficStrobe":
		control := c.control
		if control == nil {
			control = []string{"Order"}
		}
		for i, kind := range control {
			fmt.Fprintf(&b, "table.TrafficStrobe[0].ControlType[%d]=%s\r\n", i, kind)
		}
		b.WriteString("table.TrafficStrobe[0].Enable=true\r\ntable.TrafficStrobe[0].StationaryOpen.Enable=false\r\n")
	}
	return b.String()
}

// outputMode is how an output is switched: 1 is on, 2 is off.
var outputMode = regexp.MustCompile(`^AlarmOut\[(\d)\]\.Mode$`)

func (c *Camera) command(w http.ResponseWriter, r *http.Request, call string, query url.Values) {
	c.mu.Lock()
	late := c.late
	c.mu.Unlock()
	if late > 0 && !passes(r, late) {
		return
	}
	c.mu.Lock()
	done := false
	lost := c.faults.LostOutputs > 0
	deaf := !lost && c.faults.DeafOutputs > 0
	switch {
	case lost:
		c.faults.LostOutputs--
	case call == "trafficSnap.cgi openStrobe" && query.Get("channel") != "":
		c.raised++
		c.opening = query
		done = true
	case call == "trafficSnap.cgi closeStrobe" && query.Get("channel") != "":
		c.lowered++
		done = true
	case call == "configManager.cgi setConfig":
		for key, values := range query {
			m := outputMode.FindStringSubmatch(key)
			if m == nil || values[0] != "1" && values[0] != "2" {
				continue
			}
			if n, err := strconv.Atoi(m[1]); err == nil && n < Outputs {
				c.switchOutputLocked(n, values[0] == "1")
				done = true
			}
		}
	}
	if deaf {
		c.faults.DeafOutputs--
	}
	c.mu.Unlock()
	switch {
	case lost, deaf:
		panic(http.ErrAbortHandler)
	case done:
		_, _ = io.WriteString(w, "OK\r\n")
	default:
		refuse(w)
	}
}

func (c *Camera) challenge(w http.ResponseWriter) {
	c.mu.Lock()
	c.nonce = rand.Text()
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="Login to 8M049B2PAJ00001", qop="auth", nonce=%q, opaque="5c3f"`, c.nonce))
	c.mu.Unlock()
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, "Error\r\nInvalid Authority!\r\n")
}

var digestField = regexp.MustCompile(`(\w+)=(?:"([^"]*)"|([^\s,]+))`)

// loggedInLocked checks the Authorization header against the last nonce:
// response = MD5(MD5(user:realm:password):nonce:nc:cnonce:qop:MD5(method:uri)).
// Five bad logins lock the camera.
func (c *Camera) loggedInLocked(r *http.Request) bool {
	if c.User == "" {
		return true
	}
	header := r.Header.Get("Authorization")
	if !strings.HasPrefix(header, "Digest ") || c.bad >= 5 {
		return false
	}
	f := make(map[string]string)
	for _, m := range digestField.FindAllStringSubmatch(header, -1) {
		f[m[1]] = m[2] + m[3]
	}
	if f["nonce"] != c.nonce {
		return false // an old nonce is no bad login
	}
	sum := func(parts ...string) string {
		sum := md5.Sum([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(sum[:])
	}
	want := sum(sum(c.User, f["realm"], c.Password), c.nonce, f["nc"], f["cnonce"], f["qop"], sum(r.Method, f["uri"]))
	if f["username"] != c.User || f["uri"] != r.URL.RequestURI() || f["response"] != want {
		c.bad++
		return false
	}
	c.bad = 0
	return true
}
