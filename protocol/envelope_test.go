package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

var testNow = time.Date(2019, 2, 25, 9, 0, 0, 0, time.UTC)

const testDay = Day("20190225")

func testOptions() OpenOptions {
	return OpenOptions{Now: testNow, Params: []string{"parkCode", "plateNo", "cardNo", "tel"}}
}

// wrap breaks s into lines of n bytes.
func wrap(s string, n int, end string) string {
	var b strings.Builder
	for len(s) > n {
		b.WriteString(s[:n] + end)
		s = s[n:]
	}
	return b.String() + s
}

func TestOpenReadsWhatRealClientsSend(t *testing.T) {
	c := newCipher(t, testKey)
	text := `{"parkCode":"1","plateNo":"豫A12345","remark":"` + strings.Repeat("长", 40) + `>>>???"}`
	data := c.Encrypt(testDay, EncodeText(GBK, []byte(text)))
	if !strings.Contains(data, "+") || !strings.HasSuffix(data, "=") {
		t.Fatalf("the test needs data with + and =: %s", data)
	}
	javaLines := strings.ReplaceAll(wrap(data, 76, "\r\n"), "\r\n", `\r\n`)
	urlSafe := strings.NewReplacer("+", "-", "/", "_").Replace(data)
	tests := []struct{ name, body string }{
		{"JSON as the document has it", `{"data":"` + data + `"}`},
		{"JSON with space around and a mark before", "\xEF\xBB\xBF \r\n{ \"data\" : \"" + data + "\" }\n"},
		{"JSON with other members and another case", `{"sign":{"a":[1]},"Data":"` + data + `"}`},
		{"JSON whose slashes are escaped", `{"data":"` + strings.ReplaceAll(data, "/", `\/`) + `"}`},
		{"base64 in lines of 76", `{"data":"` + javaLines + `\r\n"}`},
		{"base64 in lines that nobody escaped", "{\r\n\t\"data\": \"" + wrap(data, 76, "\r\n") + "\r\n\"\r\n}"},
		{"base64 whose + became a space", `{"data":"` + strings.ReplaceAll(data, "+", " ") + `"}`},
		{"base64 without padding", `{"data":"` + strings.TrimRight(data, "=") + `"}`},
		{"base64 in the URL alphabet", `{"data":"` + urlSafe + `"}`},
		{"a form", "data=" + url.QueryEscape(data)},
		{"a form with base64 in lines", "data=" + url.QueryEscape(wrap(data, 76, "\r\n")+"\r\n")},
		{"a form that forgot to escape", "data=" + data},
		{"a form whose + became a space", "data=" + strings.ReplaceAll(data, "+", " ")},
		{"a form with other fields", "a=1&DATA=" + url.QueryEscape(data) + "&b=2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opened, err := c.Open([]byte(tt.body), testOptions())
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			if string(opened.JSON) != text || opened.Charset != GBK || opened.DayOffset != 0 || !opened.Sealed {
				t.Errorf("Open = %s in %s, day %d, sealed %v", opened.JSON, opened.Charset, opened.DayOffset, opened.Sealed)
			}
		})
	}
}

func TestAPlusAtEitherEndMayBecomeASpace(t *testing.T) {
	c := newCipher(t, testKey)
	found := 0
	for i := 0; found < 2; i++ {
		text := fmt.Sprintf(`{"parkCode":"1","plateNo":"%07d"}`, i) // 35 bytes give 40, whose base64 ends in =
		text += strings.Repeat(" ", 8)                              // 48 bytes need no padding
		data := c.Encrypt(testDay, []byte(text))
		if !strings.HasPrefix(data, "+") && !strings.HasSuffix(data, "+") {
			continue
		}
		found++
		for _, body := range []string{"data=" + strings.ReplaceAll(data, "+", " "), `{"data":"` + strings.ReplaceAll(data, "+", " ") + `"}`} {
			if opened, err := c.Open([]byte(body), testOptions()); err != nil || string(opened.JSON) != strings.TrimSpace(text) {
				t.Errorf("Open(%s) = %s, %v", body, opened.JSON, err)
			}
		}
	}
	data := c.Encrypt(testDay, []byte(`{"parkCode":"1"}`))
	if _, err := c.Open([]byte(`{"data":" `+data+` "}`), testOptions()); err != nil {
		t.Errorf("Open with spaces around the data: %v", err)
	}
}

