package sim

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
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
	OwnList     bool // opens by its own list of plates and says so
	LoseAnswers int  // so many answers get lost on their way; counts down
}

// A VzCamera is a VzEnith camera at wire level, with the relays that move the
// barrier and its serial ports. It acts on answers as the real one does: on those
// to plates and to comet polls, and on those to plain heartbeats only where Beats
// is set.
type VzCamera struct {
	URL    string // where it sends everything
	Serial string
	Faults VzFaults
	Client *http.Client // nil: http.DefaultClient

	Close   int           // the relay that closes, where it is not 0, which opens
	Beats   bool          // acts on the answers to heartbeats, as some firmware does
	Timeout time.Duration // of one post; 0: as long as its context
	Resends int           // how often an event is sent again at once when no answer came; a real one up to 4 times

	// OnOpen is called when the relay was pulsed, before the contact
	// returns. nil: nothing hangs on the relay.
	OnOpen func()
	// OnSerial is called with what goes out on a serial port, before the contact
	// returns. nil: nothing hangs there.
	OnSerial func(port int, frame []byte)

	mu      sync.Mutex // guards the following fields, and Faults.LoseAnswers
	last    int64      // plateid of the last event
	opened  int
	closed  int
	latched bool
	kept    []vzEvent
	sent    map[int][][]byte // on its serial ports
}

type vzEvent struct {
	id int64
	s  Sighting
}

// Push sends one car, and sends it again as Resends says. An event that is not
// taken is kept, for Resend.
func (c *VzCamera) Push(ctx context.Context, s Sighting) (VzAnswer, error) {
	if s.At.IsZero() {
		s.At = time.Now()
	}
	c.mu.Lock()
	c.last++
	ev := vzEvent{id: c.last, s: s}
	c.mu.Unlock()
	answer, err := c.push(ctx, ev)
	for range c.Resends {
		if err == nil || ctx.Err() != nil {
			break
		}
		answer, err = c.push(ctx, ev)
	}
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
	status, text, err := c.post(ctx, c.URL, "application/json", c.Event(ev.id, ev.s))
	if err != nil {
		return VzAnswer{}, err
	}
	return c.obey(ctx, status, text, ev)
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
	var reason int64
	if c.Faults.OwnList {
		reason = 2
	}
	result := map[string]any{
		"license": plate, "colorType": number(int64(s.Color)), "type": number(vzType(s)),
		"confidence": number(int64(confidence)), "direction": number(int64(direction)),
		"triggerType": number(1), "plateid": number(id), "isoffline": number(int64(offline)),
		"imagePath": "/snapshot/lpr/tri_snap_1.jpg",
		"timeStamp": map[string]any{"Timeval": map[string]any{"sec": number(at.Unix()), "usec": number(int64(at.Nanosecond() / 1000))}},
		"gioouts":   []any{map[string]any{"ionum": 0, "ctrltype": number(reason)}},
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

// Input tells that one of its inputs, counted from 0, went on or off.
func (c *VzCamera) Input(ctx context.Context, number int, on bool) error {
	value := 0
	if on {
		value = 1
	}
	// Texts and numbers always encode.
	body, _ := json.Marshal(map[string]any{"AlarmGioIn": map[string]any{
		"deviceName": "IVS", "ipaddr": "192.168.1.100", "serialno": c.Serial,
		"result": map[string]any{"TriggerResult": map[string]any{"source": number, "value": value}},
	}})
	status, _, err := c.post(ctx, c.URL, "application/json", body)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("input answered with status %d", status)
	}
	return err
}

// Heartbeat sends a plain heartbeat and returns what Response_Heartbeat said.
// The camera does what it says only where Beats is set.
func (c *VzCamera) Heartbeat(ctx context.Context) (info string, err error) {
	contentType, body := c.heartbeatForm()
	status, text, err := c.post(ctx, c.URL, contentType, body)
	if err != nil {
		return "", err
	}
	var reply struct {
		Beat *struct {
			Info   string     `json:"info"`
			Serial []vzSerial `json:"serialData"`
		} `json:"Response_Heartbeat"`
	}
	if err := json.Unmarshal(text, &reply); err != nil || status != http.StatusOK || reply.Beat == nil {
		return "", fmt.Errorf("heartbeat answered with status %d", status)
	}
	if !c.Beats {
		return reply.Beat.Info, nil
	}
	if err := c.transmit(reply.Beat.Serial); err != nil {
		return "", err
	}
	if reply.Beat.Info == "ok" {
		c.pulse()
	}
	return reply.Beat.Info, nil
}

// Poll sends one comet poll and does what the answer says.
func (c *VzCamera) Poll(ctx context.Context) (VzAnswer, error) {
	contentType, body := c.heartbeatForm()
	status, text, err := c.post(ctx, c.URL, contentType, body)
	if err != nil {
		return VzAnswer{}, err
	}
	return c.obey(ctx, status, text, vzEvent{})
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
