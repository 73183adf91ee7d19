package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"

	"parkagent/drivers"
)

// ErrNoFunction means that this model, or its firmware, has no such call. It
// wraps drivers.ErrRefused.
var ErrNoFunction = fmt.Errorf("%w: the camera has no such function", drivers.ErrRefused)

const (
	answerTime = 5 * time.Second // for one call, or for a stream to begin, unless ctx ends sooner
	idleTime   = 4 * time.Second // a connection is not used again later, when the camera may be about to close it
	dialTime   = 3 * time.Second
)

// A ClientConfig says how to reach one camera.
type ClientConfig struct {
	BaseURL     string           // "http://192.168.1.64" or https
	User        string           // empty: none is sent
	Password    string           //
	Certificate string           // of an https camera that signed its own: its fingerprint, see ParseFingerprint
	HTTP        *http.Client     // how it is reached; nil: directly, by no proxy. Redirections are never followed
	OneCall     bool             // no connection is used for a second call: some cameras hang on that
	Now         func() time.Time // measures how long no login is tried; nil: time.Now
}

// A Client calls one camera over HTTP, with digest authentication where the
// camera wants it. It may be used by several goroutines at once.
//
// It logs in carefully, for a camera locks an address out for half an hour after
// about five bad logins, and then the installer stands outside too. A wrong
// password is tried once, however many callers ask at the same moment: until one
// login has succeeded the calls go one after the other, and after a refused one
// none is sent for 30 minutes, or as long as the camera says that it is locked.
// An old nonce is renewed once. The password is never sent in clear.
type Client struct {
	base *url.URL
	user string
	pass string
	http *http.Client
	once bool // each call has a connection of its own
	now  func() time.Time
	turn chan struct{} // holds the right to log in

	mu      sync.Mutex // guards the following fields
	current login
	locked  time.Time // no call before this moment
}

// A login is how the next call shows who it is from.
type login struct {
	challenge *digest.Challenge // nil: the camera asks for none
	uses      int               // of the challenge, this one included
	proven    bool              // the camera has answered to it
}

// NewClient checks the configuration. It reaches for no network.
func NewClient(cfg ClientConfig) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(cfg.BaseURL, "/"))
	switch {
	case err != nil:
		return nil, errors.New("link of camera: want http://address") // err repeats the link, which may hold a password
	case base.User != nil:
		return nil, errors.New("link of camera: user and password do not belong into the link")
	case base.Scheme != "http" && base.Scheme != "https", base.Host == "":
		return nil, fmt.Errorf("link of camera: want http://address, have %q", cfg.BaseURL)
	case base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("link of camera: want an address without ? and #, have %q", cfg.BaseURL)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{base: base, user: cfg.User, pass: cfg.Password, once: cfg.OneCall, now: cfg.Now, turn: make(chan struct{}, 1)}
	if cfg.HTTP != nil {
		own := *cfg.HTTP
		c.http = &own
	} else {
		tls, err := pinned(cfg.Certificate, base.Hostname(), nil)
		if err != nil {
			return nil, err
		}
		c.http = &http.Client{Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: dialTime}).DialContext,
			TLSHandshakeTimeout: dialTime,
			TLSClientConfig:     tls,
			IdleConnTimeout:     idleTime,
			MaxIdleConnsPerHost: 2,
		}}
	}
	// The answer to a challenge is for this camera only.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// Address returns the camera's host, and its port where the link has one.
func (c *Client) Address() string { return c.base.Host }

// An Answer is what a camera answered to a call.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes one call and reads the answer, of limit bytes at most. The path may
// have a query, which is sent as it stands: some cameras want their brackets raw.
// An empty contentType sends none.
//
// The error is nil for a status of 200 to 299 only. Otherwise it wraps
// drivers.ErrOffline where the camera could not be reached, broke off or is
// busy, ErrNoFunction, or drivers.ErrRefused; a refused login is a FaultError of
// drivers.FaultLogin as well. An answer of more than limit is TooLarge. The
// Answer is that of the camera where there was one. Do takes 5 s at most.
func (c *Client) Do(ctx context.Context, method, path, contentType string, body []byte, limit int64) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	resp, err := c.answer(ctx, call{method: method, path: path, contentType: contentType, body: body})
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	return c.read(resp, limit)
}

// read returns the answer and what is to be thought of it.
func (c *Client) read(resp *http.Response, limit int64) (Answer, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return Answer{}, fmt.Errorf("%w: read answer: %w", drivers.ErrOffline, err)
	}
	if int64(len(body)) > limit {
		return Answer{}, TooLarge(fmt.Sprintf("answer of more than %d bytes", limit))
	}
	answer := Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
	if resp.StatusCode == http.StatusForbidden {
		if no := userCheck(body); no.isLocked { // some firmware says so in a 403
			return answer, c.lockOut(&no)
		}
	}
	return answer, judge(resp.StatusCode, body)
}

