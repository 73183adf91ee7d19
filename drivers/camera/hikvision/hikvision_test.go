package hikvision_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
)

func newCamera(t *testing.T, cfg hikvision.Config) *hikvision.Camera {
	t.Helper()
	cfg.Device = "C1"
	c, err := hikvision.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func eventOf(c *sim.HikCamera, s sim.Sighting) drivertest.CameraPush {
	contentType, query, body := c.Event(s)
	return drivertest.CameraPush{ContentType: contentType, Query: query, Body: body}
}

func TestHikvisionKeepsTheContract(t *testing.T) {
	blue := sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue}
	drivertest.Camera(t, func(t *testing.T) drivertest.CameraRig {
		fine := &sim.HikCamera{}
		return drivertest.CameraRig{
			Camera: newCamera(t, hikvision.Config{}),
			Device: "C1",
			Car: func(plate string, kept bool) drivertest.CameraPush {
				return eventOf(fine, sim.Sighting{Plate: plate, Color: drivers.ColorBlue, Kept: kept})
			},
			SentAgain: func() (first, again drivertest.CameraPush) {
				car := sim.Sighting{Plate: "粤B12345", At: time.Now(), ID: "u-1"}
				first = eventOf(fine, car)
				car.Kept = true
				return first, eventOf(fine, car)
			},
			Broken: map[string]drivertest.CameraPush{
				"XML that ends in the middle": eventOf(&sim.HikCamera{Faults: sim.HikFaults{BrokenXML: true}}, blue),
				"an event without text":       {ContentType: "application/xml", Body: []byte("<Other/>")},
				"pictures without an event":   pushOf(t, "picture.jpg", sim.ScenePicture("", 0)),
				"XML nested too deep":         xmlPush(strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40)),
				"XML of too many elements":    xmlPush("<EventNotificationAlert>" + strings.Repeat("<a/>", 5000) + "</EventNotificationAlert>"),
				"XML that expands":            xmlPush(`<!DOCTYPE x [<!ENTITY a "aaaa">]><EventNotificationAlert>&a;</EventNotificationAlert>`),
				"no boundary in the body":     {ContentType: "multipart/form-data; boundary=x", Body: []byte("nothing here")},
			},
			Huge: func() map[string]drivertest.CameraPush {
				return map[string]drivertest.CameraPush{
					"a picture of 9 MB": eventOf(&sim.HikCamera{Faults: sim.HikFaults{Oversize: true}}, blue),
					"XML of 2 MB":       xmlPush("<EventNotificationAlert>" + strings.Repeat(" ", 2<<20) + "</EventNotificationAlert>"),
					"too many parts":    manyParts(t, 40),
				}
			},
			Idle: map[string]drivertest.CameraPush{
				"a heartbeat":        xmlPush(`<EventNotificationAlert version="1.0" xmlns="http://www.hikvision.com/ver10/XMLSchema"><eventType>videoloss</eventType><eventState>inactive</eventState><activePostCount>0</activePostCount></EventNotificationAlert>`),
				"a car that is over": xmlPush(`<EventNotificationAlert><eventType>ANPR</eventType><eventState>inactive</eventState><ANPR><licensePlate>粤B12345</licensePlate></ANPR></EventNotificationAlert>`),
				"motion":             xmlPush(`<EventNotificationAlert><eventType>VMD</eventType><eventState>active</eventState></EventNotificationAlert>`),
			},
		}
	})
}

func xmlPush(text string) drivertest.CameraPush {
	return drivertest.CameraPush{ContentType: "application/xml", Body: []byte(text)}
}

func pushOf(t *testing.T, name string, data []byte) drivertest.CameraPush {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; filename=%q\r\n\r\n%s\r\n--x--\r\n", name, data)
	return drivertest.CameraPush{ContentType: "multipart/form-data; boundary=x", Body: b.Bytes()}
}

