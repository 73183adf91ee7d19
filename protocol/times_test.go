package protocol

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func shanghai(tb testing.TB) *time.Location {
	tb.Helper()
	loc, err := LoadZone("Asia/Shanghai")
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

func TestTimesAreReadInEveryShape(t *testing.T) {
	loc := shanghai(t)
	tests := []struct{ text, want string }{
		{"2018-12-12 08:20:19", "2018-12-12 08:20:19"},
		{"2018/12/12 08:20:19", "2018-12-12 08:20:19"},
		{"2018/12/12 8:20:19", "2018-12-12 08:20:19"},
		{"2018/2/3 8:2:9", "2018-02-03 08:02:09"},
		{"2018-12-12  08:20:19", "2018-12-12 08:20:19"},
		{" 2018-12-12   8:20:19 ", "2018-12-12 08:20:19"},
		{"2018-12-12T08:20:19", "2018-12-12 08:20:19"},
		{"2018-12-12T08:20:19.123", "2018-12-12 08:20:19"},
		{"2018-12-12 08:20", "2018-12-12 08:20:00"},
		{"2018-12-12", "2018-12-12 00:00:00"},
		{"2018/2/3", "2018-02-03 00:00:00"},
		{"2020-02-29", "2020-02-29 00:00:00"},
	}
	for _, tt := range tests {
		got, err := ParseTime(tt.text, loc)
		if err != nil {
			t.Errorf("ParseTime(%q): %v", tt.text, err)
			continue
		}
		if FormatDash(got, loc) != tt.want || got.Location() != time.UTC {
			t.Errorf("ParseTime(%q) = %v, want %s local", tt.text, got, tt.want)
		}
	}
}

func TestADateAloneEndsWithItsLastSecond(t *testing.T) {
	loc := shanghai(t)
	for text, want := range map[string]string{"2018-12-12": "2018-12-12 23:59:59", "2018/1/2": "2018-01-02 23:59:59", "2018-12-12 00:00:00": "2018-12-12 00:00:00"} {
		if got, err := ParseEnd(text, loc); err != nil || FormatDash(got, loc) != want {
			t.Errorf("ParseEnd(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestTimesThatAreNoneAreRefused(t *testing.T) {
	for _, text := range []string{"", " ", "yyyy-MM-dd HH:mm:ss", "18-12-12", "2018-13-01", "2018-02-30", "2019-02-29", "2018-12-12 24:00:00", "2018-12-12 08:60:00", "2018-12-12 08:20:60",
		"2018-12-12 08:20:19Z", "2018-12-12T", "2018-12", "2018-12/12", "2018-12-12 8", "2018-012-12", "+018-12-12", "2018-12-12 08:20:19.", "0000-01-01", "20181212", "2018-12-12 08:20:19 PM"} {
		if got, err := ParseTime(text, time.UTC); err == nil {
			t.Errorf("ParseTime(%q) = %v, want an error", text, got)
		}
	}
}

func TestTimesAreWrittenAsEachInterfaceWants(t *testing.T) {
	loc := shanghai(t)
	at := time.Date(2018, 1, 2, 0, 20, 9, 0, time.UTC)
	if got, want := FormatDash(at, loc), "2018-01-02 08:20:09"; got != want {
		t.Errorf("FormatDash = %s, want %s", got, want)
	}
	if got, want := FormatSlash(at, loc), "2018/01/02 08:20:09"; got != want {
		t.Errorf("FormatSlash = %s, want %s", got, want)
	}
	if got, want := FormatSlashBare(at, loc), "2018/01/02 8:20:09"; got != want {
		t.Errorf("FormatSlashBare = %s, want %s", got, want)
	}
	for _, format := range []func(time.Time, *time.Location) string{FormatDash, FormatSlash, FormatSlashBare} {
		if got := format(time.Time{}, loc); got != "" {
			t.Errorf("the zero time is written as %q, want nothing", got)
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	loc := shanghai(t)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(946684800, 4102444800).Draw(t, "at"), 0).UTC()
		for _, format := range []func(time.Time, *time.Location) string{FormatDash, FormatSlash, FormatSlashBare} {
			if got, err := ParseTime(format(at, loc), loc); err != nil || !got.Equal(at) {
				t.Fatalf("ParseTime(%s) = %v, %v, want %v", format(at, loc), got, err, at)
			}
		}
	})
}

func TestTimeFieldNamesTheField(t *testing.T) {
	for value, want := range map[string]Problem{"": Missing, "yesterday": Malformed} {
		_, err := TimeField("startTime", value, time.UTC)
		var field *FieldError
		if !errors.As(err, &field) || field.Field != "startTime" || field.Problem != want {
			t.Errorf("TimeField(%q) error = %v, want startTime: %v", value, err, want)
		}
	}
	if got, err := EndField("endTime", "2018-12-12", time.UTC); err != nil || got.Hour() != 23 {
		t.Errorf("EndField = %v, %v", got, err)
	}
}

func TestLoadZone(t *testing.T) {
	loc, err := LoadZone("")
	if err != nil {
		t.Fatal(err)
	}
	if _, offset := testNow.In(loc).Zone(); offset != 8*60*60 {
		t.Errorf("offset = %d, want eight hours", offset)
	}
	for _, name := range []string{"Local", "local", "Mars/Olympus"} {
		if _, err := LoadZone(name); err == nil {
			t.Errorf("LoadZone(%s) succeeded", name)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2018-12-12 08:20:19", "2018/2/3 8:2:9", "2018-12-12T08:20:19.123", "2018-12-12"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		begin, err := ParseTime(s, time.UTC)
		end, endErr := ParseEnd(s, time.UTC)
		if (err == nil) != (endErr == nil) || begin.After(end) {
			t.Errorf("ParseTime = %v, %v, ParseEnd = %v, %v", begin, err, end, endErr)
		}
		if err == nil {
			if again, err := ParseTime(FormatDash(begin, time.UTC), time.UTC); err != nil || !again.Equal(begin) {
				t.Errorf("read again = %v, %v, want %v", again, err, begin)
			}
		}
	})
}