func TestADigestIsOfTheEncipheredBytes(t *testing.T) {
	c := newCipher(t, testKey)
	data := c.Encrypt(testDay, []byte(`{"parkCode":"1","remark":"a text of some length, in base64 longer than one line"}`))
	open := func(body string) string {
		t.Helper()
		opened, err := c.Open([]byte(body), testOptions())
		if err != nil {
			t.Fatalf("Open(%s): %v", body, err)
		}
		return opened.Digest
	}
	want := open(`{"data":"` + data + `"}`)
	if len(want) != 64 {
		t.Errorf("digest = %q, want 64 hexadecimal digits", want)
	}
	same := map[string]string{
		"in lines":          `{"data":"` + data[:76] + `\r\n` + data[76:] + `"}`,
		"without padding":   `{"data":"` + strings.TrimRight(data, "=") + `"}`,
		"in a form":         "data=" + strings.ReplaceAll(data, "+", " "),
		"with other fields": `{"x":1,"data":"` + data + `"}`,
	}
	for name, body := range same {
		if got := open(body); got != want {
			t.Errorf("digest of the same bytes %s = %s, want %s", name, got, want)
		}
	}
	for name, body := range map[string]string{
		"another text": `{"data":"` + c.Encrypt(testDay, []byte(`{"parkCode":"2"}`)) + `"}`,
		"another day":  `{"data":"` + c.Encrypt(testDay.Add(1), []byte(`{"parkCode":"1","remark":"a text of some length, in base64 longer than one line"}`)) + `"}`,
	} {
		if got := open(body); got == want || got == "" {
			t.Errorf("digest of %s = %q, want one of its own", name, got)
		}
	}
	if got := open("{}"); got != "" {
		t.Errorf("digest of nothing = %q, want none", got)
	}
}

func TestNothingMeansNoParameters(t *testing.T) {
	c := newCipher(t, testKey)
	bodies := []string{"", " \r\n", "{}", `{"data":null}`, `{"data":""}`, "data=", `{"other":1}`}
	bare := len(bodies) // these are not encrypted
	for _, text := range []string{"", "{}", " {} ", "null", `""`, "  "} {
		for _, day := range []Day{testDay.Add(-1), testDay, testDay.Add(1)} {
			bodies = append(bodies, `{"data":"`+c.Encrypt(day, []byte(text))+`"}`)
		}
	}
	for i, body := range bodies {
		opened, err := c.Open([]byte(body), testOptions())
		if err != nil || string(opened.JSON) != "{}" || opened.Sealed != (i >= bare) {
			t.Errorf("Open(%s) = %s, sealed %v, %v, want {}, %v", body, opened.JSON, opened.Sealed, err, i >= bare)
		}
	}
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	c := newCipher(t, testKey)
	data := c.Encrypt(testDay, []byte(`{"parkCode":"1"}`))
	for _, body := range []string{
		"hello", "[]", `"data"`, "foo=bar", "data=%zz", `{"data":5}`, `{"data":{}}`, `{"data":"` + data, `{"data":"` + data + `"} extra`,
		`{"data":"` + data + `"}{}`, `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "<xml/>",
	} {
		if _, err := c.Open([]byte(body), testOptions()); !errors.Is(err, ErrBody) {
			t.Errorf("Open(%.60s) error = %v, want ErrBody", body, err)
		}
	}
}

func TestDataThatCannotBeReadTellsNothing(t *testing.T) {
	c := newCipher(t, testKey)
	texts := map[string]string{
		"an unknown first key":      `{"nonsense":"1"}`,
		"an array":                  `["parkCode"]`,
		"plain words":               `parkCode=1`,
		"JSON that breaks off":      `{"parkCode":"1"`,
		"a second value":            `{"parkCode":"1"}{"a":1}`,
		"trailing garbage":          `{"parkCode":"1"} x`,
		"JSON nested a hundredfold": `{"parkCode":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			_, err := c.Open([]byte(`{"data":"`+c.Encrypt(testDay, []byte(text))+`"}`), testOptions())
			if !errors.Is(err, ErrData) || err.Error() != ErrData.Error() {
				t.Errorf("error = %v, want ErrData and nothing else", err)
			}
		})
	}
	t.Run("another key", func(t *testing.T) {
		data := newCipher(t, "another-key-24-character").Encrypt(testDay, []byte(`{"parkCode":"1"}`))
		if _, err := c.Open([]byte(`{"data":"`+data+`"}`), testOptions()); !errors.Is(err, ErrData) {
			t.Errorf("error = %v, want ErrData", err)
		}
	})
}

