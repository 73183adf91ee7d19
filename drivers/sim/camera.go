package sim

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"time"

	"parkagent/drivers"
)

// A Sighting is a car before a simulated camera.
type Sighting struct {
	Plate      string // empty: a car without a plate
	Color      drivers.PlateColor
	At         time.Time // by the camera's clock; zero: now
	Reverse    bool      // moves away from the camera
	Confidence int       // 0: 97
	ID         string    // HikCamera only: the event's UUID; empty: one of its own
	Kept       bool      // kept by the camera while the network was away, and sent now
}

// plateRGB are the colours of plates, as far as a lamp cares.
var plateRGB = map[drivers.PlateColor]color.RGBA{
	drivers.ColorUnknown:     {0x80, 0x80, 0x80, 0xFF},
	drivers.ColorBlue:        {0x10, 0x40, 0xA0, 0xFF},
	drivers.ColorYellow:      {0xF0, 0xC0, 0x10, 0xFF},
	drivers.ColorWhite:       {0xF0, 0xF0, 0xF0, 0xFF},
	drivers.ColorBlack:       {0x10, 0x10, 0x10, 0xFF},
	drivers.ColorGreen:       {0x40, 0xB0, 0x60, 0xFF},
	drivers.ColorYellowGreen: {0xA0, 0xC0, 0x30, 0xFF},
}

// ScenePicture returns a small JPEG of a car with this plate: a body whose
// shade follows from the plate, and the plate on it.
func ScenePicture(plate string, c drivers.PlateColor) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 320, 180))
	fill(img, img.Bounds(), color.RGBA{0x60, 0x68, 0x70, 0xFF})
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(plate)) // a hash never fails
	h := hash.Sum32()
	fill(img, image.Rect(60, 40, 260, 150), color.RGBA{byte(h), byte(h >> 8), byte(h >> 16), 0xFF})
	drawPlate(img, image.Rect(115, 115, 205, 140), plate, c)
	return encodeJPEG(img)
}

// PlatePicture returns a small JPEG of the plate alone.
func PlatePicture(plate string, c drivers.PlateColor) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 136, 36))
	drawPlate(img, img.Bounds(), plate, c)
	return encodeJPEG(img)
}

// drawPlate draws the plate's background and, for its characters, one bar a bit,
// so that pictures of two plates differ as the plates do.
func drawPlate(img *image.RGBA, r image.Rectangle, plate string, c drivers.PlateColor) {
	fill(img, r, plateRGB[c])
	ink := color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}
	if c == drivers.ColorYellow || c == drivers.ColorWhite || c == drivers.ColorYellowGreen {
		ink = color.RGBA{0, 0, 0, 0xFF}
	}
	bits := len(plate) * 8
	if bits == 0 {
		return
	}
	inner := r.Inset(4)
	for i := range bits {
		if plate[i/8]>>(7-i%8)&1 == 1 {
			x := inner.Min.X + i*inner.Dx()/bits
			fill(img, image.Rect(x, inner.Min.Y, x+1, inner.Max.Y), ink)
		}
	}
}

func fill(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

func encodeJPEG(img image.Image) []byte {
	var buf bytes.Buffer
	// Into memory this fails only for a picture of more than 65535 pixels a side.
	_ = jpeg.Encode(&buf, img, &jpeg.Options{Quality: 60})
	return buf.Bytes()
}