// Open makes a call whose answer is a stream, and returns once it begins. Only
// ctx ends it then; the caller watches over its silence and closes the body.
// Errors are those of Do.
func (c *Client) Open(ctx context.Context, method, path string) (*http.Response, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(answerTime, cancel)
	resp, err := c.answer(ctx, call{method: method, path: path})
	begun := late.Stop()
	if err != nil {
		cancel()
		return nil, err
	}
	if begun && resp.StatusCode == http.StatusOK {
		resp.Body = &streamBody{ReadCloser: resp.Body, cancel: cancel}
		return resp, nil
	}
	defer cancel()
	defer func() { _ = resp.Body.Close() }()
	if !begun {
		return nil, fmt.Errorf("%w: the stream did not begin", drivers.ErrOffline)
	}
	if _, err := c.read(resp, MaxText); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: status %d instead of a stream", drivers.ErrRefused, resp.StatusCode)
}

// A streamBody frees what belongs to its request when it is closed.
type streamBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *streamBody) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

// A call is one request, which may have to be sent twice.
type call struct {
	method, path, contentType string
	body                      []byte
}

// answer sends the call, logging in where that is needed, and returns what the
// camera answered, which is no 401.
func (c *Client) answer(ctx context.Context, what call) (*http.Response, error) {
	if err := c.lockedOut(); err != nil {
		return nil, err
	}
	with := c.use()
	if !with.proven {
		return c.logIn(ctx, what, login{}, nil)
	}
	resp, err := c.send(ctx, what, with)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	return c.logIn(ctx, what, with, rejected(resp))
}

// logIn sends the call as the only one that logs in. failed is the login that
// the camera just rejected, if there was one.
func (c *Client) logIn(ctx context.Context, what call, failed login, no *rejection) (*http.Response, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: waiting for another call's login: %w", drivers.ErrOffline, ctx.Err())
	}
	if err := c.lockedOut(); err != nil {
		return nil, err // the call before this one was refused
	}
	if with := c.use(); with.proven && (no == nil || with.challenge != failed.challenge) {
		// The call before this one has logged in.
		resp, err := c.send(ctx, what, with)
		if err != nil || resp.StatusCode != http.StatusUnauthorized {
			return resp, err
		}
		failed, no = with, rejected(resp)
	}
	if no == nil {
		resp, err := c.send(ctx, what, login{})
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusUnauthorized {
			c.prove(nil)
			return resp, nil
		}
		no = rejected(resp)
	}
	if err := c.mayTry(failed, no); err != nil {
		return nil, err
	}
	resp, err := c.send(ctx, what, login{challenge: no.challenge, uses: 1})
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusUnauthorized:
		return nil, c.lockOut(rejected(resp))
	}
	c.prove(no.challenge)
	return resp, nil
}

// mayTry tells whether a password may be tried after a rejection, or why not.
func (c *Client) mayTry(failed login, no *rejection) error {
	switch {
	case no.isLocked:
		return c.lockOut(no)
	case c.user == "":
		return loginError("the camera asks for a login, and none is configured")
	case no.challenge == nil:
		return loginError("the camera asks for a login other than digest, which would tell its password to whoever listens")
	case failed.challenge == nil || no.challenge.Stale:
		return nil
	case no.challenge.Nonce == failed.challenge.Nonce, 0 < no.triesLeft && no.triesLeft <= 2:
		// It was not the nonce, or the camera counts; the last tries are
		// for people.
		return c.lockOut(no)
	}
	return nil
}

// send sends the call once.
func (c *Client) send(ctx context.Context, what call, with login) (*http.Response, error) {
	target := *c.base
	path, query, _ := strings.Cut(what.path, "?")
	target.Path, target.RawQuery = target.Path+path, query
	req, err := http.NewRequestWithContext(ctx, what.method, target.String(), bytes.NewReader(what.body))
	if err != nil {
		return nil, errors.New("make request: broken method or path")
	}
	req.URL = &target // as given, not as parsed
	req.Close = c.once
	if len(what.body) == 0 {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	}
	if what.contentType != "" {
		req.Header.Set("Content-Type", what.contentType)
	}
	if with.challenge != nil {
		credentials, err := digest.Digest(with.challenge, digest.Options{
			Method: what.method, URI: target.RequestURI(), GetBody: req.GetBody,
			Count: with.uses, Username: c.user, Password: c.pass,
		})
		if err != nil {
			return nil, loginError("the camera asks for a digest of an unknown kind")
		}
		req.Header.Set("Authorization", credentials.String())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // the rest is the address, which may hold a plate
		}
		return nil, fmt.Errorf("%w: %w", drivers.ErrOffline, err)
	}
	return resp, nil
}

// use returns the login for one more call.
func (c *Client) use() login {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current.uses++
	return c.current
}

// prove notes that the camera answered to the first use of a challenge.
func (c *Client) prove(challenge *digest.Challenge) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = login{challenge: challenge, uses: 1, proven: true}
}