func manyParts(t *testing.T, n int) drivertest.CameraPush {
	t.Helper()
	var b bytes.Buffer
	for range n {
		b.WriteString("--x\r\n\r\n\r\n")
	}
	b.WriteString("--x--\r\n")
	return drivertest.CameraPush{ContentType: "multipart/form-data; boundary=x", Body: b.Bytes()}
}

// pushed runs a watched camera and returns what the one push of c became.
func pushed(t *testing.T, c *sim.HikCamera, s sim.Sighting) drivers.Recognition {
	t.Helper()
	cam := newCamera(t, hikvision.Config{Location: time.FixedZone("", 8*3600)})
	seen := watch(t, cam)
	server := httptest.NewServer(cam)
	defer server.Close()
	c.URL = server.URL + "/anything"
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := c.PushUntilTaken(ctx, s, 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	return <-seen
}

// watch watches cam until the test ends. It yields up to 16 events.
func watch(t *testing.T, cam *hikvision.Camera) <-chan drivers.Recognition {
	t.Helper()
	seen := make(chan drivers.Recognition, 16)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- cam.Watch(ctx, func(_ context.Context, rec drivers.Recognition) { seen <- rec })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	return seen
}

func TestEveryFormOfPushTellsTheSameCar(t *testing.T) {
	at := time.Date(2026, 1, 5, 8, 0, 0, 0, time.FixedZone("", 8*3600))
	tests := []struct {
		name     string
		camera   *sim.HikCamera
		pictures int
	}{
		{"multipart", &sim.HikCamera{}, 2},
		{"multipart with empty pictures", &sim.HikCamera{Faults: sim.HikFaults{EmptyPictures: true}}, 0},
		{"multipart with pictures as plain bytes", &sim.HikCamera{Faults: sim.HikFaults{OctetStream: true}}, 2},
		{"multipart without its last boundary", &sim.HikCamera{Faults: sim.HikFaults{CutBody: true}}, 2},
		{"names with a prefix", &sim.HikCamera{Faults: sim.HikFaults{Prefixed: true}}, 2},
		{"a colour before the plate", &sim.HikCamera{Faults: sim.HikFaults{ColorPrefix: true}}, 2},
		{"bare XML", &sim.HikCamera{Form: sim.HikXML}, 0},
		{"the event in the address", &sim.HikCamera{Form: sim.HikQuery, Faults: sim.HikFaults{ColorPrefix: true}}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rec := pushed(t, tt.camera, sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue, At: at, ID: "u-1", Reverse: true, Confidence: 88})
			if rec.Plate != "粤B12345" || rec.Color != drivers.ColorBlue || rec.Size != drivers.SizeSmall {
				t.Errorf("car = %q, colour %v, size %v", rec.Plate, rec.Color, rec.Size)
			}
			if rec.Confidence != 88 || rec.Direction != drivers.DirectionReverse || !rec.At.Equal(at) {
				t.Errorf("confidence %d, direction %v, at %v", rec.Confidence, rec.Direction, rec.At)
			}
			if tt.camera.Form != sim.HikQuery && rec.ID != "u-1" {
				t.Errorf("id = %q, want u-1", rec.ID)
			}
			if len(rec.Pictures) != tt.pictures {
				t.Fatalf("%d pictures, want %d", len(rec.Pictures), tt.pictures)
			}
			if tt.pictures > 0 && !bytes.Equal(rec.Scene(), sim.ScenePicture("粤B12345", drivers.ColorBlue)) {
				t.Error("the scene is not the picture of the scene")
			}
		})
	}
}

