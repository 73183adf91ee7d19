package sim

import (
	"bytes"
	"context"
	"crypto/md5" // the digest scheme of these cameras
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"parkagent/drivers"
)

// A HikForm is how a simulated Hikvision camera writes its pushes.
type HikForm uint8

// The forms seen in the field.
const (
	HikMultipart HikForm = iota // XML and two pictures
	HikXML                      // the XML alone
	HikQuery                    // the event in the address, the pictures in the body
)

// HikFaults is what a simulated Hikvision camera does oddly or wrong.
type HikFaults struct {
	EmptyPictures bool // picture parts of length 0
	OctetStream   bool // pictures labelled as plain bytes
	ColorPrefix   bool // the colour before the plate, 蓝粤B12345
	Prefixed      bool // "ns1:" before every XML name, as a recorder forwards it
	BrokenXML     bool // the XML ends in the middle
	Oversize      bool // a picture of 9 MB
	CutBody       bool // the last boundary is missing
}

// A HikCamera is a Hikvision camera at wire level. It pushes to the agent, and
// as an http.Handler it answers for pictures and device data behind digest
// authentication, with the lock-out of the real one.
type HikCamera struct {
	URL      string // where it pushes
	User     string // login of its own web side
	Password string
	Form     HikForm
	Faults   HikFaults
	Client   *http.Client // nil: http.DefaultClient

	mu    sync.Mutex // guards the following fields
	nonce string
	bad   int // bad logins in a row
	asked int // requests of any kind
	scene Sighting
}

// maxBadLogins is after how many the camera locks the address out.
const maxBadLogins = 5

// Push sends one event and returns the status it was answered with. The real
// camera sends an event again while the status is not 200; see PushUntilTaken.
func (c *HikCamera) Push(ctx context.Context, s Sighting) (int, error) {
	c.mu.Lock()
	c.scene = s
	c.mu.Unlock()
	contentType, query, body := c.Event(s)
	target, err := url.Parse(c.URL)
	if err != nil {
		return 0, fmt.Errorf("push address: %w", err)
	}
	target.RawQuery = query
	return c.post(ctx, target.String(), contentType, body)
}

