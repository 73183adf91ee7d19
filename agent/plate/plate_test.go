package plate

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNormal(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"a normal form stays as it is", "京A12345", "京A12345"},
		{"full-width letters and digits become half-width", "京Ａ１２３４５", "京A12345"},
		{"lower case becomes upper case", "粤b12345", "粤B12345"},
		{"full-width lower case becomes half-width upper case", "粤ｂ１２３４ｚ", "粤B1234Z"},
		{"the printed dot goes", "闽D·02001", "闽D02001"},
		{"spaces, dashes and full stops go", " 闽D - 02.001 ", "闽D02001"},
		{"the ideographic space goes", "闽D　02001", "闽D02001"},
		{"a colour before the province goes", "蓝京A12345", "京A12345"},
		{"both colours of a large new-energy car go", "黄绿京A12345D", "京A12345D"},
		{"Heilongjiang keeps its province", "黑A12345", "黑A12345"},
		{"a colour before Heilongjiang goes", "蓝黑A12345", "黑A12345"},
		{"a black plate of Beijing loses the colour", "黑京A12345", "京A12345"},
		{"a black plate of Heilongjiang loses the colour once", "黑黑A12345", "黑A12345"},
		{"a black embassy plate loses the colour", "黑使014578", "使014578"},
		{"a colour with nothing behind it stays", "蓝", "蓝"},
		{"a colour before something else stays", "蓝牌", "蓝牌"},
		{"a misread O or I stays as it was read", "粤BO123I", "粤BO123I"},
		{"full-width letters behind a colour", "绿粤ＢＤ１２３４５", "粤BD12345"},
		{"a mark behind the serial stays", "京A·1234学", "京A1234学"},
		{"nothing stays nothing", "", ""},
		{"a temporary plate stays as it is", "空000123", "空000123"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Normal(tt.in); got != tt.want {
				t.Errorf("Normal(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestNormalOfNormalIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("蓝黄白黑绿京粤使领民航空AaＺ09１·.- 　I\u00a0\ufffd"))).Draw(t, "s")
		once := Normal(s)
		if twice := Normal(once); twice != once {
			t.Errorf("Normal(%q) = %q, and again %q", s, once, twice)
		}
	})
}

func TestValid(t *testing.T) {
	tests := []struct {
		name  string
		plate string
		want  bool
	}{
		{"an ordinary plate", "京A12345", true},
		{"a plate with letters in the serial", "沪AB1C23", true},
		{"a small new-energy car", "粤BD12345", true},
		{"a small new-energy car with two letters", "粤BDF1234", true},
		{"a large new-energy car", "粤B12345D", true},
		{"a police car", "京A1234警", true},
		{"a driving school", "鲁B1234学", true},
		{"a trailer", "豫C1234挂", true},
		{"a car to Hong Kong", "粤Z1234港", true},
		{"a car to Macao", "粤Z1234澳", true},
		{"a consulate by city", "沪A0023领", true},
		{"an embassy, older form", "使014578", true},
		{"an embassy, newer form", "224578使", true},
		{"rescue services", "京X1234应急", true},
		{"an airport car", "民航A1234", true},
		{"a temporary plate of ours", "空818494", true},
		{"a police car, older form", "京O12345", true},
		{"an authority of the second half of the alphabet", "粤Z12345", true},
		{"an embassy car with a plate of its city", "京A0145使", true},
		{"a consulate, older form", "领014578", true},
		{"a consulate, newer form", "224578领", true},
		{"a temporary plate of paper", "京A1234临", true},
		{"a temporary plate with a longer serial", "京A12345临", true},
		{"a car on trial", "京A1234试", true},
		{"an oversized car", "京A1234超", true},
		{"a small new-energy car with a letter of the second series", "粤BK12345", true},
		{"a large new-energy car with a letter of the second series", "粤B12345K", true},
		{"a small new-energy car with a letter that none has", "粤BL12345", false},
		{"a large new-energy car with a letter that none has", "粤B12345L", false},
		{"a small new-energy car with two letters too many", "粤BDFA234", false},
		{"new energy with a letter at both ends", "粤BD1234F", false},
		{"a car to Hong Kong that is registered elsewhere", "京A1234港", false},
		{"a car to Hong Kong with a whole serial", "粤Z12345港", false},
		{"a police car with a whole serial", "京A12345警", false},
		{"a trailer with too short a serial", "豫C123挂", false},
		{"an embassy of five digits", "使01457", false},
		{"an embassy with a letter", "使0145A8", false},
		{"an embassy twice", "使014578使", false},
		{"an airport car with too short a serial", "民航A123", false},
		{"rescue services with half of their mark", "京X1234应", false},
		{"the letter I for the authority", "京I12345", false},
		{"the letter I in an airport's serial", "民航I1234", false},
		{"a temporary plate of ours with a letter", "空81849A", false},
		{"a temporary plate of ours with seven digits", "空8184940", false},
		{"two provinces", "京沪A12345", false},
		{"a plate in lower case is not in normal form", "京a12345", false},
		{"nothing", "", false},
		{"no province", "A12345", false},
		{"a digit for the authority", "京112345", false},
		{"the letter I in the serial", "京A1234I", false},
		{"the letter O in the serial", "京A1234O", false},
		{"one character too few", "京A1234", false},
		{"eight characters that are no new-energy plate", "京A123456", false},
		{"what cameras write for no plate", "无牌车", false},
		{"a colour before it", "蓝京A12345", false},
		{"a plate with more behind it", "京A12345\n", false},
		{"a temporary plate with five digits", "空12345", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Valid(tt.plate); got != tt.want {
				t.Errorf("Valid(%q) = %v, want %v", tt.plate, got, tt.want)
			}
		})
	}
}

