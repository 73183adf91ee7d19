package vzenith

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"

	"parkagent/drivers/camera"
)

// A heartbeat is what is kept of the camera's heartbeat form. The form also
// holds the camera's user name and password, which are not read.
type heartbeat struct {
	serial string
	name   string
}

// What a heartbeat's form may be at most.
const (
	maxForm  = 64 << 10
	maxField = 256 // bytes of one value
)

// decodeHeartbeat reads the form that is sent as heartbeat and as comet poll:
// device_name, ipaddr, port, user_name, pass_wd, serialno, channel_num, as
// multipart/form-data by the maker's document, URL-encoded or in the query by
// some firmware.
func decodeHeartbeat(contentType, rawQuery string, body []byte) (heartbeat, error) {
	if len(body) > maxForm || len(rawQuery) > maxForm {
		return heartbeat{}, camera.TooLarge("form too large")
	}
	var beat heartbeat
	mediaType, params, err := mime.ParseMediaType(contentType)
	switch {
	case err == nil && strings.HasPrefix(mediaType, "multipart/"):
		beat, err = multipartBeat(params["boundary"], body)
	case len(bytes.TrimSpace(body)) > 0:
		beat, err = encodedBeat(string(bytes.TrimSpace(body)))
	default:
		beat, err = encodedBeat(rawQuery)
	}
	if err != nil {
		return heartbeat{}, err
	}
	if beat == (heartbeat{}) {
		return heartbeat{}, camera.Malformed("neither plate nor heartbeat")
	}
	return beat, nil
}

func encodedBeat(form string) (heartbeat, error) {
	values, err := url.ParseQuery(form)
	if err != nil {
		// The cause would quote the form, and the form holds a password.
		return heartbeat{}, camera.Malformed("broken form")
	}
	var beat heartbeat
	beat.set("serialno", values.Get("serialno"))
	beat.set("device_name", values.Get("device_name"))
	return beat, nil
}

func multipartBeat(boundary string, body []byte) (heartbeat, error) {
	var beat heartbeat
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for parts := 0; ; parts++ {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) || parts > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
			return beat, nil
		}
		if err != nil {
			return heartbeat{}, camera.Malformed("broken form")
		}
		if parts == camera.MaxParts {
			return heartbeat{}, camera.TooLarge("too many fields")
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return heartbeat{}, camera.Malformed("broken form")
		}
		// One firmware writes name=" pass_wd" with a space.
		beat.set(strings.TrimSpace(part.FormName()), string(bytes.TrimSpace(value)))
	}
}

// set keeps the fields that may be kept.
func (h *heartbeat) set(field, value string) {
	value = value[:min(len(value), maxField)]
	switch field {
	case "serialno":
		h.serial = value
	case "device_name":
		h.name = value
	}
}
