package protocol

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	dashLayout  = "2006-01-02 15:04:05"
	slashLayout = "2006/01/02 15:04:05"
	slashDate   = "2006/01/02"
	defaultZone = "Asia/Shanghai"
)

// LoadZone returns the zone of that name, empty meaning Asia/Shanghai. "Local" is
// refused: a box's own zone must not change what goes over the wire.
//
// Asia/Shanghai works on a machine without zone data; programs that want other
// zones there import time/tzdata.
func LoadZone(name string) (*time.Location, error) {
	if name == "" {
		name = defaultZone
	}
	if strings.EqualFold(name, "local") {
		return nil, errors.New(`zone "Local" depends on the machine, name the car park's zone`)
	}
	loc, err := time.LoadLocation(name)
	if err == nil {
		return loc, nil
	}
	if name == defaultZone {
		// China has had one offset and no summer time since 1991.
		return time.FixedZone(defaultZone, 8*60*60), nil
	}
	return nil, fmt.Errorf("load zone: %w", err)
}

// FormatDash writes t as most of the protocol does, 2018-12-12 08:20:19, in the
// car park's zone. The zero time gives "".
func FormatDash(t time.Time, loc *time.Location) string { return formatTime(t, loc, dashLayout) }

// FormatSlash writes t as uplink 2.x, 3.1 and 5.3 do, 2018/12/12 08:20:19. The
// zero time gives "".
func FormatSlash(t time.Time, loc *time.Location) string { return formatTime(t, loc, slashLayout) }

// FormatSlashBare writes t as downlink 1.1 and 1.2 answer, 2018/12/12 8:20:19:
// the hour without a leading zero. The zero time gives "".
func FormatSlashBare(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(loc)
	return t.Format(slashDate) + " " + strconv.Itoa(t.Hour()) + t.Format(":04:05")
}

func formatTime(t time.Time, loc *time.Location, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(loc).Format(layout)
}

// ParseTime reads a time of the wire, in the car park's zone, and returns it in
// UTC: with dashes or slashes, with or without leading zeros, with spaces or a T
// between date and time, with or without seconds. A date alone is its first second.
func ParseTime(s string, loc *time.Location) (time.Time, error) {
	return parseTime(s, loc, [3]int{0, 0, 0})
}

// ParseEnd is ParseTime for the end of a period: a date alone is its last second.
func ParseEnd(s string, loc *time.Location) (time.Time, error) {
	return parseTime(s, loc, [3]int{23, 59, 59})
}

// TimeField is ParseTime for a field of a message that has to be there. The error
// is a [*FieldError].
func TimeField(name, value string, loc *time.Location) (time.Time, error) {
	return timeField(name, value, loc, ParseTime)
}

// EndField is ParseEnd for a field of a message that has to be there. The error is
// a [*FieldError].
func EndField(name, value string, loc *time.Location) (time.Time, error) {
	return timeField(name, value, loc, ParseEnd)
}

func timeField(name, value string, loc *time.Location, parse func(string, *time.Location) (time.Time, error)) (time.Time, error) {
	if strings.TrimSpace(value) == "" {
		return time.Time{}, &FieldError{Field: name, Problem: Missing}
	}
	t, err := parse(value, loc)
	if err != nil {
		return time.Time{}, &FieldError{Field: name, Problem: Malformed}
	}
	return t, nil
}

func parseTime(s string, loc *time.Location, clock [3]int) (time.Time, error) {
	bad := fmt.Errorf("malformed time %.40q", s)
	datePart, clockPart := strings.TrimSpace(s), ""
	if i := strings.IndexAny(datePart, " \tTt"); i >= 0 {
		datePart, clockPart = datePart[:i], strings.TrimSpace(datePart[i+1:])
		if clockPart == "" {
			return time.Time{}, bad
		}
	}
	sep := "-"
	if strings.Contains(datePart, "/") {
		sep = "/"
	}
	date, ok := numbers(datePart, sep, 4)
	if !ok || len(strings.SplitN(datePart, sep, 2)[0]) != 4 {
		return time.Time{}, bad
	}
	if clockPart != "" {
		// .NET and Java writers of ISO times add a fraction, which means nothing here.
		clockPart, fraction, found := strings.Cut(clockPart, ".")
		if _, ok := number(fraction, 9); found && !ok {
			return time.Time{}, bad
		}
		if strings.Count(clockPart, ":") == 1 {
			clockPart += ":00"
		}
		if clock, ok = numbers(clockPart, ":", 2); !ok {
			return time.Time{}, bad
		}
	}
	// time.Date would take the 30th of February for the 2nd of March.
	day := time.Date(date[0], time.Month(date[1]), date[2], 0, 0, 0, 0, time.UTC)
	if day.Year() != date[0] || int(day.Month()) != date[1] || day.Day() != date[2] ||
		date[0] == 0 || clock[0] > 23 || clock[1] > 59 || clock[2] > 59 {
		return time.Time{}, bad
	}
	return time.Date(date[0], time.Month(date[1]), date[2], clock[0], clock[1], clock[2], 0, loc).UTC(), nil
}

// numbers reads three unsigned numbers with sep between them. Each has two
// digits at most, the first may have up to first.
func numbers(s, sep string, first int) (n [3]int, ok bool) {
	parts := strings.Split(s, sep)
	if len(parts) != len(n) {
		return n, false
	}
	for i, most := range [...]int{first, 2, 2} {
		if n[i], ok = number(parts[i], most); !ok {
			return n, false
		}
	}
	return n, true
}

// number reads 1 to most digits.
func number(s string, most int) (int, bool) {
	if len(s) < 1 || len(s) > most {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
