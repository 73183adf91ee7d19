package protocol

import (
	"testing"
	"time"
)

func TestGoldenVectorsOfTheDocument(t *testing.T) {
	tests := []struct{ key, day, text, data string }{
		{"693207DB8148FBC9D8410179", "20190225", `{"parkCode":"1","plateNo":"京A11113"}`, "0edFaLw+X+9J2LHbzKQa0zo3RGmHII0JXoSLu19d+/pvYydg1qZV5A=="},
		{"F7A0B971B199FD2A1017CEC5", "20160120", `{"plateNo":"A12345"}`, "DkTwRsUUza33A8/TvrocXI3r+Az1T7bt"},
	}
	for _, tt := range tests {
		c, err := NewCipher(tt.key)
		if err != nil {
			t.Fatalf("NewCipher: %v", err)
		}
		if got := c.Encrypt(Day(tt.day), EncodeText(GBK, []byte(tt.text))); got != tt.data {
			t.Errorf("Encrypt(%s) = %s, want %s", tt.text, got, tt.data)
		}
		plain, err := c.Decrypt(Day(tt.day), tt.data)
		if err != nil {
			t.Fatalf("Decrypt: %v", err)
		}
		if got := string(DecodeText(GBK, plain)); got != tt.text {
			t.Errorf("Decrypt = %s, want %s", got, tt.text)
		}
		now, err := time.Parse(dayLayout, tt.day)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := c.Open([]byte(`{"data":"`+tt.data+`"}`), OpenOptions{Now: now, Params: []string{"parkCode", "plateNo"}})
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		if got := string(opened.JSON); got != tt.text {
			t.Errorf("Open = %s, want %s", got, tt.text)
		}
	}
}

// The data was made with openssl and iconv; see seal.sh of the downlink's tests.
func TestGoldenVectorsOfOpenSSL(t *testing.T) {
	tests := []struct {
		name, key, text, data string
		charset               Charset
	}{
		{"a key of 16, GBK beyond GB2312", "0123456789abcdef", `{"plateNo":"豫A12345","useName":"张喆"}`, "gbuqGtCBiiBpiGKXglsxQ+9Ho6iQG3rJzxOXIdbM2iijYMXbHr3CYg==", GBK},
		{"UTF-8", testKey, `{"plateNo":"鲁B1234学"}`, "IgJdGVrb/r5ebu3c/Ujaqf9eDTHMjR2Qj26voefqj8w=", UTF8},
		{"nothing", testKey, "", "3/zZ31dvGgg=", GBK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCipher(t, tt.key)
			if got := c.Encrypt("20240229", EncodeText(tt.charset, []byte(tt.text))); got != tt.data {
				t.Errorf("Encrypt = %s, want %s", got, tt.data)
			}
			now := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
			opened, err := c.Open([]byte(`{"data":"`+tt.data+`"}`), OpenOptions{Now: now, Params: []string{"parkCode", "plateNo"}})
			want := tt.text
			if want == "" {
				want = "{}"
			}
			if err != nil || string(opened.JSON) != want || opened.Charset != tt.charset {
				t.Errorf("Open = %s in %s, %v, want %s in %s", opened.JSON, opened.Charset, err, want, tt.charset)
			}
		})
	}
}
