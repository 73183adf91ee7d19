package frame

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"parkagent/drivers"
)

func TestHuaxiaFramesAreTheRecordedOnes(t *testing.T) {
	phrases := HuaxiaPhrases()
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"a spoken request to pay (recorded)", HuaxiaVoice(0x01, 0x64, Spell("请缴费", phrases, 100)),
			"AA 55 01 64 00 22 00 01 0B 07 76 AF"},
		{"a spoken plate and welcome (recorded)", HuaxiaVoice(0x1F, 0x64, Spell("粤B12345,欢迎光临", phrases, 100)),
			"AA 55 1F 64 00 22 00 09 D4 C1 42 31 32 33 34 35 01 2A A6 AF"},
		{"a text for good on the top line (recorded)", HuaxiaText(0x01, 0x64, Line{Text: "停车测试"}),
			"AA 55 01 64 00 27 00 0C 01 00 01 00 CD A3 B3 B5 B2 E2 CA D4 B1 67 AF"},
		{"the same with another number (recorded)", HuaxiaText(0x05, 0x64, Line{Text: "正在洗车"}),
			"AA 55 05 64 00 27 00 0C 01 00 01 00 D5 FD D4 DA CF B4 B3 B5 42 74 AF"},
		{"ten seconds of a plate in red (built)", HuaxiaText(0x01, 0x64, Line{Text: "粤B12345", Seconds: 10}),
			"AA 55 01 64 00 27 00 0C 01 0A 01 00 D4 C1 42 31 32 33 34 35 EF 97 AF"},
		{"all four lines cancelled (built)", HuaxiaCancel(0x01, 0x64, 4),
			"AA 55 01 64 00 21 00 01 0F F5 37 AF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if want := frameOf(t, tt.want); !bytes.Equal(tt.got, want) {
				t.Errorf("frame = % X, want % X", tt.got, want)
			}
		})
	}
}

func TestHuaxiaTextCarriesRowColorAndAddress(t *testing.T) {
	got := HuaxiaText(0xFF, 0x07, Line{Row: 3, Text: "A", Color: drivers.Yellow, Seconds: 255})
	if want := frameOf(t, "AA 55 FF 07 00 27 00 05 04 FF 03 00 41"); !bytes.HasPrefix(got, want) {
		t.Errorf("frame = % X, want it to begin with % X", got, want)
	}
	if green := HuaxiaText(0, 0, Line{Text: "A", Color: drivers.Green}); green[10] != 2 {
		t.Errorf("colour byte of green = %02X, want 02", green[10])
	}
}