func TestJSONAtTheDepthLimitIsRead(t *testing.T) {
	c := newCipher(t, testKey)
	text := `{"parkCode":` + strings.Repeat("[", MaxDepth-1) + strings.Repeat("]", MaxDepth-1) + `}`
	if _, err := c.Open([]byte(`{"data":"`+c.Encrypt(testDay, []byte(text))+`"}`), testOptions()); err != nil {
		t.Errorf("Open: %v", err)
	}
}

func TestTheClientsDateMayBeADayOff(t *testing.T) {
	c := newCipher(t, testKey)
	for _, now := range []time.Time{testNow, time.Date(2018, 12, 31, 1, 0, 0, 0, time.UTC), time.Date(2019, 1, 1, 1, 0, 0, 0, time.UTC), time.Date(2020, 2, 29, 1, 0, 0, 0, time.UTC)} {
		for _, r := range Routes() {
			for _, p := range r.Params {
				text := fmt.Sprintf(`{%q:"京A12345"}`, p)
				for offset := -1; offset <= 1; offset++ {
					day := DayOf(now, time.UTC).Add(offset)
					data := c.Encrypt(day, EncodeText(GBK, []byte(text)))
					opened, err := c.Open([]byte(`{"data":"`+data+`"}`), OpenOptions{Now: now, Params: r.Params})
					if err != nil || opened.DayOffset != offset || string(opened.JSON) != text {
						t.Errorf("%s %s: Open = %s, day %d, %v, want %s, day %d", r.Name, day, opened.JSON, opened.DayOffset, err, text, offset)
					}
				}
			}
		}
	}
}

