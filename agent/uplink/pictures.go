package uplink

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
)

// Images says what is put into the picture fields of messages.
type Images string

// The ways to report pictures.
const (
	ImagesURL    Images = "url"
	ImagesBase64 Images = "base64"
	ImagesNone   Images = "none"
)

// pictures makes the picture fields of the messages to one platform. It may be
// used by several goroutines at once.
type pictures struct {
	as   Images
	url  func(path string) string          // nil means no pictures as ImagesURL
	load func(path string) ([]byte, error) // for ImagesBase64
	log  *slog.Logger
}

// newPictures checks a configuration; as may be empty for ImagesURL.
func newPictures(as Images, url func(string) string, load func(string) ([]byte, error), log *slog.Logger) (pictures, error) {
	switch as {
	case "":
		as = ImagesURL
	case ImagesURL, ImagesNone:
	case ImagesBase64:
		if load == nil {
			return pictures{}, errors.New("base64 pictures need a loader")
		}
	default:
		return pictures{}, fmt.Errorf("unknown images %q", as)
	}
	return pictures{as: as, url: url, load: load, log: log}, nil
}

// field returns what a picture field holds. A picture that cannot be read, such
// as one that was cleared away, is left out; it must not hold up the message.
func (p pictures) field(path string) string {
	switch {
	case path == "":
		return ""
	case p.as == ImagesURL && p.url != nil:
		return p.url(path)
	case p.as == ImagesBase64:
		data, err := p.load(path)
		if err != nil {
			p.log.Debug("picture left out", "error", err)
			return ""
		}
		return base64.StdEncoding.EncodeToString(data)
	}
	return ""
}
