package fields

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/jpeg"
	"maps"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"parkagent/drivers/camera"
)

func TestEveryFormBecomesTextsByPath(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(`{"plate":"粤B12345"}`)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		read func([]byte) (Fields, error)
		body string
		want Fields
	}{
		{"objects within each other", JSON, `{"a":{"b":{"c":"x"}}}`, Fields{"a.b.c": "x"}},
		{"numbers as written, yes and no as words", JSON, `{"n":1.50,"big":9007199254740993,"yes":true,"no":false}`,
			Fields{"n": "1.50", "big": "9007199254740993", "yes": "true", "no": "false"}},
		{"null is not there", JSON, `{"a":null,"b":""}`, Fields{"b": ""}},
		{"a list, whose first needs no number", JSON, `{"e":[{"c":"x"},{"c":"y"}],"box":[1,2]}`,
			Fields{"e.c": "x", "e[1].c": "y", "box": "1", "box[1]": "2"}},
		{"a list at the top", JSON, `[{"c":"x"},{"c":"y"}]`, Fields{"c": "x", "[1].c": "y"}},
		{"the first of two under one name", JSON, `{"a":"x","a":"y"}`, Fields{"a": "x"}},
		{"JSON in GBK", JSON, gbk, Fields{"plate": "粤B12345"}},
		{"JSON after a byte order mark", JSON, "\xEF\xBB\xBF{\"a\":1}", Fields{"a": "1"}},

		{"XML below its root", XML, `<?xml version="1.0"?><r><a><b> x </b></a></r>`, Fields{"a.b": "x"}},
		{"XML without its namespaces", XML, `<n:r xmlns:n="u" xmlns="v"><n:a n:i="7">x</n:a></n:r>`, Fields{"a": "x", "a.@i": "7"}},
		{"an attribute of the root", XML, `<r id="3"/>`, Fields{"@id": "3"}},
		{"elements of one name", XML, `<r><p>x</p><p>y</p><q><z>1</z></q><q><z>2</z></q></r>`,
			Fields{"p": "x", "p[1]": "y", "q.z": "1", "q[1].z": "2"}},
		{"XML that names another charset", XML, `<?xml version="1.0" encoding="GB2312"?><r><p>粤B12345</p></r>`, Fields{"p": "粤B12345"}},

		{"a form", Form, "type=online&plate=%E7%B2%A4B12345&pic=a%2Bb+c", Fields{"type": "online", "plate": "粤B12345", "pic": "a+b c"}},
		{"a form in GBK", Form, "plate=%D4%C1B12345", Fields{"plate": "粤B12345"}},
		{"a form with a key alone", Form, "a&b=", Fields{"a": "", "b": ""}},

		{"lines", Lines, "Events[0].Code=TrafficJunction\r\nEvents[0].TrafficCar.PlateNumber=粤B12345\r\nnonsense\r\n",
			Fields{"Events.Code": "TrafficJunction", "Events.TrafficCar.PlateNumber": "粤B12345"}},
		{"a line whose value has an equals sign", Lines, "a = b=c", Fields{"a": "b=c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.read([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("fields differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsBrokenOrTooMuchIsRefused(t *testing.T) {
	deep := func(open, inner, end string) string {
		return strings.Repeat(open, camera.MaxNesting+1) + inner + strings.Repeat(end, camera.MaxNesting+1)
	}
	tests := []struct {
		name   string
		read   func([]byte) (Fields, error)
		body   string
		status int
	}{
		{"no JSON", JSON, "hello", http.StatusBadRequest},
		{"nothing as JSON", JSON, "", http.StatusBadRequest},
		{"a bare text", JSON, `"text"`, http.StatusBadRequest},
		{"JSON cut in the middle", JSON, `{"a":{"b":"x"`, http.StatusBadRequest},
		{"more than one JSON", JSON, `{"a":1} {"b":2}`, http.StatusBadRequest},
		{"JSON too deep", JSON, deep("[", "1", "]"), http.StatusBadRequest},
		{"too many values of JSON", JSON, "[" + strings.Repeat("1,", 5000) + "1]", http.StatusRequestEntityTooLarge},
		{"too many empty objects", JSON, "[" + strings.Repeat("{},", 5000) + "{}]", http.StatusRequestEntityTooLarge},
		{"too many nulls", JSON, "[" + strings.Repeat("null,", 5000) + "null]", http.StatusRequestEntityTooLarge},
		{"a name without end", JSON, `{"` + strings.Repeat("a", 1000) + `":1}`, http.StatusRequestEntityTooLarge},
		{"too much text", JSON, `["` + strings.Repeat(strings.Repeat("a", 60000)+`","`, 20) + `"]`, http.StatusRequestEntityTooLarge},
		{"a picture too large", JSON, `{"p":"` + strings.Repeat("a", 13<<20) + `"}`, http.StatusRequestEntityTooLarge},
		{"no XML", XML, "hello", http.StatusBadRequest},
		{"XML without an end", XML, "<r><a>", http.StatusBadRequest},
		{"two roots", XML, "<r/><r/>", http.StatusBadRequest},
		{"XML too deep", XML, deep("<a>", "", "</a>"), http.StatusBadRequest},
		{"too many elements", XML, "<r>" + strings.Repeat("<a/>", 5000) + "</r>", http.StatusRequestEntityTooLarge},
		{"too many attributes", XML, "<r" + strings.Repeat(` a=""`, 1<<20) + "/>", http.StatusRequestEntityTooLarge},
		{"an entity of its own", XML, `<!DOCTYPE r [<!ENTITY a "aaaa">]><r>&a;</r>`, http.StatusBadRequest},
		{"an empty form", Form, "", http.StatusBadRequest},
		{"a broken escape", Form, "a=%zz", http.StatusBadRequest},
		{"too many keys", Form, strings.Repeat("a&", 5000), http.StatusRequestEntityTooLarge},
		{"too many lines", Lines, strings.Repeat("a=b\n", 5000), http.StatusRequestEntityTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.read([]byte(tt.body))
			if status, _ := camera.Status(err); err == nil || status != tt.status {
				t.Errorf("error = %v with status %d, want status %d", err, status, tt.status)
			}
		})
	}
}

func TestTextsAreReadAsNeeded(t *testing.T) {
	f := Fields{"e.code": " x ", "on": "TRUE", "off": "0", "n": "12", "half": "97.5", "huge": "1e300", "empty": ""}
	if got := f.Text("e[0].code"); got != "x" {
		t.Errorf("Text = %q, want x", got)
	}
	if got := f.First("none", "empty", "n"); got != "12" {
		t.Errorf("First = %q, want 12", got)
	}
	if !f.Has("empty") || f.Has("none") {
		t.Error("Has mixes up empty and absent")
	}
	for path, want := range map[string][2]bool{"on": {true, true}, "off": {false, true}, "e.code": {false, false}, "none": {false, false}} {
		if v, there := f.Bool(path); v != want[0] || there != want[1] {
			t.Errorf("Bool(%s) = %v, %v, want %v", path, v, there, want)
		}
	}
	for path, want := range map[string]int64{"n": 12, "half": 97} {
		if n, ok := f.Int(path); !ok || n != want {
			t.Errorf("Int(%s) = %d, %v, want %d", path, n, ok, want)
		}
	}
	for _, path := range []string{"huge", "empty", "on"} {
		if n, ok := f.Int(path); ok {
			t.Errorf("Int(%s) = %d, want none", path, n)
		}
	}
}

// picture returns a JPEG whose header holds a small picture of its own, as
// cameras write it.
func picture(t testing.TB, width int) []byte {
	t.Helper()
	var small, whole bytes.Buffer
	if err := jpeg.Encode(&small, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&whole, image.NewGray(image.Rect(0, 0, width, 8)), nil); err != nil {
		t.Fatal(err)
	}
	app1 := append([]byte{0xFF, 0xE1, byte((small.Len() + 2) >> 8), byte(small.Len() + 2)}, small.Bytes()...)
	return append(append([]byte{0xFF, 0xD8}, app1...), whole.Bytes()[2:]...)
}

func TestPicturesAreFoundInEveryBase64(t *testing.T) {
	one, two := picture(t, 16), picture(t, 32)
	std := base64.StdEncoding.EncodeToString(one)
	var wrapped strings.Builder
	for i := 0; i < len(std); i += 76 {
		wrapped.WriteString("  " + std[i:min(i+76, len(std))] + "\r\n")
	}
	tests := []struct {
		name, text string
		want       [][]byte
	}{
		{"as it should be", std, [][]byte{one}},
		{"for addresses", base64.URLEncoding.EncodeToString(one), [][]byte{one}},
		{"without padding", base64.RawStdEncoding.EncodeToString(one), [][]byte{one}},
		{"with dots for padding", strings.NewReplacer("+", "-", "/", "_", "=", ".").Replace(std), [][]byte{one}},
		{"with a plus that became a space", strings.ReplaceAll(std, "+", " "), [][]byte{one}},
		{"in indented lines", wrapped.String(), [][]byte{one}},
		{"as a data address", "data:image/jpeg;base64," + std, [][]byte{one}},
		{"two in one", base64.StdEncoding.EncodeToString(append(bytes.Clone(one), two...)), [][]byte{one, two}},
		{"something behind it", base64.StdEncoding.EncodeToString(append(bytes.Clone(one), 0, 0, 0)), [][]byte{one}},
		{"no JPEG", base64.StdEncoding.EncodeToString([]byte("GIF89a")), nil},
		{"no base64", "http://camera/a.jpg", nil},
		{"nothing", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Pictures(tt.text)); diff != "" {
				t.Errorf("pictures differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPictureWithoutAnEndEndsBeforeTheNext(t *testing.T) {
	one, two := picture(t, 16), picture(t, 32)
	cut := one[:len(one)-2]
	got := SplitJPEG(append(bytes.Clone(cut), two...))
	if diff := cmp.Diff([][]byte{cut, two}, got); diff != "" {
		t.Errorf("pictures differ (-want +got):\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"Picture":{"Plate":{"PlateNumber":"粤B12345","Confidence":97,"BoundingBox":[0,0]}}}`,
		`<?xml version="1.0" encoding="GB2312"?><r a="1"><b xmlns="u">x</b><b/></r>`,
		"type=online&plate_num=%D4%C1B12345&picture=_9j_",
		"Events[0].Code=TrafficJunction\r\nEvents[1].UTC=1706625295\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, read := range map[string]func([]byte) (Fields, error){"JSON": JSON, "XML": XML, "Form": Form, "Lines": Lines} {
			got, err := read(body)
			var push *camera.PushError
			if err != nil && (!errors.As(err, &push) || push.Status < 400 || push.Status > 499) {
				t.Fatalf("%s: error = %v, want a PushError that blames the sender", name, err)
			}
			if err != nil && got != nil {
				t.Fatalf("%s: fields and an error", name)
			}
			again, _ := read(body)
			if !maps.Equal(got, again) {
				t.Fatalf("%s: read twice, got two things", name)
			}
			for path := range got {
				if !got.Has(path) {
					t.Fatalf("%s: path %q is not found again", name, path)
				}
			}
		}
	})
}

func FuzzSplitJPEG(f *testing.F) {
	f.Add(append(picture(f, 16), picture(f, 32)...))
	f.Add([]byte{0xFF, 0xD8, 0xFF, 0xE1, 0xFF})
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		for i, file := range SplitJPEG(data) {
			if !camera.IsJPEG(file) || !bytes.Equal(file, data[total:total+len(file)]) {
				t.Fatalf("file %d is no piece of the data that begins like a JPEG", i)
			}
			total += len(file)
		}
		if camera.IsJPEG(data) && total == 0 {
			t.Fatal("a JPEG was lost")
		}
	})
}

func TestAHostileBodyGrowsLittle(t *testing.T) {
	const size = 8 << 20
	fill := func(open, piece, end string) []byte {
		return []byte(open + strings.Repeat(piece, (size-len(open)-len(end))/len(piece)) + end)
	}
	tests := []struct {
		name string
		read func([]byte) (Fields, error)
		body []byte
	}{
		{"empty objects", JSON, fill("[", "{},", "{}]")},
		{"one long text", JSON, fill(`["`, "a", `"]`)},
		{"keys", JSON, fill("{", `"a":1,`, `"a":1}`)},
		{"escapes", JSON, fill(`["`, `\u4e00`, `"]`)},
		{"elements", XML, fill("<r>", "<a/>", "</r>")},
		{"attributes", XML, fill("<r", ` a=""`, "/>")},
		{"one long element", XML, fill("<r><a>", "a", "</a></r>")},
		{"pairs", Form, fill("", "a=b&", "")},
		{"lines", Lines, fill("", "a=b\n", "")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			grown := testing.AllocsPerRun(1, func() { _, _ = tt.read(tt.body) })
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _ = tt.read(tt.body)
			runtime.ReadMemStats(&after)
			if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 8*size || grown > 100_000 {
				t.Errorf("%d bytes in %.0f pieces for a body of %d", bytes, grown, size)
			}
		})
	}
}
