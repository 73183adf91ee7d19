package hikvision

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"path"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
)

// A push is one decoded request of the camera.
type push struct {
	event    event
	pictures []drivers.Picture // the scene first
}

// A part is one part of a multipart body, or the whole of another body.
type part struct {
	names []string // file name and form name, the better witness first
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

// decodePush decodes one request by its content type, its raw query and its
// body. A body that is no multipart is the XML itself, or one picture.
//
// Seen on the wire (DS-TCG405-E V5.4.0 and a public capture): multipart/
// form-data with the parts anpr.xml, detectionPicture.jpg and
// licensePlatePicture.jpg, the pictures labelled image/pjpeg, image/jpeg or
// application/octet-stream and sometimes empty, the boundary beginning with
// dashes of its own.
func decodePush(contentType, rawQuery string, body []byte) (push, error) {
	parts, err := splitBody(contentType, body)
	if err != nil {
		return push{}, err
	}
	query, err := queryEvent(rawQuery)
	if err != nil {
		return push{}, err
	}
	p := push{event: query}
	found := query.kind != ""
	var scenes, plates, others []drivers.Picture
	for _, pt := range parts {
		switch r := pt.role(); {
		case len(pt.data) == 0: // the camera had no picture to put here
		case r == roleEvent:
			ev, err := decodeEvent(pt.data)
			if err != nil {
				return push{}, err
			}
			if !found || !p.event.isPlate() {
				p.event, found = ev, true
			}
		case len(pt.data) > camera.MaxPicture:
			return push{}, camera.TooLarge("picture too large")
		case !camera.IsJPEG(pt.data): // neither event nor picture: of no use here
		case r == rolePlate:
			plates = append(plates, drivers.Picture{Kind: drivers.PicturePlate, JPEG: pt.data})
		case r == roleOther:
			others = append(others, drivers.Picture{Kind: drivers.PictureScene, JPEG: pt.data})
		default:
			scenes = append(scenes, drivers.Picture{Kind: drivers.PictureScene, JPEG: pt.data})
		}
	}
	if !found {
		return push{}, camera.Malformed("no event in it")
	}
	p.pictures = append(append(scenes, others...), plates...)
	return p, nil
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
		parts = append(parts, part{names: []string{mp.FileName(), mp.FormName()}, data: data})
	}
}

// role tells what the part is for: by its file name, then by its form name,
// then by its first bytes.
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

// recognition returns the event as the lane's claim. Device and Received are
// left to the caller.
func (p push) recognition(zone *time.Location) drivers.Recognition {
	rec := p.event.recognition(zone)
	rec.Pictures = p.pictures
	return rec
}