func TestAnEventThatIsSentAgainIsOneCar(t *testing.T) {
	cam := newCamera(t, hikvision.Config{})
	c := &sim.HikCamera{URL: serve(t, cam)}
	car := sim.Sighting{Plate: "粤B12345", At: time.Now(), ID: "u-1"}
	if status, err := c.Push(t.Context(), car); err != nil || status != http.StatusServiceUnavailable {
		t.Fatalf("push that nobody watches = %d, %v", status, err)
	}
	seen := watch(t, cam)
	if err := c.PushUntilTaken(t.Context(), car, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the answer was late, say
		car.Kept = true
		if status, err := c.Push(t.Context(), car); err != nil || status != http.StatusOK {
			t.Errorf("the same again = %d, %v; want 200", status, err)
		}
	}
	car = sim.Sighting{Plate: "粤B99999"}
	if status, err := c.Push(t.Context(), car); err != nil || status != http.StatusOK {
		t.Fatalf("the next car = %d, %v", status, err)
	}
	for _, want := range []string{"粤B12345", "粤B99999"} {
		if rec := <-seen; rec.Plate != want {
			t.Errorf("saw %s, want %s", rec.Plate, want)
		}
	}
	if n := len(seen); n != 0 {
		t.Errorf("%d more events", n)
	}
}

// serve serves handler until the test ends.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestOneLineIsLoggedForABrokenPush(t *testing.T) {
	var log bytes.Buffer
	cam := newCamera(t, hikvision.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	rec := httptest.NewRecorder()
	cam.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("<broken")))
	if rec.Code != http.StatusBadRequest {
		t.Errorf("status = %d, want 400", rec.Code)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "device=C1") {
		t.Errorf("log = %q, want one line that names the device", log.String())
	}
}

// webSide starts the camera's own side.
func webSide(t *testing.T) (*sim.HikCamera, string) {
	t.Helper()
	c := &sim.HikCamera{User: "admin", Password: "right"}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL
}

func TestSnapshotAndCheckLogIn(t *testing.T) {
	_, url := webSide(t)
	cam := newCamera(t, hikvision.Config{BaseURL: url + "/", User: "admin", Password: "right"})
	for range 3 { // the second and third reuse the challenge
		pic, err := cam.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(pic.JPEG, sim.ScenePicture("", 0)) || pic.Kind != drivers.PictureScene {
			t.Errorf("picture of %d bytes, kind %v", len(pic.JPEG), pic.Kind)
		}
		if err := cam.Check(t.Context()); err != nil {
			t.Errorf("Check: %v", err)
		}
	}
}

func TestABadLoginIsNotTriedAgain(t *testing.T) {
	c, url := webSide(t)
	cam := newCamera(t, hikvision.Config{BaseURL: url, User: "admin", Password: "wrong"})
	for range 20 {
		if _, err := cam.Snapshot(t.Context()); !errors.Is(err, drivers.ErrRefused) {
			t.Fatalf("Snapshot with a wrong password = %v, want ErrRefused", err)
		}
		if err := cam.Check(t.Context()); !errors.Is(err, drivers.ErrRefused) {
			t.Fatalf("Check with a wrong password = %v, want ErrRefused", err)
		}
	}
	if c.Locked() || c.Asked() > 2 {
		t.Errorf("camera was asked %d times, locked %v; want one challenge and one try", c.Asked(), c.Locked())
	}
}

func TestAPasswordIsNeverToldInAnError(t *testing.T) {
	_, url := webSide(t)
	cam := newCamera(t, hikvision.Config{BaseURL: url, User: "admin", Password: "hush-hush"})
	_, err := cam.Snapshot(t.Context())
	if err == nil || strings.Contains(err.Error(), "hush-hush") {
		t.Errorf("error = %v, want one without the password", err)
	}
	if _, err := hikvision.New(hikvision.Config{BaseURL: "http://admin:hush-hush@10.0.0.1"}); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("error for a password in the link = %v, want one without it", err)
	}
}

