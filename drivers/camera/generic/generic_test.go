package generic_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"parkagent/drivers"
	"parkagent/drivers/camera/generic"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
	simdahua "parkagent/drivers/sim/dahua"
)

func newCamera(t *testing.T, cfg generic.Config) *generic.Camera {
	t.Helper()
	cfg.Device = "C1"
	cfg.Location = time.FixedZone("", 8*3600)
	c, err := generic.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// described reads the options of a device as the configuration file has them.
func described(t *testing.T, file string) generic.Options {
	t.Helper()
	var site struct {
		Device []struct {
			Options map[string]any `toml:"options"`
		} `toml:"device"`
	}
	if err := toml.Unmarshal(read(t, file), &site); err != nil {
		t.Fatal(err)
	}
	opt, err := generic.ParseOptions(site.Device[0].Options)
	if err != nil {
		t.Fatal(err)
	}
	return opt
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestThePageShowsTheCamerasThatAreTested(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, f := range files {
		if f.IsDir() {
			continue // what fuzzing found
		}
		if text := bytes.TrimSpace(read(t, f.Name())); !bytes.Contains(page, text) {
			t.Errorf("README.md does not show %s as it is", f.Name())
		}
		shown++
	}
	if shown < 4 {
		t.Errorf("%d files are shown, want two cameras and what they post", shown)
	}
}

// multi makes a multipart body of named files.
func multi(parts ...[2]string) (contentType string, body []byte) {
	var b bytes.Buffer
	for _, p := range parts {
		fmt.Fprintf(&b, "--x7\r\nContent-Disposition: form-data; name=%q; filename=%q\r\n\r\n%s\r\n", strings.TrimSuffix(p[0], ".jpg"), p[0], p[1])
	}
	b.WriteString("--x7--\r\n")
	return "multipart/form-data; boundary=x7", b.Bytes()
}

func TestDahuasPushCanBeDescribedToo(t *testing.T) {
	opt, err := generic.ParseOptions(map[string]any{
		"paths": map[string]any{
			"plate": "Picture.Plate.PlateNumber", "color": "Picture.Plate.PlateColor", "confidence": "Picture.Plate.Confidence",
			"time": "Picture.SnapInfo.AccurateTime", "direction": "Picture.SnapInfo.Direction",
			"picture": "Picture.NormalPic.Content", "plate_picture": "Picture.CutoutPic.Content",
		},
		"forward": []any{"Obverse"}, "reverse": []any{"Reverse"}, "reply": `{"Result": true}`, "reply_type": "application/json",
	})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 5, 8, 0, 0, 250e6, time.FixedZone("", 8*3600))
	rec, answer := pushed(t, opt, "application/json", (&simdahua.Camera{}).TollgateInfo(sim.Sighting{Plate: "粤B12345", Color: drivers.ColorBlue, At: at}))
	if rec.Plate != "粤B12345" || rec.Color != drivers.ColorBlue || rec.Confidence != 97 || rec.Direction != drivers.DirectionForward || !rec.At.Equal(at) || len(rec.Pictures) != 2 {
		t.Errorf("event = %+v", rec)
	}
	if answer != `{"Result": true}` {
		t.Errorf("answer = %q", answer)
	}
}

// pushed pushes one body to a camera of these options and returns what the lane
// was told and what the camera was.
func pushed(t *testing.T, opt generic.Options, contentType string, body []byte) (drivers.Recognition, string) {
	t.Helper()
	cam := newCamera(t, generic.Config{Options: opt})
	seen := make(chan drivers.Recognition, 1)
	watch(t, cam, func(rec drivers.Recognition) { seen <- rec })
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/any/path", bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		cam.ServeHTTP(w, r)
		switch w.Code {
		case http.StatusOK:
			return <-seen, w.Body.String()
		case http.StatusServiceUnavailable: // nobody watches yet
		default:
			t.Fatalf("push was answered with %d %s", w.Code, w.Body)
		}
	}
	t.Fatal("the push was not taken")
	return drivers.Recognition{}, ""
}

// watch watches cam until the test ends.
func watch(t *testing.T, cam *generic.Camera, emit func(drivers.Recognition)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- cam.Watch(ctx, func(_ context.Context, rec drivers.Recognition) { emit(rec) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
}

func TestTheDescribedCamerasAreUnderstood(t *testing.T) {
	scene, plate := []byte{0xFF, 0xD8, 0xFF, 0xD9}, []byte{0xFF, 0xD8, 0xFF, 0xE0, 0, 3, 0, 0xFF, 0xD9}
	want := drivers.Recognition{
		Device: "C1", Plate: "粤B12345", Color: drivers.ColorBlue, Size: drivers.SizeSmall, Confidence: 94,
		Pictures: []drivers.Picture{{Kind: drivers.PictureScene, JPEG: scene}, {Kind: drivers.PicturePlate, JPEG: plate}},
	}
	contentType, parts := multi([2]string{"snapshot.jpg", string(scene)}, [2]string{"other.xml", "<other/>"}, [2]string{"lpr.xml", string(read(t, "lilin-like.xml"))}, [2]string{"crop.jpg", string(plate)})
	tests := []struct {
		name, options, contentType string
		body                       []byte
		at                         time.Time
		direction                  drivers.Direction
		answer                     string
	}{
		{"JSON", "axis-like.toml", "application/json", read(t, "axis-like.json"), time.Date(2026, 1, 5, 0, 0, 0, 250e6, time.UTC), drivers.DirectionForward, `{"status":"ok"}`},
		{"XML in a multipart body", "lilin-like.toml", contentType, parts, time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), drivers.DirectionReverse, "OK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opt := described(t, tt.options)
			opt.SnapshotURL = "" // there is no camera at the other end
			rec, answer := pushed(t, opt, tt.contentType, tt.body)
			want := want
			want.ID, want.Received, want.At, want.Direction = rec.ID, rec.Received, tt.at, tt.direction
			if diff := cmp.Diff(want, rec); diff != "" {
				t.Errorf("claim differs (-want +got):\n%s", diff)
			}
			if answer != tt.answer {
				t.Errorf("answer = %q, want %q", answer, tt.answer)
			}
		})
	}
}

