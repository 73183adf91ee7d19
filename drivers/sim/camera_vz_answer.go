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
	"slices"

	"parkagent/drivers"
)

// A VzAnswer is how the camera understood the answer to one contact.
type VzAnswer struct {
	Status int
	Taken  bool // the event need not be sent again
	Opened bool // the relay was pulsed
}

// errAnswerLost is an answer that never arrives.
var errAnswerLost = errors.New("the answer got lost")

func (c *VzCamera) post(ctx context.Context, address, contentType string, body []byte) (int, []byte, error) {
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Faults.LoseAnswers > 0 {
		c.Faults.LoseAnswers--
		return 0, nil, errAnswerLost
	}
	return resp.StatusCode, text, nil
}

// vzReply is what the camera reads of an answer.
type vzReply struct {
	Plate *struct {
		Info    string     `json:"info"`
		Content string     `json:"content"`
		PlateID *int64     `json:"plateid"`
		Serial  []vzSerial `json:"serialData"`
		IO      *struct {
			Delay int64 `json:"delay"`
			IO    int   `json:"io"`
			Value int   `json:"value"`
		} `json:"ivs_ioctrl"`
		Shot *struct {
			Path string `json:"snapImageRelativeUrl"`
		} `json:"TriggerImage"`
		Continue *struct {
			PlateID  int64 `json:"plateid"`
			Continue int   `json:"continue"`
		} `json:"ContinuePushOffline"`
	} `json:"Response_AlarmInfoPlate"`
}

// A vzSerial is what an answer has the camera write to a serial port.
type vzSerial struct {
	Channel int    `json:"serialChannel"`
	Data    string `json:"data"`
	Len     int    `json:"dataLen"`
}

// obey does what an answer to a plate or a comet poll says.
func (c *VzCamera) obey(ctx context.Context, status int, text []byte, ev vzEvent) (VzAnswer, error) {
	answer := VzAnswer{Status: status}
	if status != http.StatusOK {
		return answer, nil
	}
	var reply vzReply
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
	if err := c.transmit(reply.Plate.Serial); err != nil {
		return answer, err
	}
	answer.Opened = reply.Plate.Info == "ok"
	if io := reply.Plate.IO; io != nil {
		answer.Opened = c.relay(io.IO, io.Value) || answer.Opened
	}
	if answer.Opened {
		c.pulse()
	}
	if reply.Plate.Shot != nil {
		return answer, c.shoot(ctx, reply.Plate.Shot.Path)
	}
	return answer, nil
}

// relay switches one relay as ivs_ioctrl says, and reports whether that is a
// pulse which opens.
func (c *VzCamera) relay(number, value int) (opens bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case value == 2 && c.Close != 0 && number == c.Close:
		c.closed++
	case value == 2:
		return true
	default:
		c.latched = value == 1
	}
	return false
}

// pulse is a pulse of the relay that opens.
func (c *VzCamera) pulse() {
	c.mu.Lock()
	c.opened++
	c.latched = false // the end of a pulse switches the relay off
	c.mu.Unlock()
	if c.OnOpen != nil {
		c.OnOpen()
	}
}

// transmit writes what an answer says to the serial ports.
func (c *VzCamera) transmit(items []vzSerial) error {
	for _, item := range items {
		frame, err := base64.StdEncoding.DecodeString(item.Data)
		switch {
		case err != nil:
			return fmt.Errorf("serialData is no base64: %w", err)
		case len(frame) != item.Len:
			return fmt.Errorf("serialData has %d bytes and says %d", len(frame), item.Len)
		case item.Channel != 0 && item.Channel != 1:
			return fmt.Errorf("serialData for serial port %d", item.Channel)
		}
		c.mu.Lock()
		if c.sent == nil {
			c.sent = map[int][][]byte{}
		}
		c.sent[item.Channel] = append(c.sent[item.Channel], frame)
		c.mu.Unlock()
		if c.OnSerial != nil {
			c.OnSerial(item.Channel, frame)
		}
	}
	return nil
}

// shoot takes a picture and posts it to a path of the server.
func (c *VzCamera) shoot(ctx context.Context, path string) error {
	u, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("post picture: %w", err)
	}
	if u.Path, err = url.PathUnescape(path); err != nil {
		return fmt.Errorf("post picture: %w", err)
	}
	jpeg := ScenePicture("", drivers.ColorUnknown)
	// Texts and numbers always encode.
	body, _ := json.Marshal(map[string]any{"ipaddr": "192.168.1.100", "TriggerImage": map[string]any{
		"imageFile": base64.StdEncoding.EncodeToString(jpeg), "imageFileLen": len(jpeg),
	}})
	_, _, err = c.post(ctx, u.String(), "application/json", body)
	return err
}

// Opened returns how often the relay was pulsed.
func (c *VzCamera) Opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// Closed returns how often the relay that closes was pulsed.
func (c *VzCamera) Closed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Sent returns what went out on a serial port so far, frame by frame.
func (c *VzCamera) Sent(port int) [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sent[port])
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