func TestOddAnswersOfTheCamera(t *testing.T) {
	answer := func(status int, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write(body)
		}
	}
	notSupport := []byte(`<ResponseStatus xmlns="x"><statusCode>4</statusCode><subStatusCode>notSupport</subStatusCode></ResponseStatus>`)
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    error // nil: any error
	}{
		{"a model without pictures", answer(http.StatusForbidden, notSupport), errors.ErrUnsupported},
		{"no such path", answer(http.StatusNotFound, nil), errors.ErrUnsupported},
		{"an error page for a picture", answer(http.StatusOK, []byte("<html>")), nil},
		{"a picture without end", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte{0xFF, 0xD8})
			_, _ = io.CopyN(w, zeros{}, 20<<20)
		}, nil},
		{"a busy camera", answer(http.StatusServiceUnavailable, nil), drivers.ErrOffline},
		{"a redirection", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		}, drivers.ErrRefused},
		{"a connection cut in the answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte{0xFF, 0xD8})
		}, drivers.ErrOffline},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.handler)
			defer server.Close()
			_, err := newCamera(t, hikvision.Config{BaseURL: server.URL}).Snapshot(t.Context())
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("Snapshot = %v, want %v", err, tt.want)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestASilentCameraDoesNotHoldTheLane(t *testing.T) {
	block := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-block }))
	defer server.Close()
	defer close(block)
	cam := newCamera(t, hikvision.Config{BaseURL: server.URL})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := cam.Snapshot(ctx); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("Snapshot = %v, want ErrOffline", err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Snapshot took %v, its context had 50ms", took)
	}
}

func TestThePathOfThePictureIsFoundAndRemembered(t *testing.T) {
	var asked []string
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if r.URL.Path != "/ISAPI/Streaming/channels/201/picture" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(sim.ScenePicture("", 0))
	}))
	cam := newCamera(t, hikvision.Config{BaseURL: url, Options: hikvision.Options{Channel: 2}})
	for range 2 {
		if _, err := cam.Snapshot(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := "/ISAPI/Streaming/channels/2/picture /ISAPI/Streaming/channels/201/picture /ISAPI/Streaming/channels/201/picture"
	if got := strings.Join(asked, " "); got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

func TestACameraWithoutALinkTakesNoPictures(t *testing.T) {
	if _, err := newCamera(t, hikvision.Config{}).Snapshot(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Snapshot = %v, want errors.ErrUnsupported", err)
	}
}

func TestACameraWithoutALoginIsJudgedByItsPushes(t *testing.T) {
	c, url := webSide(t)
	cam := newCamera(t, hikvision.Config{BaseURL: url})
	if err := cam.Check(t.Context()); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("Check before any push = %v, want ErrOffline", err)
	}
	server := httptest.NewServer(cam)
	defer server.Close()
	c.URL = server.URL
	if status, err := c.Heartbeat(t.Context()); err != nil || status != http.StatusOK {
		t.Fatalf("heartbeat answered %d, %v", status, err)
	}
	if err := cam.Check(t.Context()); err != nil {
		t.Errorf("Check after a heartbeat = %v, want nil", err)
	}
	if n := c.Asked(); n != 0 {
		t.Errorf("camera was asked %d times without a login, want never", n)
	}
}

func TestOptionsAndLinksAreChecked(t *testing.T) {
	got, err := hikvision.ParseOptions(map[string]any{"channel": int64(2), "silence": int64(60), "token": "abc"})
	want := hikvision.Options{Channel: 2, Silence: time.Minute, Events: hikvision.EventsPush, Quiet: 30 * time.Second, Every: time.Second}
	if err != nil || got != want {
		t.Errorf("options = %+v, %v, want %+v", got, err, want)
	}
	if _, err := hikvision.ParseOptions(map[string]any{"chanel": int64(2)}); err == nil || !strings.Contains(err.Error(), `unknown option "chanel"`) {
		t.Errorf("error = %v, want the unknown option named", err)
	}
	for _, link := range []string{"192.168.1.64", "ftp://192.168.1.64", "http://", "tcp://192.168.1.64:80"} {
		if _, err := hikvision.New(hikvision.Config{BaseURL: link}); err == nil {
			t.Errorf("link %q was taken", link)
		}
	}
}
