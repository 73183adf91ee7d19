package traffic

import (
	"bytes"
	"path"
	"strings"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/fields"
)

// What an ITSAPI push (V1.19) is about stands in the last element of its path:
// /NotificationInfo/TollgateInfo, /KeepAlive, /DeviceInfo.
const (
	pathCar   = "tollgateinfo"
	pathAlive = "keepalive"
	pathInfo  = "deviceinfo"
)

// Push decodes a push by its path and its body. It returns nil for one that tells
// of no car: a heartbeat, or what the camera says of itself. The path helps only
// where the body does not tell, for some installations push all to one address.
// zone is that of the camera's clock; errors are PushErrors.
func Push(urlPath string, body []byte, zone *time.Location) (*Event, error) {
	kind := strings.ToLower(path.Base(urlPath))
	if len(bytes.TrimSpace(body)) == 0 && kind == pathAlive {
		return nil, nil
	}
	f, err := fields.JSON(body)
	if err != nil {
		return nil, err
	}
	const plateNumber, snapTime = "Picture.Plate.PlateNumber", "Picture.SnapInfo.SnapTime"
	switch {
	case f.Has(plateNumber), f.Has(snapTime), f.Has("Picture.SnapInfo.AccurateTime"):
		return tollgateInfo(f, zone)
	case kind == pathCar:
		return nil, camera.Malformed("no plate in it")
	case kind == pathAlive, kind == pathInfo, f.Has("Active"):
		return nil, nil
	}
	return nil, camera.Malformed("not an ITSAPI message")
}

// tollgateInfo reads the message of one car. Its times name no zone; see inZone.
//
// What is sent again has the same time, lane and plate. UploadNum and the names
// of the pictures are not asked: nothing says that they stay the same.
func tollgateInfo(f fields.Fields, zone *time.Location) (*Event, error) {
	written := f.Text("Picture.Plate.PlateNumber")
	if exists, told := f.Bool("Picture.Plate.IsExist"); told && !exists {
		written = ""
	}
	no, color := plate(written, f.Text("Picture.Plate.PlateColor"))
	seen := f.First("Picture.SnapInfo.AccurateTime", "Picture.SnapInfo.SnapTime")
	rec := drivers.Recognition{
		Plate:      no,
		Color:      color,
		Size:       camera.SizeOf(color),
		Confidence: confidence(f, "Picture.Plate.Confidence"),
		Direction:  direction(f.Text("Picture.SnapInfo.Direction")),
		At:         inZone(seen, f.Text("Picture.SnapInfo.TimeZone"), zone),
	}
	if rec.At.IsZero() { // one that was read is better than one that is exact
		rec.At = inZone(f.Text("Picture.SnapInfo.SnapTime"), f.Text("Picture.SnapInfo.TimeZone"), zone)
	}
	lane, _ := f.Int("Picture.SnapInfo.LanNo") // sic
	opened, _ := f.Bool("Picture.SnapInfo.OpenStrobe")
	pictures, err := pushedPictures(f)
	if err != nil {
		return nil, err
	}
	rec.Pictures = pictures
	ev := &Event{Rec: rec, Lane: lane, Opened: opened}
	ev.name(seen, f.Text("Picture.SnapInfo.DeviceID"), f.Text("Picture.SnapInfo.LanNo"), written)
	return ev, nil
}

// pushedPictures returns the pictures of a push, the scene first. VehiclePic may
// hold two JPEGs one after the other (seen from an OEM of Dahua); both show the
// car and stand in for a missing scene.
func pushedPictures(f fields.Fields) ([]drivers.Picture, error) {
	var pictures []drivers.Picture
	for _, from := range []struct {
		path string
		kind drivers.PictureKind
	}{
		{"Picture.NormalPic.Content", drivers.PictureScene},
		{"Picture.VehiclePic.Content", drivers.PictureScene},
		{"Picture.CutoutPic.Content", drivers.PicturePlate},
	} {
		for _, jpeg := range fields.Pictures(f[from.path]) {
			if len(jpeg) > camera.MaxPicture {
				return nil, camera.TooLarge("picture too large")
			}
			pictures = append(pictures, drivers.Picture{Kind: from.kind, JPEG: jpeg})
		}
	}
	if len(pictures) > camera.MaxParts {
		return nil, camera.TooLarge("too many pictures")
	}
	return pictures, nil
}
