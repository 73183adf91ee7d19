package protocol

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// plates returns realistic plates that between them hold every character a
// plate can have beyond letters and digits.
func plates() []string {
	plates := []string{
		"使014578", "使224001", "沪A1234领", "领224001", "京A1234使", "粤Z1234港", "粤Z5678澳", "空818494",
		"临A12345", "京临A12345", "WJ京12345", "WJ01警1234", "民航A1234", "豫A12345", "鲁B12345", "云AD12345", "豫A·D12345", "鲁q123ab",
	}
	for _, p := range provinces {
		s := string(p)
		plates = append(plates, s+"A12345", s+"D02000", s+"B88Z88", s+"C123F5", s+"AD12345", s+"F12345D")
		for _, suffix := range specials {
			plates = append(plates, s+"A1234"+string(suffix), s+"K00X9"+string(suffix))
		}
	}
	return plates
}

// surroundings are texts in which a plate (%) comes, as clients write them.
var surroundings = []string{
	`{"plateNo":"%"}`,
	`{"parkCode":"1","plateNo":"%","cardNo":""}`,
	`{"parkCode":"1","useName":"张三","plateNo":"%"}`,
	`{"useName":"欧阳娜娜","plateDetails":"[{\"plateNo\":\"%\",\"etcNo\":\"\"}]","remark":"业主"}`,
	`{"useName":"王","plateNo":"%","roomId":"3栋1单元"}`,
	`{"showInfo":"欢迎 %|请通行"}`,
	`{"showInfo":"%欢迎光临"}`,
	`{"showInfo":"一路顺风%"}`,
	`{"remark":"学使领警挂港澳临空豫鲁","plateNo":"%"}`,
}

func TestEveryPlateSurvivesInEitherCharset(t *testing.T) {
	for _, plate := range plates() {
		for _, around := range surroundings {
			text := bytes.ReplaceAll([]byte(around), []byte("%"), []byte(plate))
			for _, charset := range []Charset{GBK, UTF8} {
				// What the client sent before must not sway a plate.
				last := map[Charset]Charset{GBK: UTF8, UTF8: GBK}[charset]
				guess, got := GuessCharset(EncodeText(charset, text), last)
				if guess != charset || !bytes.Equal(got, text) {
					t.Errorf("%s in %s after %q is read as %s in %s", text, charset, last, got, guess)
				}
			}
		}
	}
}

func TestTheBeginningOfAPlateSurvivesInEitherCharset(t *testing.T) {
	for _, p := range provinces + specials {
		for _, rest := range []string{"", "A", "A1", "B123"} {
			text := []byte(`{"parkCode":"1","plateNo":"` + string(p) + rest + `"}`)
			for _, charset := range []Charset{GBK, UTF8} {
				if guess, got := GuessCharset(EncodeText(charset, text), ""); guess != charset || !bytes.Equal(got, text) {
					t.Errorf("%s in %s is read as %s in %s", text, charset, got, guess)
				}
			}
		}
	}
}

func TestCharsetDecision(t *testing.T) {
	tests := []struct {
		name string
		text []byte
		last Charset
		want Charset
	}{
		{"plain ASCII says nothing and keeps what was known", []byte(`{"plateNo":"A12345"}`), UTF8, UTF8},
		{"plain ASCII from an unknown client is GBK", []byte(`{"plateNo":"A12345"}`), "", GBK},
		{"a text valid in both goes by what the client sent before", []byte(`{"remark":"张三"}`), UTF8, UTF8},
		{"a text valid in both from an unknown client is GBK", []byte(`{"remark":"张三"}`), "", GBK},
		{"a plate outweighs what the client sent before", []byte(`{"plateNo":"京A11113"}`), GBK, UTF8},
		{"damage outweighs what the client sent before", EncodeText(GBK, []byte(`{"remark":"张三"}`)), UTF8, GBK},
		{"a text that is damaged as GBK is UTF-8", []byte(`{"remark":"张"}`), GBK, UTF8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := GuessCharset(tt.text, tt.last); got != tt.want {
				t.Errorf("GuessCharset = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestGBKBytesAreThoseOfCodePage936(t *testing.T) {
	tests := []struct{ text, want string }{
		{`"京"`, "\"\xBE\xA9\""},
		{`"豫鲁使学"`, "\"\xD4\xA5\xC2\xB3\xCA\xB9\xD1\xA7\""},
		{`"喆堃"`, "\"\x86\xB4\x88\xD2\""}, // beyond GB2312, within GBK
		{`"㛃"`, `"\u36c3"`},              // GB18030 only
		{`"𬭎"`, `"\ud872\udf4e"`},        // beyond the BMP
		{`"🚗"`, `"\ud83d\ude97"`},
		{`"ǹ䶮"`, `"\u01f9\u4dae"`}, // the web's GBK has them, code page 936 has not
		{`"€"`, `"\u20ac"`},
		{"\"\xFF\"", `"\ufffd"`},
	}
	for _, tt := range tests {
		if got := string(EncodeText(GBK, []byte(tt.text))); got != tt.want {
			t.Errorf("EncodeText(%s) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestParseCharset(t *testing.T) {
	for name, want := range map[string]Charset{"gbk": GBK, "GB2312": GBK, "gb18030": GBK, "UTF-8": UTF8, "utf8": UTF8} {
		if got, err := ParseCharset(name); err != nil || got != want {
			t.Errorf("ParseCharset(%s) = %s, %v, want %s", name, got, err, want)
		}
	}
	if _, err := ParseCharset("hz-gb-2312"); err == nil {
		t.Errorf("ParseCharset accepted hz-gb-2312")
	}
}

// anyText draws text of all kinds of characters, GBK's and others'.
func anyText(t *rapid.T, label string) string {
	runes := rapid.OneOf(
		rapid.RuneFrom([]rune("ABC019 \\\"{}[]")),
		rapid.RuneFrom([]rune(provinces+specials+"张欧阳喆堃㛃䶮𬭎🚗€ǹ")),
		rapid.Rune(),
	)
	return rapid.StringOf(runes).Draw(t, label)
}

func TestNoTextIsLostInEitherCharset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyText(t, "text")
		charset := rapid.SampledFrom([]Charset{GBK, UTF8}).Draw(t, "charset")
		encoded, err := marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		decoded := DecodeText(charset, EncodeText(charset, encoded))
		var got string
		if err := json.Unmarshal(decoded, &got); err != nil {
			t.Fatalf("read %q: %v", decoded, err)
		}
		if got != text {
			t.Fatalf("got %q, want %q", got, text)
		}
	})
}

func FuzzGuessCharset(f *testing.F) {
	for _, plate := range plates()[:40] {
		text := []byte(`{"plateNo":"` + plate + `"}`)
		f.Add(EncodeText(GBK, text), "")
		f.Add(text, "gbk")
	}
	f.Fuzz(func(t *testing.T, text []byte, last string) {
		if !slices.Contains([]string{"", "gbk", "utf-8"}, last) {
			return
		}
		charset, decoded := GuessCharset(text, Charset(last))
		if charset != GBK && charset != UTF8 {
			t.Errorf("charset = %q", charset)
		}
		if !utf8.Valid(decoded) {
			t.Errorf("text is no UTF-8: %q", decoded)
		}
		if isASCII(text) && !bytes.Equal(text, decoded) {
			t.Errorf("ASCII text changed: %q", decoded)
		}
	})
}
