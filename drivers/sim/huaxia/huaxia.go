// Package huaxia plays a Huaxia Zhixin camera at wire level, with its outputs and its RS485.
//
// It has its own reading and writing of "HTTP POST mode 5", so that it can find
// faults in the driver's. As the real one it acts on what the answers to its
// plates and heartbeats say, keeps what was not taken and sends it again later
// as offline.
package huaxia

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"parkagent/drivers"
	"parkagent/drivers/sim"
)

// Faults is what a simulated camera does oddly or wrong.
type Faults struct {
	NoPictures  bool
	Capitals    bool // writes Online and HeartBeat
	GBK         bool // texts in GBK
	Raw         bool // and without percent signs
	Cut         bool // the body ends within an escape
	Oversize    bool // a picture of 9 MB
	OwnList     bool // knows every plate from its own list and opens by it
	DeafBeats   bool // does nothing of what the answer to a heartbeat says
	LoseAnswers int  // so many answers get lost on their way; counts down
}

// An Answer is how the camera understood the answer to one contact.
type Answer struct {
	Status int
	Taken  bool // the event need not be sent again
	Opened bool // the output that opens was switched on
}

// A Camera is one camera. Its output io1 opens; Close and Hold name others.
type Camera struct {
	URL    string // where it sends everything
	ID     string // cam_id
	VDC    string // vdc_type; empty: in
	Faults Faults
	Client *http.Client // nil: http.DefaultClient

	Close, Hold int           // outputs; 0: none
	Timeout     time.Duration // of one post; 0: as long as its context
	Resends     int           // how often an event is sent again at once when no answer came

	// OnOpen is called when the barrier was opened, before the contact returns.
	OnOpen func()
	// OnSerial is called with what goes out on the RS485, before the contact
	// returns.
	OnSerial func(frame []byte)

	mu     sync.Mutex // guards the following fields, and Faults.LoseAnswers
	opened int
	closed int
	held   bool
	kept   []sim.Sighting
	sent   [][]byte
}

// Push sends one car, and sends it again as Resends says. An event that is not
// taken is kept, for Resend.
func (c *Camera) Push(ctx context.Context, s sim.Sighting) (Answer, error) {
	if s.At.IsZero() {
		s.At = time.Now()
	}
	answer, err := c.push(ctx, s)
	for range c.Resends {
		if err == nil || ctx.Err() != nil {
			break
		}
		answer, err = c.push(ctx, s)
	}
	if err != nil || !answer.Taken {
		s.Kept = true
		c.mu.Lock()
		c.kept = append(c.kept, s)
		c.mu.Unlock()
	}
	return answer, err
}

// See pushes one car, see sim.Camera.
func (c *Camera) See(ctx context.Context, s sim.Sighting) error {
	answer, err := c.Push(ctx, s)
	if err == nil && !answer.Taken {
		err = fmt.Errorf("push answered with status %d, not taken", answer.Status)
	}
	return err
}

// Resend sends the events that were kept, the oldest first, until one is not
// taken.
func (c *Camera) Resend(ctx context.Context) error {
	for {
		c.mu.Lock()
		kept := slices.Clone(c.kept)
		c.mu.Unlock()
		if len(kept) == 0 {
			return nil
		}
		answer, err := c.push(ctx, kept[0])
		if err != nil || !answer.Taken {
			return err
		}
		c.mu.Lock()
		c.kept = c.kept[1:]
		c.mu.Unlock()
	}
}

func (c *Camera) push(ctx context.Context, s sim.Sighting) (Answer, error) {
	return c.contact(ctx, c.Event(s), true)
}

// Heartbeat sends one heartbeat.
func (c *Camera) Heartbeat(ctx context.Context) (Answer, error) {
	return c.contact(ctx, c.form(append(c.head("heartbeat"), [2]string{"plate_num", ""})), !c.Faults.DeafBeats)
}

// Event returns the bytes of one push.
func (c *Camera) Event(s sim.Sighting) []byte {
	kind := "online"
	if s.Kept {
		kind = "offline"
	}
	at := s.At
	if at.IsZero() {
		at = time.Now()
	}
	plate, confidence, vdc := s.Plate, s.Confidence, c.VDC
	if plate == "" {
		plate = "无牌车"
	}
	if confidence == 0 {
		confidence = 97
	}
	if vdc == "" {
		vdc = "in"
	}
	fields := append(c.head(kind), [][2]string{
		{"plate_num", plate}, {"plate_color", colorWord(s.Color)}, {"plate_val", "true"}, {"confidence", strconv.Itoa(confidence)},
		{"car_logo", "未知"}, {"car_color", "未知"}, {"vehicle_type", "轿车"}, {"start_time", strconv.FormatInt(at.Unix(), 10)},
		{"vdc_type", vdc}, {"is_whitelist", strconv.FormatBool(c.Faults.OwnList)}, {"triger_type", "video"},
	}...)
	if !c.Faults.NoPictures {
		scene := sim.ScenePicture(s.Plate, s.Color)
		if c.Faults.Oversize {
			scene = append(scene, make([]byte, 9<<20)...)
		}
		fields = append(fields, [2]string{"picture", picture(scene)}, [2]string{"closeup_pic", picture(sim.PlatePicture(s.Plate, s.Color))})
	}
	body := c.form(fields)
	if c.Faults.Cut {
		body = append(body, "&x=%E"...)
	}
	return body
}

