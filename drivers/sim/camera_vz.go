package sim

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"parkagent/drivers"
)

// VzFaults is what a simulated VzEnith camera does oddly or wrong.
type VzFaults struct {
	NoPictures  bool
	TextNumbers bool // numbers written as texts
	BrokenJSON  bool // the body ends in the middle
	Oversize    bool // a picture of 9 MB
	URLEncoded  bool // heartbeats as a URL-encoded form
}

// A VzAnswer is how the camera understood the answer to one contact.
type VzAnswer struct {
	Status int
	Taken  bool // the event need not be sent again
	Opened bool // the relay was pulsed
}

// A VzCamera is a VzEnith camera at wire level, with the relay that opens the
// barrier. It acts on answers as the real one does: on those to plates and to
// comet polls, not on those to plain heartbeats.
type VzCamera struct {
	URL    string // where it sends everything
	Serial string
	Faults VzFaults
	Client *http.Client // nil: http.DefaultClient

	// OnOpen is called when the relay was pulsed, before the contact
	// returns. nil: nothing hangs on the relay.
	OnOpen func()

	mu      sync.Mutex // guards the following fields
	last    int64      // plateid of the last event
	opened  int
	latched bool
	kept    []vzEvent
}

type vzEvent struct {
	id int64
	s  Sighting
}

// Push sends one car. An event that is not taken is kept, for Resend.
func (c *VzCamera) Push(ctx context.Context, s Sighting) (VzAnswer, error) {
	if s.At.IsZero() {
		s.At = time.Now()
	}
	c.mu.Lock()
	c.last++
	ev := vzEvent{id: c.last, s: s}
	c.mu.Unlock()
	answer, err := c.push(ctx, ev)
	if err != nil || !answer.Taken {
		c.mu.Lock()
		ev.s.Kept = true
		c.kept = append(c.kept, ev)
		c.mu.Unlock()
	}
	return answer, err
}

// Resend sends the events that were kept, the oldest first, until one is not
// taken. It returns the answers.
func (c *VzCamera) Resend(ctx context.Context) ([]VzAnswer, error) {
	var answers []VzAnswer
	for {
		c.mu.Lock()
		if len(c.kept) == 0 {
			c.mu.Unlock()
			return answers, nil
		}
		ev := c.kept[0]
		c.mu.Unlock()
		answer, err := c.push(ctx, ev)
		if err != nil {
			return answers, err
		}
		answers = append(answers, answer)
		if !answer.Taken {
			return answers, nil
		}
		c.mu.Lock()
		c.kept = c.kept[1:]
		c.mu.Unlock()
	}
}

func (c *VzCamera) push(ctx context.Context, ev vzEvent) (VzAnswer, error) {
	status, text, err := c.post(ctx, "application/json", c.Event(ev.id, ev.s))
	if err != nil {
		return VzAnswer{}, err
	}
	return c.obey(status, text, ev)
}

// Event returns the bytes of one push.
func (c *VzCamera) Event(id int64, s Sighting) []byte {
	at := s.At
	if at.IsZero() {
		at = time.Now()
	}
	number := func(n int64) any {
		if c.Faults.TextNumbers {
			return fmt.Sprint(n)
		}
		return n
	}
	confidence, offline, direction, plate := s.Confidence, 0, 4, s.Plate
	if confidence == 0 {
		confidence = 97
	}
	if s.Kept {
		offline = 1
	}
	if s.Reverse {
		direction = 3
	}
	if plate == "" {
		plate = "_无_"
	}
	result := map[string]any{
		"license": plate, "colorType": number(int64(s.Color)), "type": number(vzType(s)),
		"confidence": number(int64(confidence)), "direction": number(int64(direction)),
		"triggerType": number(1), "plateid": number(id), "isoffline": number(int64(offline)),
		"imagePath": "/snapshot/lpr/tri_snap_1.jpg",
		"timeStamp": map[string]any{"Timeval": map[string]any{"sec": number(at.Unix()), "usec": number(int64(at.Nanosecond() / 1000))}},
		"gioouts":   []any{map[string]any{"ionum": 0, "ctrltype": 0}},
		"location":  map[string]any{"RECT": map[string]any{"left": 1, "top": 2, "right": 3, "bottom": 4}},
	}
	if !c.Faults.NoPictures {
		scene := ScenePicture(s.Plate, s.Color)
		if c.Faults.Oversize {
			scene = append(scene, make([]byte, 9<<20)...)
		}
		result["imageFile"] = base64.StdEncoding.EncodeToString(scene)
		result["imageFragmentFile"] = base64.StdEncoding.EncodeToString(PlatePicture(s.Plate, s.Color))
	}
	// Maps of texts and numbers always encode.
	body, _ := json.Marshal(map[string]any{"AlarmInfoPlate": map[string]any{
		"channel": 0, "deviceName": "IVS", "ipaddr": "192.168.1.100", "serialno": c.Serial,
		"result": map[string]any{"PlateResult": result},
	}})
	if c.Faults.BrokenJSON {
		body = body[:len(body)/2]
	}
	return body
}