func TestWordsAreSpelledAsTheCardHasThem(t *testing.T) {
	with := func(more map[string]byte) map[string]byte {
		phrases := HuaxiaPhrases()
		for k, v := range more {
			phrases[k] = v
		}
		return phrases
	}
	point := with(map[string]byte{"点": 0x2E})
	numbers := with(map[string]byte{"点": 0x2E, "十": 0x3A, "百": 0x3B, "千": 0x3C})
	tests := []struct {
		name, text string
		phrases    map[string]byte
		want       string
	}{
		{"100 by a card that has figures alone", "请缴费100元", with(nil), "0B 31 30 30 2D"},
		{"1000 by one", "请缴费1000元", point, "0B 31 30 30 30 2D"},
		{"0.05 by one", "请缴费0.05元", point, "0B 30 2E 30 35 2D"},
		{"12.5 by one that has numerals", "请缴费12.5元", numbers, "0B 3A 32 2E 35 2D"},
		{"100 by one", "请缴费100元", numbers, "0B 31 3B 2D"},
		{"0.05 by one, too", "请缴费0.05元", numbers, "0B 30 2E 30 35 2D"},
		{"1000 by one, too", "请缴费1000元", numbers, "0B 31 3C 2D"},
		{"10 by one", "请缴费10元", numbers, "0B 3A 2D"},
		{"110 by one", "请缴费110元", numbers, "0B 31 3B 31 3A 2D"},
		{"1005.5 by one", "请缴费1005.5元", numbers, "0B 31 3C 30 35 2E 35 2D"},
		{"1050 by one", "请缴费1050元", numbers, "0B 31 3C 30 35 3A 2D"},
		{"2222 by one", "请缴费2222元", numbers, "0B 32 3C 32 3B 32 3A 32 2D"},
		{"12345 by one, whose words end below", "请缴费12345元", numbers, "0B 31 32 33 34 35 2D"},
		{"what is no number by one", "请缴费1.2.3元 007元", numbers, "0B 31 2E 32 2E 33 2D 30 30 37 2D"},
		{"an embassy's plate", "使014578,谢谢", with(nil), "CA B9 30 31 34 35 37 38 03"},
		{"a consulate's", "粤A1234领 123456使,谢谢", with(nil), "D4 C1 41 31 32 33 34 C1 EC 31 32 33 34 35 36 CA B9 03"},
		{"nothing", "", with(nil), ""},
		{"phrases one behind the other", "请缴费,谢谢", with(nil), "0B 03"},
		{"an amount figure by figure", "请缴费15元", with(nil), "0B 31 35 2D"},
		{"an amount in words", "请缴费五元", with(nil), "0B 35 2D"},
		{"an amount with a part that the card has no word for is left out whole", "请缴费12.5元,谢谢", with(nil), "0B 03"},
		{"the same with a word for the point", "请缴费12.5元", with(map[string]byte{"点": 0x2E}), "0B 31 32 2E 35 2D"},
		{"tens in words need a word", "请缴费十五元", with(nil), "0B"},
		{"the same with a word for ten", "请缴费十五元", with(map[string]byte{"十": 0x3A}), "0B 3A 35 2D"},
		{"a phrase that begins like a number", "一路平安", with(nil), "5F"},
		{"the longest phrase wins", "请缴费后离场", with(map[string]byte{"请缴费后离场": 0x70, "请": 0x71}), "70"},
		{"what the card has no word for is left out", "月租车 剩余天,欢迎光临", with(nil), "01"},
		{"letters outside a plate are no phrases", "VIP车 E E,谢谢", with(nil), "03"},
		{"a plate of eight characters", "粤BD12345,谢谢", with(nil), "D4 C1 42 44 31 32 33 34 35 03"},
		{"a police plate", "粤B1234警", with(nil), "D4 C1 42 31 32 33 34 BE AF"},
		{"a number that counts nothing is no word", "B12345", with(nil), ""},
		{"a number that counts what the card has no word for is left out", "剩余30天,欢迎光临", with(nil), "01"},
		{"the same with the words", "剩余30天,欢迎光临", with(map[string]byte{"剩余": 0x71, "天": 0x72}), "71 33 30 72 01"},
		{"a number right behind a phrase", "空余车位 12 空余车位12", with(map[string]byte{"空余车位": 0x73}), "73 73 31 32"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := Spell(tt.text, tt.phrases, 100), frameOf(t, tt.want); !bytes.Equal(got, want) {
				t.Errorf("Spell(%q) = % X, want % X", tt.text, got, want)
			}
		})
	}
}

func TestWordsAreCutBetweenWords(t *testing.T) {
	if got := Spell("谢谢粤B12345", HuaxiaPhrases(), 5); !bytes.Equal(got, []byte{0x03}) {
		t.Errorf("Spell = % X, want the plate left out that does not fit", got)
	}
}

// TestAHuaxiaFrameIsWhatItsLengthAndSumSay reads frames apart as the layout says,
// byte by byte.
func TestAHuaxiaFrameIsWhatItsLengthAndSumSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		f := HuaxiaText(rapid.Byte().Draw(t, "seq"), rapid.Byte().Draw(t, "address"), Line{Row: 1, Text: text})
		body := f[2 : len(f)-3]
		if f[0] != 0xAA || f[1] != 0x55 || f[len(f)-1] != 0xAF || int(binary.BigEndian.Uint16(body[4:])) != len(body)-6 {
			t.Fatalf("frame = % X", f)
		}
		if sum := crcModbus(append(bytes.Clone(body), 0, 0)); sum != binary.BigEndian.Uint16(f[len(f)-3:]) {
			t.Fatalf("sum = %04X in % X", sum, f)
		}
		shown := body[10:]
		if len(shown) > MaxHuaxiaText || !bytes.Equal(shown, GBK(text, MaxHuaxiaText)) {
			t.Fatalf("text = % X", shown)
		}
	})
}

func FuzzSpell(f *testing.F) {
	for _, seed := range []string{"粤B12345,欢迎光临", "请缴费12.5元", "", "一", "粤", "\xff粤B", "..."} {
		f.Add(seed, 100)
	}
	phrases := HuaxiaPhrases()
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = min(max(limit, 0), 300)
		words := Spell(text, phrases, limit)
		if len(words) > limit {
			t.Fatalf("%d bytes, limit %d", len(words), limit)
		}
		if _, err := simplifiedchinese.GBK.NewDecoder().Bytes(words); err != nil {
			t.Fatalf("% X ends within a character", words)
		}
	})
}