// PushUntilTaken sends the event until it is answered with 200, with a pause
// between, marking it as kept after the first try.
func (c *HikCamera) PushUntilTaken(ctx context.Context, s Sighting, pause time.Duration) error {
	if s.At.IsZero() {
		s.At = time.Now()
	}
	if s.ID == "" {
		s.ID = rand.Text()
	}
	for {
		if status, err := c.Push(ctx, s); err == nil && status == http.StatusOK {
			return nil
		}
		s.Kept = true
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// Heartbeat sends the event with which the camera shows that it lives.
func (c *HikCamera) Heartbeat(ctx context.Context) (int, error) {
	const beat = `<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<dateTime>2026-01-05T08:00:00+08:00</dateTime><activePostCount>0</activePostCount>
<eventType>videoloss</eventType><eventState>inactive</eventState>
</EventNotificationAlert>
`
	return c.post(ctx, c.URL, `application/xml; charset="UTF-8"`, []byte(beat))
}

func (c *HikCamera) post(ctx context.Context, target, contentType string, body []byte) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("make push: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := client(c.Client).Do(req)
	if err != nil {
		return 0, fmt.Errorf("push: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, fmt.Errorf("read answer to push: %w", err)
	}
	return resp.StatusCode, nil
}

// hikBoundary begins with dashes of its own, so that the body's lines have two
// more.
const hikBoundary = "-----------------------------7e13971310878"

// Event returns the bytes of one push: the content type, the query of the
// address and the body.
func (c *HikCamera) Event(s Sighting) (contentType, query string, body []byte) {
	text := c.eventXML(s)
	switch c.Form {
	case HikXML:
		return `application/xml; charset="UTF-8"`, "", []byte(text)
	case HikQuery:
		query = c.eventQuery(s)
		text = ""
	}
	var b bytes.Buffer
	part := func(name, kind string, data []byte) {
		if kind == "" {
			kind = "image/pjpeg"
		}
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q; filename=%q\r\nContent-Type: %s\r\nContent-Length: %d\r\n",
			hikBoundary, name, name, kind, len(data))
		if strings.HasSuffix(name, ".jpg") {
			fmt.Fprintf(&b, "Content-ID: %s\r\n", strings.TrimSuffix(name, ".jpg"))
		}
		fmt.Fprintf(&b, "\r\n%s\r\n", data)
	}
	if text != "" {
		part("anpr.xml", `text/xml; charset="UTF-8"`, []byte(text))
	}
	scene, plate := ScenePicture(s.Plate, s.Color), PlatePicture(s.Plate, s.Color)
	pictureKind := ""
	switch {
	case c.Faults.EmptyPictures:
		scene, plate = nil, nil
	case c.Faults.Oversize:
		scene = append(scene, make([]byte, 9<<20)...)
	case c.Faults.OctetStream:
		pictureKind = "application/octet-stream"
	}
	part("licensePlatePicture.jpg", pictureKind, plate)
	part("detectionPicture.jpg", pictureKind, scene)
	if !c.Faults.CutBody {
		fmt.Fprintf(&b, "--%s--\r\n", hikBoundary)
	}
	return "multipart/form-data; boundary=" + hikBoundary, query, b.Bytes()
}

// hikColors are the camera's names of colours, and the prefixes of firmware
// that writes them before the plate.
var hikColors = map[drivers.PlateColor][2]string{
	drivers.ColorUnknown:     {"unknown", ""},
	drivers.ColorBlue:        {"blue", "蓝"},
	drivers.ColorYellow:      {"yellow", "黄"},
	drivers.ColorWhite:       {"white", "白"},
	drivers.ColorBlack:       {"black", "黑"},
	drivers.ColorGreen:       {"newEnergyGreen", "绿"},
	drivers.ColorYellowGreen: {"newEnergyYellowGreen", "黄绿"},
}

var hikElement = regexp.MustCompile(`<(/?)([A-Za-z])`)

func (c *HikCamera) eventXML(s Sighting) string {
	fields := c.fields(s)
	var b strings.Builder
	text := func(name string) {
		b.WriteString("<" + name + ">")
		_ = xml.EscapeText(&b, []byte(fields[name])) // a strings.Builder never fails
		b.WriteString("</" + name + ">\n")
	}
	b.WriteString(`<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">` + "\n")
	for _, name := range []string{"ipAddress", "channelID", "dateTime", "activePostCount", "eventType", "eventState"} {
		text(name)
	}
	b.WriteString("<ANPR>\n")
	for _, name := range []string{"country", "licensePlate", "line", "direction", "confidenceLevel", "plateType", "plateColor"} {
		text(name)
	}
	b.WriteString("<pictureInfoList><pictureInfo><fileName>detectionPicture.jpg</fileName></pictureInfo></pictureInfoList>\n</ANPR>\n")
	for _, name := range []string{"UUID", "picNum", "isDataRetransmission"} {
		text(name)
	}
	b.WriteString("</EventNotificationAlert>\n")
	out := b.String()
	if c.Faults.Prefixed {
		out = hikElement.ReplaceAllString(out, "<${1}ns1:${2}")
	}
	if c.Faults.BrokenXML {
		out = out[:len(out)/2]
	}
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + out
}

// fields returns the event's values under the camera's names for them.
func (c *HikCamera) fields(s Sighting) map[string]string {
	at := s.At
	if at.IsZero() {
		at = time.Now()
	}
	id := s.ID
	if id == "" {
		id = rand.Text()
	}
	plate := s.Plate
	switch {
	case plate == "":
		plate = "noPlate"
	case c.Faults.ColorPrefix:
		plate = hikColors[s.Color][1] + plate
	}
	direction := "forward"
	if s.Reverse {
		direction = "reverse"
	}
	confidence := s.Confidence
	if confidence == 0 {
		confidence = 97
	}
	return map[string]string{
		"ipAddress": "192.168.1.64", "channelID": "1", "activePostCount": "1",
		"dateTime":  at.In(time.FixedZone("", 8*3600)).Format("2006-01-02T15:04:05.000-07:00"),
		"eventType": "ANPR", "eventState": "active",
		"country": "59", "licensePlate": plate, "line": "1", "direction": direction,
		"confidenceLevel": fmt.Sprint(confidence), "plateType": "92TypeCivil", "plateColor": hikColors[s.Color][0],
		"UUID": id, "picNum": "2", "isDataRetransmission": fmt.Sprint(s.Kept),
	}
}

func (c *HikCamera) eventQuery(s Sighting) string {
	fields := c.fields(s)
	query := url.Values{"lane": {"1"}, "macAddress": {"44:19:b6:00:00:01"}}
	for _, name := range []string{"channelID", "dateTime", "eventType", "country", "licensePlate", "direction", "confidenceLevel"} {
		query.Set(name, fields[name])
	}
	return query.Encode()
}

// ServeHTTP answers for the picture and the device data. Every request without
// a right digest answer gets 401; five in a row with a wrong one lock the
// address out.
func (c *HikCamera) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.Admit(w, r) {
		c.Answer(w, r)
	}
}

// Answer answers a request that was let in.
func (c *HikCamera) Answer(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case r.Method == http.MethodGet && (r.URL.Path == "/ISAPI/Streaming/channels/1/picture" || r.URL.Path == "/ISAPI/Streaming/channels/101/picture"):
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(ScenePicture(c.scene.Plate, c.scene.Color)) // a caller that hung up is no news to a camera
	case r.Method == http.MethodGet && r.URL.Path == "/ISAPI/System/deviceInfo":
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><DeviceInfo version="2.0"><model>DS-TCG405-E</model><firmwareVersion>V5.4.0</firmwareVersion></DeviceInfo>`)
	default:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ResponseStatus><statusCode>4</statusCode><statusString>Invalid Operation</statusString><subStatusCode>notSupport</subStatusCode></ResponseStatus>`)
	}
}