func TestGenericKeepsTheContract(t *testing.T) {
	opt, err := generic.ParseOptions(map[string]any{
		"paths":  map[string]any{"plate": "plate", "time": "t", "id": "id", "offline": "kept", "picture": "jpg"},
		"ignore": map[string]any{"kind": "alive"},
	})
	if err != nil {
		t.Fatal(err)
	}
	push := func(text string) drivertest.CameraPush {
		return drivertest.CameraPush{ContentType: "application/json", Body: []byte(text)}
	}
	var n atomic.Int64
	car := func(plate string, kept bool, jpeg []byte) drivertest.CameraPush {
		return push(fmt.Sprintf(`{"plate":%q,"t":%d,"id":%d,"kept":%t,"jpg":%q}`, plate, time.Now().Unix(), n.Add(1), kept, base64.StdEncoding.EncodeToString(jpeg)))
	}
	scene := sim.ScenePicture("粤B12345", drivers.ColorBlue)
	drivertest.Camera(t, func(t *testing.T) drivertest.CameraRig {
		return drivertest.CameraRig{
			Camera: newCamera(t, generic.Config{Options: opt}),
			Device: "C1",
			Car:    func(plate string, kept bool) drivertest.CameraPush { return car(plate, kept, scene) },
			SentAgain: func() (first, again drivertest.CameraPush) {
				p := push(`{"plate":"粤B12345","t":1767571200,"id":1}`)
				return p, p
			},
			Broken: map[string]drivertest.CameraPush{
				"JSON that ends in the middle": push(`{"plate":"粤B12345"`),
				"an event without a plate":     push(`{"t":1767571200}`),
				"XML":                          push("<plate/>"),
				"a broken multipart body":      {ContentType: "multipart/form-data; boundary=x", Body: []byte("nothing here")},
				"a plate of a kilobyte":        push(`{"plate":"` + strings.Repeat("A", 1000) + `"}`),
			},
			Huge: func() map[string]drivertest.CameraPush {
				contentType, body := multi([2]string{"a.jpg", strings.Repeat("\xFF\xD8", 5<<20)})
				parts, many := multi(make([][2]string, 40)...)
				return map[string]drivertest.CameraPush{
					"a picture of 9 MB":         car("粤B12345", false, make([]byte, 9<<20)),
					"a part of 10 MB":           {ContentType: contentType, Body: body},
					"too many parts":            {ContentType: parts, Body: many},
					"more values than it needs": push(`{"plate":[` + strings.Repeat("1,", 1<<20) + `1]}`),
				}
			},
			Idle: map[string]drivertest.CameraPush{"a heartbeat": push(`{"kind":"alive"}`)},
		}
	})
}

func TestSnapshotLogsIn(t *testing.T) {
	device := &simdahua.Camera{User: "admin", Password: "right"}
	server := httptest.NewServer(device)
	defer server.Close()
	opt := generic.Options{Paths: generic.Paths{Plate: "p"}, SnapshotURL: "/cgi-bin/snapshot.cgi?channel=1"}
	cam := newCamera(t, generic.Config{BaseURL: server.URL, User: "admin", Password: "right", Options: opt})
	pic, err := cam.Snapshot(t.Context())
	if err != nil || !bytes.Equal(pic.JPEG, sim.ScenePicture("", 0)) || pic.Kind != drivers.PictureScene {
		t.Errorf("Snapshot = %d bytes, %v", len(pic.JPEG), err)
	}
	found := map[drivers.Topic]drivers.Level{}
	for _, f := range cam.Diagnose(t.Context()) {
		found[f.Topic] = f.Level
	}
	want := map[drivers.Topic]drivers.Level{drivers.TopicReach: drivers.LevelFine, drivers.TopicPicture: drivers.LevelFine, drivers.TopicHeard: drivers.LevelOdd}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("findings differ (-want +got):\n%s", diff)
	}
	wrong := newCamera(t, generic.Config{BaseURL: server.URL, User: "admin", Password: "wrong", Options: opt})
	if _, err := wrong.Snapshot(t.Context()); !errors.Is(err, drivers.ErrRefused) {
		t.Errorf("Snapshot with a wrong password = %v, want drivers.ErrRefused", err)
	}
	opt.SnapshotURL = ""
	if _, err := newCamera(t, generic.Config{BaseURL: server.URL, Options: opt}).Snapshot(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Snapshot without an address = %v, want errors.ErrUnsupported", err)
	}
}