func vzType(s Sighting) int64 {
	switch s.Color {
	case drivers.ColorBlue:
		return 1
	case drivers.ColorYellow:
		return 3
	case drivers.ColorGreen:
		return 19
	case drivers.ColorYellowGreen:
		return 20
	}
	if s.Plate == "" {
		return 31
	}
	return 0
}

// Heartbeat sends a plain heartbeat and returns what Response_Heartbeat said.
// The camera does nothing of what it says.
func (c *VzCamera) Heartbeat(ctx context.Context) (info string, err error) {
	contentType, body := c.heartbeatForm()
	status, text, err := c.post(ctx, contentType, body)
	if err != nil {
		return "", err
	}
	var reply struct {
		Beat *struct {
			Info string `json:"info"`
		} `json:"Response_Heartbeat"`
	}
	if err := json.Unmarshal(text, &reply); err != nil || status != http.StatusOK || reply.Beat == nil {
		return "", fmt.Errorf("heartbeat answered with status %d", status)
	}
	return reply.Beat.Info, nil
}

// Poll sends one comet poll and does what the answer says.
func (c *VzCamera) Poll(ctx context.Context) (VzAnswer, error) {
	contentType, body := c.heartbeatForm()
	status, text, err := c.post(ctx, contentType, body)
	if err != nil {
		return VzAnswer{}, err
	}
	return c.obey(status, text, vzEvent{})
}

// pollEvery is the least time between two polls, for answers that come at once.
const pollEvery = 50 * time.Millisecond

// PollUntil polls as comet mode does, again after every answer, until ctx is
// done. It returns nil then.
func (c *VzCamera) PollUntil(ctx context.Context, pauseAfterError time.Duration) error {
	for ctx.Err() == nil {
		pause := pollEvery
		if _, err := c.Poll(ctx); err != nil {
			pause = pauseAfterError
		}
		if err := wait(ctx, pause); err != nil {
			return nil
		}
	}
	return nil
}

// VzPassword is the password that the simulated camera sends with every
// heartbeat, as the real one does. It must never be seen in a log.
const VzPassword = "camera-secret-7"

func (c *VzCamera) heartbeatForm() (contentType string, body []byte) {
	fields := [][2]string{
		{"device_name", "IVS"}, {"ipaddr", "192.168.1.100"}, {"port", "80"}, {"user_name", "admin"},
		{"pass_wd", VzPassword}, {"serialno", c.Serial}, {"channel_num", "1"},
	}
	if c.Faults.URLEncoded {
		form := url.Values{}
		for _, f := range fields {
			form.Set(f[0], f[1])
		}
		return "application/x-www-form-urlencoded", []byte(form.Encode())
	}
	const boundary = "------------------------caa771fe4a61f3d9"
	var b bytes.Buffer
	for _, f := range fields {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, f[0], f[1])
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return "multipart/form-data; boundary=" + boundary, b.Bytes()
}

func (c *VzCamera) post(ctx context.Context, contentType string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("make push: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := client(c.Client).Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("push: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, nil, fmt.Errorf("read answer to push: %w", err)
	}
	return resp.StatusCode, text, nil
}

// obey does what an answer to a plate or a comet poll says.
func (c *VzCamera) obey(status int, text []byte, ev vzEvent) (VzAnswer, error) {
	answer := VzAnswer{Status: status}
	if status != http.StatusOK {
		return answer, nil
	}
	var reply struct {
		Plate *struct {
			Info    string `json:"info"`
			Content string `json:"content"`
			PlateID *int64 `json:"plateid"`
			IO      *struct {
				Delay int64 `json:"delay"`
				IO    int   `json:"io"`
				Value int   `json:"value"`
			} `json:"ivs_ioctrl"`
			Continue *struct {
				PlateID  int64 `json:"plateid"`
				Continue int   `json:"continue"`
			} `json:"ContinuePushOffline"`
		} `json:"Response_AlarmInfoPlate"`
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		return answer, fmt.Errorf("answer is no JSON: %w", err)
	}
	if reply.Plate == nil {
		return answer, nil
	}
	if id := reply.Plate.PlateID; ev.id != 0 && (id == nil || *id != ev.id) {
		return answer, errors.New("answer names another plateid")
	}
	answer.Taken = reply.Plate.Content == "retransfer_stop"
	if ev.s.Kept {
		more := reply.Plate.Continue
		answer.Taken = answer.Taken && more != nil && more.PlateID == ev.id && more.Continue == 1
	}
	answer.Opened = reply.Plate.Info == "ok"
	c.mu.Lock()
	if io := reply.Plate.IO; io != nil {
		switch io.Value {
		case 0, 1:
			c.latched = io.Value == 1
		case 2:
			answer.Opened = true
		}
	}
	if answer.Opened {
		c.opened++
		c.latched = false // the end of a pulse switches the relay off
	}
	c.mu.Unlock()
	if answer.Opened && c.OnOpen != nil {
		c.OnOpen()
	}
	return answer, nil
}

// Opened returns how often the relay was pulsed.
func (c *VzCamera) Opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// Latched reports whether the relay is switched on for good.
func (c *VzCamera) Latched() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latched
}

// Kept returns how many events the camera keeps to send later.
func (c *VzCamera) Kept() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.kept)
}