// Admit lets a request in, or answers it with 401 and what the real camera says
// about the logins that are left.
func (c *HikCamera) Admit(w http.ResponseWriter, r *http.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.loggedInLocked(r) {
		return true
	}
	c.nonce = rand.Text()
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest qop="auth", realm="IP Camera(12345)", nonce=%q, stale="FALSE"`, c.nonce))
	w.WriteHeader(http.StatusUnauthorized)
	state, wait := "unlock", 0
	if c.bad >= maxBadLogins {
		state, wait = "lock", 1800
	}
	_, _ = fmt.Fprintf(w, "<userCheck><statusValue>401</statusValue><statusString>Unauthorized</statusString>"+
		"<lockStatus>%s</lockStatus><unlockTime>%d</unlockTime><retryLoginTime>%d</retryLoginTime></userCheck>", state, wait, maxBadLogins-c.bad)
	return false
}

// Forget makes every login begin anew, as a restart does.
func (c *HikCamera) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nonce, c.bad = "", 0
}

// Asked returns how many requests of its own side the camera got.
func (c *HikCamera) Asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// Locked reports whether bad logins locked the camera's own side.
func (c *HikCamera) Locked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bad >= maxBadLogins
}

var digestField = regexp.MustCompile(`(\w+)=(?:"([^"]*)"|([^\s,]+))`)

// loggedInLocked checks the Authorization header against the last nonce:
// response = MD5(MD5(user:realm:password):nonce:nc:cnonce:qop:MD5(method:uri)).
func (c *HikCamera) loggedInLocked(r *http.Request) bool {
	header := r.Header.Get("Authorization")
	if !strings.HasPrefix(header, "Digest ") || c.bad >= maxBadLogins {
		return false
	}
	f := make(map[string]string)
	for _, m := range digestField.FindAllStringSubmatch(header, -1) {
		f[m[1]] = m[2] + m[3]
	}
	if f["nonce"] != c.nonce {
		return false // an old nonce is no bad login
	}
	ha1 := hexMD5(c.User, f["realm"], c.Password)
	ha2 := hexMD5(r.Method, f["uri"])
	want := hexMD5(ha1, c.nonce, f["nc"], f["cnonce"], f["qop"], ha2)
	if f["username"] != c.User || f["uri"] != r.URL.RequestURI() || f["response"] != want {
		c.bad++
		return false
	}
	c.bad = 0
	return true
}

func hexMD5(fields ...string) string {
	sum := md5.Sum([]byte(strings.Join(fields, ":")))
	return hex.EncodeToString(sum[:])
}

func client(c *http.Client) *http.Client {
	if c != nil {
		return c
	}
	return http.DefaultClient
}

// wait waits, or fails when ctx is done before.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("camera switched off"), ctx.Err())
	}
}