func TestEveryProvinceIsValid(t *testing.T) {
	n := 0
	for _, p := range provinces {
		n++
		if plate := string(p) + "A12345"; !Valid(plate) || Normal("蓝"+plate) != plate || Tail(plate) != "A12345" {
			t.Errorf("%s: Valid = %v, Normal with a colour = %s, Tail = %s", plate, Valid(plate), Normal("蓝"+plate), Tail(plate))
		}
	}
	if n != 31 {
		t.Errorf("there are %d provinces, want 31", n)
	}
}

func TestTail(t *testing.T) {
	tests := []struct{ name, plate, want string }{
		{"an ordinary plate loses its province", "京A12345", "A12345"},
		{"a temporary plate is whole", "空000123", "空000123"},
		{"an embassy plate is whole", "使014578", "使014578"},
		{"a tail stays a tail", "A12345", "A12345"},
		{"nothing stays nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Tail(tt.plate); got != tt.want {
				t.Errorf("Tail(%q) = %q, want %q", tt.plate, got, tt.want)
			}
		})
	}
}

func TestEveryTemporaryPlateIsValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int().Draw(t, "n")
		if got := Temporary(n); !Valid(got) || Normal(got) != got || !IsTemporary(got) {
			t.Errorf("Temporary(%d) = %q is not a valid temporary plate in normal form", n, got)
		}
	})
	if got := Temporary(42); got != "空000042" {
		t.Errorf("Temporary(42) = %q, want 空000042", got)
	}
}

func TestPlatesThatAreNotTemporary(t *testing.T) {
	for _, no := range []string{"", "空", "空12345", "京A12345", "使014578"} {
		if IsTemporary(no) {
			t.Errorf("IsTemporary(%q) = true, want false", no)
		}
	}
}

func FuzzNormal(f *testing.F) {
	for _, s := range []string{"京A12345", "蓝黑A12345", "黄绿粤ＢＤ１２３４５", "\xff\xfe", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Normal(s)
		if Normal(once) != once {
			t.Errorf("Normal(%q) = %q is not stable", s, once)
		}
		Valid(once)
		Tail(once)
	})
}

func TestAlike(t *testing.T) {
	tests := []struct {
		name, a, b string
		want       bool
	}{
		{"the same", "粤B12345", "粤B12345", true},
		{"one character misread", "粤B12345", "粤B1234S", true},
		{"the province and another", "粤B12345", "京B12346", true},
		{"three", "粤B12345", "京B12367", false},
		{"one is missing", "粤B12345", "粤B1234", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Alike(tt.a, tt.b); got != tt.want || Alike(tt.b, tt.a) != got {
				t.Errorf("Alike(%s, %s) = %v, want %v both ways", tt.a, tt.b, got, tt.want)
			}
		})
	}
}
