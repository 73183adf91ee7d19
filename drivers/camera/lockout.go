package camera

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/icholy/digest"

	"parkagent/drivers"
)

// ErrLocked means that the camera itself says that it takes no login from this box
// for a while, after too many bad ones. It wraps drivers.ErrRefused.
var ErrLocked = fmt.Errorf("%w: the camera takes no login from this box, after too many bad ones", drivers.ErrRefused)

const (
	lockTime    = 30 * time.Minute // for which cameras lock out an address after bad logins
	longestLock = 24 * time.Hour   // that a camera is believed
	maxRefusal  = 64 << 10         // bytes of a 401's body that are read
)

// A rejection is what a camera said with a 401.
type rejection struct {
	challenge *digest.Challenge // nil: none that is known here
	isLocked  bool              // the camera takes no login from here now
	unlockIn  time.Duration     // when it does again; 0 where it does not tell
	triesLeft int               // until it locks; 0 where it does not tell
}

// rejected reads a 401 and closes it.
func rejected(resp *http.Response) *rejection {
	defer func() { _ = resp.Body.Close() }()
	// A body that breaks off has told nothing, which is as good as none.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	no := userCheck(body)
	if challenge, err := digest.FindChallenge(resp.Header); err == nil {
		no.challenge = challenge
	}
	return &no
}

// userCheck reads the body of a Hikvision 401: userCheck with lockStatus (lock,
// unlock), unlockTime (seconds) and retryLoginTime (tries that are left). Of any
// other body nothing is known.
func userCheck(body []byte) rejection {
	fields, err := Elements(body, 2)
	if err != nil {
		return rejection{}
	}
	status := strings.ToLower(fields["userCheck/lockStatus"])
	no := rejection{isLocked: status == "lock" || status == "locked"}
	if n, err := strconv.ParseUint(fields["userCheck/unlockTime"], 10, 31); err == nil {
		no.unlockIn = min(time.Duration(n)*time.Second, longestLock)
	}
	if n, err := strconv.ParseUint(fields["userCheck/retryLoginTime"], 10, 15); err == nil {
		no.triesLeft = int(n)
	}
	return no
}

// lockOut lets no call out for as long as the camera is locked, or for half an
// hour, and returns what the call that was rejected ends with.
func (c *Client) lockOut(no *rejection) error {
	wait := lockTime
	if no.isLocked && no.unlockIn > 0 {
		wait = no.unlockIn + time.Second
	}
	c.mu.Lock()
	c.locked = c.now().Add(wait)
	c.current = login{}
	c.mu.Unlock()
	if no.isLocked {
		return &drivers.FaultError{Fault: drivers.FaultLogin, Err: fmt.Errorf("%w, for %v", ErrLocked, wait.Round(time.Second))}
	}
	return loginError("login refused; check user and password")
}

// lockedOut fails while no call may be made.
func (c *Client) lockedOut() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if wait := c.locked.Sub(c.now()); wait > 0 {
		return loginError("login was refused, next try in %v; check user and password", wait.Round(time.Second))
	}
	return nil
}

func loginError(format string, args ...any) error {
	return &drivers.FaultError{
		Fault: drivers.FaultLogin,
		Err:   fmt.Errorf("%w: "+format, append([]any{drivers.ErrRefused}, args...)...),
	}
}

// judge returns nil for a success, and otherwise what a status and the body with
// it tell.
func judge(status int, body []byte) error {
	said := responseStatus(body)
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented,
		strings.HasPrefix(strings.ToLower(said.Sub), "notsupport"):
		return ErrNoFunction
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return fmt.Errorf("%w: status %d%s", drivers.ErrOffline, status, said)
	}
	return fmt.Errorf("%w: status %d%s", drivers.ErrRefused, status, said)
}

// A statusText is what a Hikvision ResponseStatus says in words.
type statusText struct {
	Text string `json:"statusString"`
	Sub  string `json:"subStatusCode"`
}

// String returns the words as the end of a sentence, or nothing.
func (s statusText) String() string {
	const most = 80
	if text := strings.TrimSpace(s.Text + " " + s.Sub); text != "" {
		return fmt.Sprintf(": %.*q", most, text)
	}
	return ""
}

// responseStatus reads a ResponseStatus in XML or JSON. Of any other body
// nothing is known.
func responseStatus(body []byte) statusText {
	var said statusText
	if len(body) > MaxText || IsJPEG(body) {
		return said
	}
	if fields, err := Elements(body, 2); err == nil && len(fields) > 0 {
		return statusText{Text: fields["ResponseStatus/statusString"], Sub: fields["ResponseStatus/subStatusCode"]}
	}
	if json.Unmarshal(body, &said) != nil {
		return statusText{}
	}
	return said
}
