// Package dahua is a Dahua plate camera at wire level, with its pushes, its two event streams, its outputs and inputs, and faults on demand.
//
// It shares no code with the driver: what a real camera writes is built here by
// hand, so that a mistake in the driver's reading is not repeated in the writing.
package dahua

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/sim"
)

// PushFaults is what a simulated camera does oddly or wrong in its pushes.
type PushFaults struct {
	NoPictures   bool // empty picture objects
	TwoInVehicle bool // VehiclePic holds two JPEGs one after the other, and there is no other picture
	NumberTexts  bool // numbers and yes or no written as text
	BrokenJSON   bool // the JSON ends in the middle
	Oversize     bool // a picture of 9 MB
	NoAccurate   bool // no AccurateTime
	OwnList      bool // the camera says that it opened the barrier by itself
	ListedZone   bool // TimeZone is the place in the list of zones, not hours
}

// colors are the camera's names of plate colours.
var colors = map[drivers.PlateColor]string{
	drivers.ColorUnknown: "Unknown", drivers.ColorBlue: "Blue", drivers.ColorYellow: "Yellow", drivers.ColorWhite: "White",
	drivers.ColorBlack: "Black", drivers.ColorGreen: "ShadowGreen", drivers.ColorYellowGreen: "YellowGreen",
}

// beijing is the zone of the simulated camera's clock.
var beijing = time.FixedZone("", 8*3600)

// TollgateInfo returns the body of the push of one car. That of the same sighting
// at the same time is the same push sent again, but for its UploadNum.
func (c *Camera) TollgateInfo(s sim.Sighting) []byte {
	at := s.At
	if at.IsZero() {
		at = time.Now()
	}
	at = at.In(beijing)
	direction, confidence, zone := "Obverse", s.Confidence, 8
	if s.Reverse {
		direction = "Reverse"
	}
	if confidence == 0 {
		confidence = 97
	}
	if c.PushFaults.ListedZone {
		zone = 13
	}
	c.mu.Lock()
	c.uploads++
	upload := c.uploads
	c.mu.Unlock()

	var b strings.Builder
	fmt.Fprintf(&b, `{"Picture":{"Plate":{"PlateNumber":%q,"PlateColor":%q,"PlateType":"","Confidence":%d,"BoundingBox":[0,0,0,0],"IsExist":%t,"Channel":0,"UploadNum":%d},`,
		s.Plate, colors[s.Color], confidence, s.Plate != "", upload)
	fmt.Fprintf(&b, `"SnapInfo":{"SnapTime":%q,`, at.Format("2006-01-02 15:04:05"))
	if !c.PushFaults.NoAccurate {
		fmt.Fprintf(&b, `"AccurateTime":%q,`, at.Format("2006-01-02 15:04:05.000"))
	}
	fmt.Fprintf(&b, `"LanNo":1,"Direction":%q,"DeviceID":"8M049B2PAJ00001","OpenStrobe":%t,"AllowUser":false,"BlockUser":false,"TriggerSource":"Video","TimeZone":%d},`,
		direction, c.PushFaults.OwnList, zone)
	b.WriteString(`"Vehicle":{"VehicleColor":"White","VehicleType":"SaloonCar","VehicleSign":"","VehicleSeries":"","Speed":0},`)
	b.WriteString(c.pictures(s))
	b.WriteString(`}}`)
	out := b.String()
	if c.PushFaults.NumberTexts {
		out = strings.NewReplacer(`:true`, `:"true"`, `:false`, `:"false"`, `"Confidence":`+strconv.Itoa(confidence), fmt.Sprintf(`"Confidence":"%d"`, confidence)).Replace(out)
	}
	if c.PushFaults.BrokenJSON {
		out = out[:len(out)/2]
	}
	return []byte(out)
}

func (c *Camera) pictures(s sim.Sighting) string {
	scene, cut := sim.ScenePicture(s.Plate, s.Color), sim.PlatePicture(s.Plate, s.Color)
	picture := func(name string, jpeg []byte) string {
		if len(jpeg) == 0 {
			return "{}"
		}
		return fmt.Sprintf(`{"PicName":%q,"Content":%q}`, name, base64.StdEncoding.EncodeToString(jpeg))
	}
	switch {
	case c.PushFaults.NoPictures:
		return `"NormalPic":{},"CutoutPic":{},"VehiclePic":{}`
	case c.PushFaults.TwoInVehicle:
		return `"NormalPic":{},"CutoutPic":{},"VehiclePic":` + picture("a.jpg", append(bytes.Clone(scene), cut...))
	case c.PushFaults.Oversize:
		scene = append(scene, make([]byte, 9<<20)...)
	}
	return `"NormalPic":` + picture("a.jpg", scene) + `,"CutoutPic":` + picture("b.jpg", cut) + `,"VehiclePic":{}`
}

// Push sends one car to URL and returns the status and the text it was answered
// with. The real camera sends it again unless the answer is {"Result": true}.
func (c *Camera) Push(ctx context.Context, s sim.Sighting) (status int, answer string, err error) {
	return c.post(ctx, "/NotificationInfo/TollgateInfo", c.TollgateInfo(s))
}

// KeepAlive sends the message with which the camera shows that it lives.
func (c *Camera) KeepAlive(ctx context.Context) (status int, answer string, err error) {
	return c.post(ctx, "/NotificationInfo/KeepAlive", []byte(`{"Active":"keepAlive","DeviceID":"8M049B2PAJ00001"}`))
}

func (c *Camera) post(ctx context.Context, path string, body []byte) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("make push: %w", err)
	}
	req.Header.Set("Content-Type", "application/json;charset=UTF-8")
	// As the real one does: a digest of nothing.
	req.Header.Set("Authorization", `Digest username="admin", realm="", nonce="", uri="`+path+`", qop=, nc=00000001, cnonce="", response="d41d8cd98f00b204e9800998ecf8427e"`)
	client := c.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", fmt.Errorf("push: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", fmt.Errorf("read answer to push: %w", err)
	}
	return resp.StatusCode, string(answer), nil
}