func TestAWrongDateIsToldToTheLogOnly(t *testing.T) {
	c := newCipher(t, testKey)
	for _, text := range []string{`{"parkCode":"1","plateNo":"京A12345"}`, "{\r\n  \"cardNo\": \"1\"}", `{"tel":"138"}`, `{ "plateNo":"1"}`} {
		data := c.Encrypt("20190101", EncodeText(GBK, []byte(text)))
		_, err := c.Open([]byte(`{"data":"`+data+`"}`), testOptions())
		var dataErr *DataError
		if !errors.As(err, &dataErr) {
			t.Fatalf("error = %v, want a DataError", err)
		}
		if dataErr.Implied != "20190101" || dataErr.Today != testDay {
			t.Errorf("%s: implied %q, today %q, want 20190101 and %s", text, dataErr.Implied, dataErr.Today, testDay)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Warn("request refused", "err", dataErr)
		if !strings.Contains(log.String(), "20190101") {
			t.Errorf("the log lacks the date: %s", &log)
		}
		for _, language := range []string{"zh-CN", "en"} {
			if public := err.Error() + Message(err, language); strings.Contains(public, "2019") {
				t.Errorf("the public text has a date: %s", public)
			}
		}
	}
}

func TestAPinnedClientIsNotGuessed(t *testing.T) {
	c := newCipher(t, testKey)
	text := []byte(`{"parkCode":"1","plateNo":"京A12345"}`)
	opt := testOptions()
	opt.Pin = UTF8
	opened, err := c.Open([]byte(`{"data":"`+c.Encrypt(testDay, text)+`"}`), opt)
	if err != nil || !bytes.Equal(opened.JSON, text) || opened.Charset != UTF8 {
		t.Errorf("Open = %s in %s, %v", opened.JSON, opened.Charset, err)
	}
	opt.Pin = GBK
	opened, err = c.Open([]byte(`{"data":"`+c.Encrypt(testDay, text)+`"}`), opt)
	if err != nil || bytes.Equal(opened.JSON, text) || opened.Charset != GBK {
		t.Errorf("Open pinned to GBK = %s in %s, %v, want it read as GBK", opened.JSON, opened.Charset, err)
	}
}

func TestOpenRequestLimitsTheBody(t *testing.T) {
	c := newCipher(t, testKey)
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{"data":"`+strings.Repeat("A", MaxBody)+`"}`))
	if _, err := c.OpenRequest(r, testOptions()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v, want ErrTooLarge", err)
	}
	r = httptest.NewRequest("POST", "/", iotest.ErrReader(errors.New("gone")))
	if _, err := c.OpenRequest(r, testOptions()); !errors.Is(err, ErrBody) {
		t.Errorf("error = %v, want ErrBody", err)
	}
	r = httptest.NewRequest("POST", "/", strings.NewReader(`{"data":"`+c.Encrypt(testDay, []byte(`{"parkCode":"1"}`))+`"}`))
	if opened, err := c.OpenRequest(r, testOptions()); err != nil || string(opened.JSON) != `{"parkCode":"1"}` {
		t.Errorf("OpenRequest = %s, %v", opened.JSON, err)
	}
}

func TestWhatIsSealedOpens(t *testing.T) {
	c := newCipher(t, testKey)
	rapid.Check(t, func(t *rapid.T) {
		charset := rapid.SampledFrom([]Charset{GBK, UTF8}).Draw(t, "charset")
		message := struct {
			ParkCode string `json:"parkCode"`
			PlateNo  string `json:"plateNo"`
			Remark   string `json:"remark"`
		}{"1", rapid.SampledFrom(plates()).Draw(t, "plate"), anyText(t, "remark")}
		offset := rapid.IntRange(-1, 1).Draw(t, "day")
		body, err := c.Seal(message, testDay.Add(offset), charset)
		if err != nil {
			t.Fatal(err)
		}
		opt := testOptions()
		opt.Pin = charset
		opened, err := c.Open(body, opt)
		if err != nil {
			t.Fatal(err)
		}
		if opened.DayOffset != offset {
			t.Fatalf("DayOffset = %d, want %d", opened.DayOffset, offset)
		}
		got := message
		got.PlateNo, got.Remark = "", ""
		if err := DecodeFields(opened.JSON, &got); err != nil {
			t.Fatal(err)
		}
		if strings.Trim(message.Remark, " ") == "" {
			got.Remark = message.Remark // absent
		}
		if got != message {
			t.Fatalf("got %+v, want %+v", got, message)
		}
	})
}

func FuzzOpen(f *testing.F) {
	c := newCipher(f, testKey)
	f.Add([]byte(`{"data":"` + c.Encrypt(testDay, []byte(`{"parkCode":"1"}`)) + `"}`))
	f.Add([]byte("data=" + url.QueryEscape(c.Encrypt(testDay, EncodeText(GBK, []byte(`{"plateNo":"豫A12345"}`))))))
	f.Add([]byte(`{"data":null}`))
	f.Add([]byte("\xEF\xBB\xBF"))
	f.Fuzz(func(t *testing.T, body []byte) {
		opened, err := c.Open(body, testOptions())
		if err != nil {
			if !errors.Is(err, ErrBody) && !errors.Is(err, ErrData) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("error of an unknown kind: %v", err)
			}
			return
		}
		if err := checkObject(opened.JSON); err != nil {
			t.Errorf("Open returned %q: %v", opened.JSON, err)
		}
	})
}

// FuzzOpenText fuzzes what lies under the encryption, where a client with the
// right key can put anything.
func FuzzOpenText(f *testing.F) {
	c := newCipher(f, testKey)
	f.Add([]byte(`{"parkCode":"1","plateNo":"豫A12345"}`))
	f.Add([]byte("{\"parkCode\":\"\xD4\xA5A12345\"}"))
	f.Add([]byte(`{"parkCode":[[[{}]]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		opened, err := c.Open([]byte(`{"data":"`+c.Encrypt(testDay, text)+`"}`), testOptions())
		if err != nil {
			return
		}
		if err := checkObject(opened.JSON); err != nil {
			t.Errorf("Open returned %q: %v", opened.JSON, err)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	c := newCipher(b, testKey)
	body := []byte(`{"data":"` + c.Encrypt(testDay, EncodeText(GBK, []byte(`{"parkCode":"1","plateNo":"豫A12345"}`))) + `"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Open(body, testOptions()); err != nil {
			b.Fatal(err)
		}
	}
}
