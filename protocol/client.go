package protocol

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Client posts messages to the other side: the car park's to a platform, or a
// platform's to the car park. It may be used by several goroutines at once.
type Client struct {
	HTTP     *http.Client // nil means a client of default settings; redirects are never followed
	URL      string       // what names and paths are appended to; it may have a path of its own
	User     string
	Password string
	Cipher   *Cipher
	Location *time.Location   // the car park's zone; nil means Asia/Shanghai
	Now      func() time.Time // nil means time.Now
	Charset  Charset          // empty means GBK
	// Accepted are the codes by which the other side says success; empty means "0"
	// alone. Some say 200, and some say 1 and mean a failure by 0.
	Accepted []string
}

// A NoAnswerError means that no usable answer came: the network failed, the
// status was not 200, or the body was damaged. Whether the other side did what
// was asked is unknown.
type NoAnswerError struct {
	Status int   // HTTP status, 0 when there was none
	Reply  Reply // what came with another status than 200; its Code is "" if that was no answer
	Err    error // nil when only the status was wrong
}

// Error returns what was wrong with the answer.
func (e *NoAnswerError) Error() string {
	switch {
	case e.Err != nil:
		return "no usable answer: " + e.Err.Error()
	case e.Reply.Msg != "":
		return fmt.Sprintf("no usable answer: HTTP status %d: %s", e.Status, e.Reply.Msg)
	default:
		return fmt.Sprintf("no usable answer: HTTP status %d", e.Status)
	}
}

// Unwrap returns the cause.
func (e *NoAnswerError) Unwrap() error { return e.Err }

// A RefusedError means that the other side answered, and by its code that was no
// success ([Client.Accepted]). What was asked did not happen.
type RefusedError struct {
	Reply Reply
}

// Error returns the code and sentence that were answered.
func (e *RefusedError) Error() string {
	if e.Reply.Msg == "" {
		return "refused with code " + e.Reply.Code
	}
	return "refused with code " + e.Reply.Code + ": " + e.Reply.Msg
}

// Post sends a message and returns the answer. name is the name of an uplink
// interface, or the path of a downlink one ([Route.Path]). The message is
// made and encrypted now, so it fits today's date. ctx bounds the whole exchange.
//
// When the answer is no success it is returned together with a [*RefusedError].
// A [*NoAnswerError] means that there is none. Other errors are about the
// message or the client itself; nothing was sent then.
func (c *Client) Post(ctx context.Context, name string, message any) (Reply, error) {
	request, err := c.request(ctx, name, message)
	if err != nil {
		return Reply{}, fmt.Errorf("post %s: %w", name, err)
	}
	reply, err := c.exchange(request)
	if err != nil {
		return Reply{}, fmt.Errorf("post %s: %w", name, err)
	}
	if !c.accepts(reply) {
		return reply, fmt.Errorf("post %s: %w", name, &RefusedError{Reply: reply})
	}
	return reply, nil
}

func (c *Client) accepts(r Reply) bool {
	if len(c.Accepted) == 0 {
		return r.OK()
	}
	return slices.ContainsFunc(c.Accepted, func(code string) bool { return codeOf(code) == r.Code })
}

func (c *Client) request(ctx context.Context, name string, message any) (*http.Request, error) {
	if c.Cipher == nil {
		return nil, errors.New("no key")
	}
	now, loc := time.Now, c.Location
	if c.Now != nil {
		now = c.Now
	}
	if loc == nil {
		var err error
		if loc, err = LoadZone(""); err != nil {
			return nil, err
		}
	}
	body, err := c.Cipher.Seal(message, DayOf(now(), loc), c.Charset)
	if err != nil {
		return nil, err
	}
	url := strings.TrimRight(c.URL, "/") + "/" + strings.TrimLeft(name, "/")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	// Names as the document spells them: not every server compares without case.
	request.Header["user"] = []string{c.User}
	request.Header["pwd"] = []string{c.Password}
	request.Header.Set("Content-Type", "application/json;charset=utf-8")
	return request, nil
}

func (c *Client) exchange(request *http.Request) (Reply, error) {
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	// A redirect would turn the POST into a GET and hand the password on.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return Reply{}, &NoAnswerError{Err: err}
	}
	defer response.Body.Close() // everything that matters was read
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxBody+1))
	if err != nil {
		return Reply{}, &NoAnswerError{Status: response.StatusCode, Err: fmt.Errorf("read reply: %w", err)}
	}
	if len(body) > MaxBody {
		return Reply{}, &NoAnswerError{Status: response.StatusCode, Err: ErrTooLarge}
	}
	reply, err := DecodeReply(body)
	if response.StatusCode != http.StatusOK {
		return Reply{}, &NoAnswerError{Status: response.StatusCode, Reply: reply}
	}
	if err != nil {
		return Reply{}, &NoAnswerError{Status: response.StatusCode, Err: err}
	}
	return reply, nil
}
