package camera

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"parkagent/drivers"
)

// noPlate holds, in lower case, what cameras write instead of a plate for a car
// that has none or whose plate they could not read.
var noPlate = map[string]bool{
	"": true, "noplate": true, "unknown": true, "none": true,
	"_无_": true, "无": true, "无牌": true, "无牌车": true, "无车牌": true, "车牌": true, "未识别": true, "未知": true,
}

// colorPrefix holds the colours that some firmware writes before the plate. The
// longer prefixes come first.
var colorPrefix = []struct {
	text  string
	color drivers.PlateColor
}{
	{"黄绿", drivers.ColorYellowGreen},
	{"蓝", drivers.ColorBlue},
	{"黄", drivers.ColorYellow},
	{"白", drivers.ColorWhite},
	{"绿", drivers.ColorGreen},
	{"黑", drivers.ColorBlack},
}

// Plate takes apart what a camera wrote as the plate: "蓝粤B12345" is 粤B12345
// on blue, "noPlate" is no plate. A 黑 is a colour only before another Chinese
// character, for it is also the province Heilongjiang: "黑A12345" stays whole.
func Plate(written string) (plate string, color drivers.PlateColor) {
	written = strings.TrimSpace(written)
	if noPlate[strings.ToLower(written)] {
		return "", drivers.ColorUnknown
	}
	for _, p := range colorPrefix {
		rest, ok := strings.CutPrefix(written, p.text)
		if !ok {
			continue
		}
		next, _ := utf8.DecodeRuneInString(rest)
		if p.color == drivers.ColorBlack && !unicode.Is(unicode.Han, next) {
			break
		}
		if noPlate[strings.ToLower(rest)] {
			return "", p.color
		}
		return rest, p.color
	}
	return written, drivers.ColorUnknown
}

// SizeOf returns the charging class that the colour of a mainland plate stands
// for. White and black plates are on cars of every size.
func SizeOf(color drivers.PlateColor) drivers.VehicleSize {
	switch color {
	case drivers.ColorYellow, drivers.ColorYellowGreen:
		return drivers.SizeLarge
	case drivers.ColorBlue, drivers.ColorGreen:
		return drivers.SizeSmall
	}
	return drivers.SizeUnknown
}

// UTF8 returns text as UTF-8. Text that is not UTF-8 is taken for GBK, which
// older firmware sends whatever its headers say; bytes that are neither become
// U+FFFD.
func UTF8(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text)
	if err != nil {
		return []byte(strings.ToValidUTF8(string(text), "\uFFFD"))
	}
	return decoded
}