// head is what every push begins with.
func (c *Camera) head(kind string) [][2]string {
	if c.Faults.Capitals {
		kind = map[string]string{"online": "Online", "offline": "OffLine", "heartbeat": "HeartBeat"}[kind]
	}
	return [][2]string{{"type", kind}, {"mode", "5"}, {"park_id", "5"}, {"cam_id", c.ID}, {"cam_ip", "192.168.10.100"}}
}

// form writes fields as the camera does, in its own order.
func (c *Camera) form(fields [][2]string) []byte {
	var b bytes.Buffer
	for i, f := range fields {
		value := f[1]
		if c.Faults.GBK {
			if gbk, err := simplifiedchinese.GBK.NewEncoder().String(value); err == nil {
				value = gbk
			}
		}
		if !c.Faults.Raw {
			value = url.QueryEscape(value)
		}
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(f[0] + "=" + value)
	}
	return b.Bytes()
}

// picture writes a picture in the camera's own base64, which a form need not
// escape: the signs for 62, 63 and the padding are - _ and a dot.
func picture(jpeg []byte) string {
	const signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return base64.NewEncoding(signs).WithPadding('.').EncodeToString(jpeg)
}

func colorWord(c drivers.PlateColor) string {
	switch c {
	case drivers.ColorBlue:
		return "蓝色"
	case drivers.ColorYellow:
		return "黄色"
	case drivers.ColorWhite:
		return "白色"
	case drivers.ColorBlack:
		return "黑色"
	case drivers.ColorGreen:
		return "绿色"
	case drivers.ColorYellowGreen:
		return "黄绿色"
	case drivers.ColorUnknown:
	}
	return "未知"
}

// errAnswerLost is an answer that never arrives.
var errAnswerLost = errors.New("the answer got lost")

// contact posts body and does what the answer says, if it acts on that.
func (c *Camera) contact(ctx context.Context, body []byte, acts bool) (Answer, error) {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("make push: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := c.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("push: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return Answer{}, fmt.Errorf("read answer to push: %w", err)
	}
	c.mu.Lock()
	lost := c.Faults.LoseAnswers > 0
	if lost {
		c.Faults.LoseAnswers--
	}
	c.mu.Unlock()
	answer := Answer{Status: resp.StatusCode}
	switch {
	case lost:
		return Answer{}, errAnswerLost
	case resp.StatusCode != http.StatusOK:
		return answer, nil
	}
	return answer, c.obey(text, acts, &answer)
}

// obey does what an answer says.
func (c *Camera) obey(text []byte, acts bool, answer *Answer) error {
	var reply struct {
		ErrorNum *int `json:"error_num"`
		GPIO     []struct {
			Number string `json:"ionum"`
			Action string `json:"action"`
		} `json:"gpio_data"`
		RS485 []struct {
			Encoding string `json:"encodetype"`
			Data     string `json:"data"`
		} `json:"rs485_data"`
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		return fmt.Errorf("answer is no JSON: %w", err)
	}
	answer.Taken = reply.ErrorNum != nil && *reply.ErrorNum == 0
	if !acts || !answer.Taken {
		return nil
	}
	for _, r := range reply.RS485 {
		if err := c.transmit(r.Encoding, r.Data); err != nil {
			return err
		}
	}
	for _, g := range reply.GPIO {
		number, err := strconv.Atoi(strings.TrimPrefix(g.Number, "io"))
		if err != nil || g.Action != "on" && g.Action != "off" {
			return fmt.Errorf("gpio_data %s %s is none", g.Number, g.Action)
		}
		answer.Opened = c.output(number, g.Action == "on") || answer.Opened
	}
	if answer.Opened && c.OnOpen != nil {
		c.OnOpen()
	}
	return nil
}

// transmit writes bytes to the RS485. An encoding that is left out is hex.
func (c *Camera) transmit(encoding, data string) (err error) {
	var frame []byte
	switch encoding {
	case "hex2string", "":
		frame, err = hex.DecodeString(data)
	case "base64":
		frame, err = base64.StdEncoding.DecodeString(data)
	default:
		err = fmt.Errorf("encodetype %q", encoding)
	}
	if err != nil {
		return fmt.Errorf("rs485_data: %w", err)
	}
	c.mu.Lock()
	c.sent = append(c.sent, frame)
	c.mu.Unlock()
	if c.OnSerial != nil {
		c.OnSerial(frame)
	}
	return nil
}

// output switches one output and reports whether that opens.
func (c *Camera) output(number int, on bool) (opens bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.Hold != 0 && number == c.Hold:
		c.held = on
	case c.Close != 0 && number == c.Close && on:
		c.closed++
	case number == 1 && on:
		c.opened++
		return true
	}
	return false
}

// Opened returns how often the output that opens was switched on.
func (c *Camera) Opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// Closed returns how often the output that closes was switched on.
func (c *Camera) Closed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Held reports whether the output that holds is on.
func (c *Camera) Held() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// Kept returns how many events the camera keeps to send later.
func (c *Camera) Kept() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.kept)
}

// Sent returns what went out on the RS485 so far, frame by frame.
func (c *Camera) Sent() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sent)
}
