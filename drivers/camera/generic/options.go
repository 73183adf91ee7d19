package generic

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/options"
)

// A Format is how a camera writes its events.
type Format string

// The formats. Each may also be a part of a multipart body.
const (
	FormatJSON Format = "json"
	FormatXML  Format = "xml"
	FormatForm Format = "form" // fields of a form, or of the query of the address
)

// Paths say where in an event each thing stands; an empty one is not there. See
// the package documentation for how they are written.
type Paths struct {
	Plate      string
	Color      string
	Confidence string
	Time       string
	ID         string
	Direction  string
	Offline    string
	// Picture and PlatePicture hold base64. In a multipart body they may be the
	// name of a part instead.
	Picture, PlatePicture string
}

// Options describe how a camera of any make tells of a car.
type Options struct {
	Format Format // empty means FormatJSON
	Part   string // of a multipart body: the name of the one that holds the event; empty: the first that looks like one
	Paths  Paths

	TimeFormat string // "unix", "unix_ms", or a layout of Go's time package; empty: whatever it looks like
	// ConfidenceScale is the number that stands for certainty; 0 means 100.
	ConfidenceScale int
	Colors          map[string]drivers.PlateColor // by the camera's word; the usual words need none
	Forward         []string                      // the camera's words for towards it
	Reverse         []string                      // and away from it
	Offline         []string                      // at Paths.Offline, for an event that was kept; empty means true, 1 and yes
	NoPlate         []string                      // at Paths.Plate, for a car without one; the usual words need not be here
	Ignore          map[string][]string           // what has one of the words at the path is no car

	Reply     string // the body that a push is answered with
	ReplyType string // its content type; empty means text/plain

	SnapshotURL string        // path and query of a picture on the camera's own web side; empty: it gives none
	Certificate string        // fingerprint of the certificate of an https camera that signed its own
	Silence     time.Duration // the camera is offline after so long; 0 means 1 h
}

// colorNames are the words for colours in the configuration.
var colorNames = map[string]drivers.PlateColor{
	"blue": drivers.ColorBlue, "yellow": drivers.ColorYellow, "white": drivers.ColorWhite, "black": drivers.ColorBlack,
	"green": drivers.ColorGreen, "yellow-green": drivers.ColorYellowGreen, "unknown": drivers.ColorUnknown,
}

// ParseOptions reads the option table of a device:
//
//	format = "json"                      # or "xml", "form"
//	part = "event"                       # of a multipart body: the part with the event; left out: the first that looks like it
//	paths = { plate = "result.plate" }   # required; also color, confidence, time, id, direction, offline, picture, plate_picture
//	time_format = "2006-01-02 15:04:05"  # or "unix" (s), "unix_ms"; left out: whatever the text looks like
//	confidence_scale = 100               # 1 to 65535: what the camera writes when it is certain
//	colors = { "1" = "blue" }            # blue, yellow, white, black, green, yellow-green, unknown
//	forward = ["in"]                     # the camera's words for a car that comes towards it
//	reverse = ["out"]                    # and for one that goes away from it
//	offline = ["true"]                   # words at paths.offline for an event that the camera kept
//	no_plate = ["-"]                     # words at paths.plate for a car without a plate
//	ignore = { "type" = "heartbeat" }    # what has this word, or one of a list, at the path is no car
//	reply = "{\"ok\":true}"              # body of the answer to a push that was taken
//	reply_type = "application/json"      # its content type
//	snapshot_url = "/jpg/image.jpg"      # path of a picture on the camera's own web side; needs its link
//	certificate = ""                     # SHA-256 fingerprint of the certificate of an https camera that signed its own
//	silence = 3600                       # seconds, 10 to 604800: the camera is offline after so long
//
// and token, which the agent handles. Anything else is an error.
func ParseOptions(table map[string]any) (Options, error) {
	o := options.Read(table, "token")
	opt := Options{
		Format:          Format(o.Choice("format", string(FormatJSON), string(FormatXML), string(FormatForm))),
		Part:            o.Text("part", ""),
		Paths:           parsePaths(o),
		TimeFormat:      parseTimeFormat(o),
		ConfidenceScale: int(o.Int("confidence_scale", 100, 1, 65535)),
		Colors:          parseColors(o.Table("colors")),
		Forward:         o.Texts("forward"),
		Reverse:         o.Texts("reverse"),
		Offline:         o.Texts("offline"),
		NoPlate:         o.Texts("no_plate"),
		Ignore:          parseIgnore(o, table),
		Reply:           o.Text("reply", ""),
		ReplyType:       o.Text("reply_type", ""),
		SnapshotURL:     o.Text("snapshot_url", ""),
		Certificate:     o.Text("certificate", ""),
		Silence:         time.Duration(o.Int("silence", 3600, 10, 604800)) * time.Second,
	}
	if opt.SnapshotURL != "" && !strings.HasPrefix(opt.SnapshotURL, "/") {
		o.Fail("snapshot_url", "%q does not begin with /: it is a path on the camera of the link", opt.SnapshotURL)
	}
	if _, err := camera.ParseFingerprint(opt.Certificate); err != nil {
		o.Fail("certificate", "want the SHA-256 fingerprint of a certificate, 64 hexadecimal digits")
	}
	if len(opt.Offline) > 0 && opt.Paths.Offline == "" {
		o.Fail("offline", "needs paths.offline")
	}
	return opt, o.Err()
}

