package anpr

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// A Push is one event of the camera and the pictures that came with it, whichever
// way it came.
type Push struct {
	event                  event
	scenes, others, plates []drivers.Picture
}

// A part is one part of a multipart body, or the whole of another body.
type part struct {
	names []string // see partNames
	data  []byte
}

// A role is what a part is for.
type role uint8

const (
	roleUnknown role = iota
	roleEvent        // the XML
	roleScene        // the whole view
	rolePlate        // the plate, cut out
	roleOther        // the vehicle, its features, a pedestrian
)

// ReadPush decodes one request by its content type, its raw query and its
// body. A body that is no multipart is the XML itself, or one picture.
//
// Seen on the wire (DS-TCG405-E V5.4.0 and a public capture): multipart/
// form-data with the parts anpr.xml, detectionPicture.jpg and
// licensePlatePicture.jpg, the pictures labelled image/pjpeg, image/jpeg or
// application/octet-stream and sometimes empty, the boundary beginning with
// dashes of its own.
func ReadPush(contentType, rawQuery string, body []byte) (Push, error) {
	parts, err := splitBody(contentType, body)
	if err != nil {
		return Push{}, err
	}
	query, err := queryEvent(rawQuery)
	if err != nil {
		return Push{}, err
	}
	p := Push{event: query}
	found := query.kind != ""
	for _, pt := range parts {
		if pt.role() == roleEvent && len(pt.data) > 0 {
			ev, err := decodeEvent(pt.data)
			if err != nil {
				return Push{}, err
			}
			if !found || !p.event.isPlate() {
				p.event, found = ev, true
			}
			continue
		}
		if err := p.add(pt); err != nil {
			return Push{}, err
		}
	}
	if !found {
		return Push{}, camera.Malformed("no event in it")
	}
	return p, nil
}

// add takes a picture to the event. What is neither event nor picture is of no
// use here, and a camera that had no picture sends an empty one.
func (p *Push) add(pt part) error {
	if len(pt.data) > camera.MaxPicture {
		return camera.TooLarge("picture too large")
	}
	if !camera.IsJPEG(pt.data) {
		return nil
	}
	switch pt.role() {
	case rolePlate:
		p.plates = append(p.plates, drivers.Picture{Kind: drivers.PicturePlate, JPEG: pt.data})
	case roleOther:
		p.others = append(p.others, drivers.Picture{Kind: drivers.PictureScene, JPEG: pt.data})
	default:
		p.scenes = append(p.scenes, drivers.Picture{Kind: drivers.PictureScene, JPEG: pt.data})
	}
	return nil
}

// pictures returns the pictures of the event, the scene first, or nil.
func (p Push) pictures() []drivers.Picture {
	return slices.Concat(p.scenes, p.others, p.plates)
}

// splitBody returns the parts of a multipart body, or the body as one part.
func splitBody(contentType string, body []byte) ([]part, error) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(mediaType, "multipart/") || params["boundary"] == "" {
		return []part{{data: body}}, nil
	}
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
		parts = append(parts, part{names: partNames(mp.Header), data: data})
	}
}

// partNames returns what a part is called, the better witness first: its file
// name, its form name, its Content-ID.
func partNames(header textproto.MIMEHeader) []string {
	// A header that cannot be read names nothing.
	_, params, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	return []string{params["filename"], params["name"], strings.Trim(header.Get("Content-ID"), "<>")}
}

// role tells what the part is for: by its names, then by its first bytes.
func (p part) role() role {
	for _, name := range p.names {
		name = strings.ToLower(name)
		base := strings.TrimSuffix(name, path.Ext(name))
		switch {
		case strings.HasSuffix(name, ".xml"), name == "anpr":
			return roleEvent
		case base == "detectionpicture":
			return roleScene
		case base == "licenseplatepicture":
			return rolePlate
		case base == "vehiclepicture", base == "featurepicture", base == "pedestriandetectionpicture":
			return roleOther
		}
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(p.data, []byte("\xEF\xBB\xBF")), " \t\r\n")
	if bytes.HasPrefix(start, []byte("<")) {
		return roleEvent
	}
	return roleUnknown
}

// queryEvent reads the event that some installations put into the address:
// channelID, dateTime, eventType, country, licensePlate, lane, direction,
// confidenceLevel, macAddress. Without them it returns the zero event.
func queryEvent(rawQuery string) (event, error) {
	if len(rawQuery) > camera.MaxText {
		return event{}, camera.TooLarge("query too large")
	}
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return event{}, camera.Malformed("broken query")
	}
	value := func(key string) string { return string(camera.UTF8([]byte(query.Get(key)))) }
	if !query.Has("licensePlate") {
		return event{kind: value("eventType")}, nil
	}
	return event{
		kind:       kindANPR,
		hasPlate:   true,
		plate:      value("licensePlate"),
		confidence: value("confidenceLevel"),
		direction:  value("direction"),
		color:      value("plateColor"),
		at:         value("dateTime"),
		id:         value("UUID"),
		offline:    value("isDataRetransmission"),
	}, nil
}

// IsPlate reports whether the event tells of a car, rather than being a heartbeat
// or an event of another kind.
func (p Push) IsPlate() bool { return p.event.isPlate() }

// Keys returns what the event is known again by, and after which events it is the
// second half of one, for camera.Recent.
func (p Push) Keys(zone *time.Location) (keys, after []string) { return p.event.keys(zone) }

// Keep marks the event as one that the camera kept and tells of late.
func (p *Push) Keep() { p.event.offline = "true" }

// AddScene gives the event a picture that was taken for it.
func (p *Push) AddScene(jpeg []byte) {
	p.scenes = append(p.scenes, drivers.Picture{Kind: drivers.PictureScene, JPEG: jpeg})
}

// Recognition returns the event as the lane's claim. A time without a zone is in
// zone. Device and Received are left to the caller.
func (p Push) Recognition(zone *time.Location) drivers.Recognition {
	rec := p.event.recognition(zone)
	rec.Pictures = p.pictures()
	return rec
}
