package generic

import (
	"bytes"
	"errors"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/fields"
)

// A push is one request of a camera.
type push struct {
	contentType string
	query       string
	body        []byte
}

// A part is one part of a multipart body, or the whole of another.
type part struct {
	name string // of the form field
	file string // name of the file
	data []byte
}

// called reports whether the part has this name: as a field, as a file, or as a
// file without its ending.
func (p part) called(name string) bool {
	return name != "" && (strings.EqualFold(p.name, name) || strings.EqualFold(p.file, name) ||
		strings.EqualFold(strings.TrimSuffix(p.file, path.Ext(p.file)), name))
}

// An event is what was read of one push.
type event struct {
	fields fields.Fields
	parts  []part
}

// decode reads the event of a push. Its errors are PushErrors.
func decode(p push, opt Options) (event, error) {
	parts, err := split(p.contentType, p.body)
	if err != nil {
		return event{}, err
	}
	if opt.Format == FormatForm {
		f, err := form(p, parts)
		return event{f, parts}, err
	}
	read := fields.JSON
	if opt.Format == FormatXML {
		read = fields.XML
	}
	for _, pt := range parts {
		if opt.Part != "" && len(parts) > 1 && !pt.called(opt.Part) || !looksLike(opt.Format, pt.data) {
			continue
		}
		f, err := read(pt.data)
		return event{f, parts}, err
	}
	return event{}, camera.Malformed("no " + string(opt.Format) + " event in it")
}

// looksLike reports whether text begins as the format does.
func looksLike(format Format, text []byte) bool {
	start := bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")), " \t\r\n")
	if format == FormatXML {
		return bytes.HasPrefix(start, []byte("<"))
	}
	return bytes.HasPrefix(start, []byte("{")) || bytes.HasPrefix(start, []byte("["))
}

// form reads the fields of a form: the parts of a multipart body that are no
// pictures, or the body, or the query of the address where the body is empty or
// a picture.
func form(p push, parts []part) (fields.Fields, error) {
	if isMultipart(p.contentType) {
		texts := make(map[string]string, len(parts))
		for _, pt := range parts {
			if pt.name != "" && !camera.IsJPEG(pt.data) {
				texts[pt.name] = string(camera.UTF8(pt.data))
			}
		}
		return fields.Texts(texts)
	}
	if body := bytes.TrimSpace(p.body); len(body) > 0 && !camera.IsJPEG(body) {
		return fields.Form(body)
	}
	return fields.Form([]byte(p.query))
}

func isMultipart(contentType string) bool {
	mediaType, params, err := mime.ParseMediaType(contentType)
	return err == nil && strings.HasPrefix(mediaType, "multipart/") && params["boundary"] != ""
}

// split returns the parts of a multipart body, or the body as one part.
func split(contentType string, body []byte) ([]part, error) {
	if !isMultipart(contentType) {
		return []part{{data: body}}, nil
	}
	_, params, _ := mime.ParseMediaType(contentType) // as isMultipart read it
	reader := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	var parts []part
	for {
		// Raw: a camera that names a transfer encoding does not apply it.
		mp, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && len(parts) > 0 {
			return parts, nil // some firmware leaves out the last boundary
		}
		if err != nil {
			return nil, camera.Malformed("broken multipart body")
		}
		if len(parts) == camera.MaxParts {
			return nil, camera.TooLarge("too many parts")
		}
		data, err := io.ReadAll(mp)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, camera.Malformed("broken multipart body")
		}
		if len(data) > camera.MaxPicture {
			return nil, camera.TooLarge("picture too large")
		}
		parts = append(parts, part{name: mp.FormName(), file: mp.FileName(), data: data})
	}
}

// ignored reports whether the event is one that tells of no car.
func (e event) ignored(opt Options) bool {
	for at, words := range opt.Ignore {
		if e.fields.Has(at) && contains(words, e.fields.Text(at)) {
			return true
		}
	}
	return false
}

// contains compares without regard to case.
func contains(words []string, word string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
}