// pathForm is how a path is written: names with dots between, list numbers in
// brackets, an attribute of XML with an @.
var pathForm = regexp.MustCompile(`^(\[\d+\]|@?[^\s.\[\]@]+)(\[\d+\]|\.@?[^\s.\[\]@]+)*$`)

func parsePaths(o *options.Reader) Paths {
	sub := o.Table("paths")
	path := func(key string) string {
		text := sub.Text(key, "")
		if text != "" && !pathForm.MatchString(text) {
			sub.Fail(key, "%q is no path such as \"a.b[0].c\"", text)
		}
		return text
	}
	p := Paths{
		Plate: path("plate"), Color: path("color"), Confidence: path("confidence"), Time: path("time"), ID: path("id"),
		Direction: path("direction"), Offline: path("offline"),
		// These may be the names of parts, which have no form.
		Picture: sub.Text("picture", ""), PlatePicture: sub.Text("plate_picture", ""),
	}
	if p.Plate == "" {
		sub.Fail("plate", "is missing")
	}
	sub.Unknown()
	return p
}

// parseTimeFormat checks a layout by what it makes of a time: one without the
// parts of a time makes always the same.
func parseTimeFormat(o *options.Reader) string {
	layout := o.Text("time_format", "")
	if layout == "" || layout == "unix" || layout == "unix_ms" {
		return layout
	}
	at := time.Date(2031, 11, 23, 17, 48, 59, 0, time.UTC)
	back, err := time.Parse(layout, at.Format(layout))
	if err != nil || !back.Equal(at) {
		o.Fail("time_format", "%q is not unix, unix_ms or a layout such as \"2006-01-02 15:04:05\"", layout)
	}
	return layout
}

func parseColors(sub *options.Reader) map[string]drivers.PlateColor {
	colors := map[string]drivers.PlateColor{}
	for _, word := range sub.Keys() {
		name := sub.Text(word, "unknown")
		color, ok := colorNames[name]
		if !ok {
			sub.Fail(word, "%q is not one of %s", name, strings.Join(slices.Sorted(maps.Keys(colorNames)), ", "))
		}
		colors[word] = color
	}
	return colors
}

func parseIgnore(o *options.Reader, table map[string]any) map[string][]string {
	sub := o.Table("ignore")
	raw, _ := table["ignore"].(map[string]any) // the Reader tells of one that is none
	ignore := map[string][]string{}
	for _, path := range sub.Keys() {
		if !pathForm.MatchString(path) {
			sub.Fail(path, "%q is no path such as \"a.b[0].c\"", path)
		}
		if _, one := raw[path].(string); one {
			ignore[path] = []string{sub.Text(path, "")}
		} else {
			ignore[path] = sub.Texts(path)
		}
	}
	return ignore
}

// withDefaults fills in what 0 and empty mean.
func (o Options) withDefaults() Options {
	if o.Format == "" {
		o.Format = FormatJSON
	}
	if o.ConfidenceScale == 0 {
		o.ConfidenceScale = 100
	}
	if len(o.Offline) == 0 {
		o.Offline = []string{"true", "1", "yes"}
	}
	if o.ReplyType == "" {
		o.ReplyType = "text/plain; charset=utf-8"
	}
	if o.Silence == 0 {
		o.Silence = time.Hour
	}
	return o
}