// recognition returns the event as the lane's claim, without Device, ID and
// Received, and what tells the event from others: its own ID, its time and its
// plate. An event without ID and time has no key: nothing tells two visits of
// one car apart.
func (e event) recognition(opt Options, zone *time.Location) (rec drivers.Recognition, key []string, err error) {
	p, f := opt.Paths, e.fields
	if !f.Has(p.Plate) {
		return rec, nil, camera.Malformed("no plate at " + p.Plate)
	}
	written := f.Text(p.Plate)
	if contains(opt.NoPlate, written) {
		written = ""
	}
	no, prefix := camera.Plate(written)
	rec = drivers.Recognition{
		Plate:      no,
		Color:      color(opt, f.Text(p.Color)),
		Confidence: confidence(f.Text(p.Confidence), opt.ConfidenceScale),
		Direction:  direction(opt, f.Text(p.Direction)),
		At:         parseTime(f.Text(p.Time), opt.TimeFormat, zone),
		Offline:    p.Offline != "" && contains(opt.Offline, f.Text(p.Offline)),
	}
	if rec.Color == drivers.ColorUnknown {
		rec.Color = prefix
	}
	rec.Size = camera.SizeOf(rec.Color)
	for _, from := range []struct {
		path string
		kind drivers.PictureKind
	}{{p.Picture, drivers.PictureScene}, {p.PlatePicture, drivers.PicturePlate}} {
		jpegs := e.pictures(from.path)
		if len(rec.Pictures)+len(jpegs) > camera.MaxParts {
			return rec, nil, camera.TooLarge("too many pictures")
		}
		for _, jpeg := range jpegs {
			if len(jpeg) > camera.MaxPicture {
				return rec, nil, camera.TooLarge("picture too large")
			}
			rec.Pictures = append(rec.Pictures, drivers.Picture{Kind: from.kind, JPEG: jpeg})
		}
	}
	if id, at := f.Text(p.ID), f.Text(p.Time); id != "" || at != "" {
		key = []string{id, at, written}
	}
	return rec, key, nil
}

// pictures returns the pictures at a path: the part of that name, or the base64
// there.
func (e event) pictures(at string) [][]byte {
	if at == "" {
		return nil
	}
	for _, pt := range e.parts {
		if pt.called(at) && camera.IsJPEG(pt.data) {
			return [][]byte{pt.data}
		}
	}
	return fields.Pictures(e.fields.Text(at))
}

// color returns what a word stands for: as configured, or the usual words.
func color(opt Options, word string) drivers.PlateColor {
	if c, ok := opt.Colors[word]; ok {
		return c
	}
	switch strings.ToLower(word) {
	case "blue", "蓝", "蓝色":
		return drivers.ColorBlue
	case "yellow", "黄", "黄色":
		return drivers.ColorYellow
	case "white", "白", "白色":
		return drivers.ColorWhite
	case "black", "黑", "黑色":
		return drivers.ColorBlack
	case "green", "绿", "绿色":
		return drivers.ColorGreen
	case "yellow-green", "yellowgreen", "黄绿", "黄绿色":
		return drivers.ColorYellowGreen
	}
	return drivers.ColorUnknown
}

func direction(opt Options, word string) drivers.Direction {
	switch {
	case word == "":
	case contains(opt.Forward, word):
		return drivers.DirectionForward
	case contains(opt.Reverse, word):
		return drivers.DirectionReverse
	}
	return drivers.DirectionUnknown
}

// confidence returns 0 to 100 for a number up to scale; 0 for what is none.
func confidence(text string, scale int) int {
	f, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || math.IsNaN(f) {
		return 0
	}
	return int(math.Round(min(max(f/float64(scale), 0), 1) * 100))
}

// parseTime reads a time; one that cannot be read is zero, and the event has no
// time of its own.
func parseTime(text, format string, zone *time.Location) time.Time {
	layouts := []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateTime, "2006/01/02 15:04:05", "20060102150405"}
	switch format {
	case "unix", "unix_ms":
		return unixTime(text, format == "unix_ms")
	case "":
		// Ten digits are seconds from 2001 to 2286, thirteen the milliseconds.
		if whole, _, _ := strings.Cut(text, "."); len(whole) == 10 || len(whole) == 13 {
			if at := unixTime(text, len(whole) == 13); !at.IsZero() {
				return at
			}
		}
	default:
		layouts = []string{format}
	}
	for _, layout := range layouts {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

// unixTime reads seconds since 1970, which may have a fraction, or milliseconds.
func unixTime(text string, ms bool) time.Time {
	f, err := strconv.ParseFloat(text, 64)
	if ms {
		f /= 1000
	}
	const latest = 1 << 33 // the year 2242
	if err != nil || math.IsNaN(f) || f <= 0 || f > latest {
		return time.Time{}
	}
	return time.UnixMilli(int64(math.Round(f * 1000))).UTC()
}
