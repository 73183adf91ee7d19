package plate

import "testing"

func TestNear(t *testing.T) {
	lot := []string{"粤B12345", "粤B67E90", "粤BD33008", "京A88888", "沪C5K2M1", "沪C5K2M4"}
	tests := []struct {
		name       string
		read       string
		confidence int
		want       string // empty: none
	}{
		{"the plate itself", "粤B12345", 99, "粤B12345"},
		{"one character that every camera confuses", "粤BL2345", 0, "粤B12345"},
		{"the same from a camera that is very sure", "粤BL2345", 99, "粤B12345"},
		{"two of them", "粤BLZ345", 0, "粤B12345"},
		{"three of them from a camera that is very sure", "粤BLZ34S", 98, ""},
		{"three of them from a camera that is unsure", "粤BLZ34S", 60, "粤B12345"},
		{"four of them and one for any other", "粤8LZF4S", 60, ""},
		{"one that is confused in bad light", "粤B67F90", 0, "粤B67E90"},
		{"that and one that every camera confuses", "粤B67F9D", 0, "粤B67E90"},
		{"the same from a camera that is very sure", "粤B67F9D", 98, ""},
		{"one for any other, from a camera that does not tell", "粤B62E90", 0, ""},
		{"one for any other, from a camera that is sure", "粤B62E90", 96, ""},
		{"one for any other, from a camera that is unsure", "粤B62E90", 94, "粤B67E90"},
		{"one for any other, as no plate is written", "粤B6应E90", 99, "粤B67E90"},
		{"two for any other", "粤B6YE9W", 10, ""},
		{"a letter O where only a digit can stand", "粤BD33OO8", 99, "粤BD33008"},
		{"another province", "湘B12345", 99, "粤B12345"},
		{"no province and one character", "B12S45", 0, ""},
		{"no province and a confused character", "BL2345", 97, "粤B12345"},
		{"a digit for the authority", "粤812345", 99, "粤B12345"},
		{"one of two that differ in the same place", "沪C5K2MA", 0, ""},
		{"a fleet whose plates differ elsewhere, with a camera that does not tell", "沪C5KZM1", 0, ""},
		{"the same, with one that is sure enough", "沪C5KZM1", 90, "沪C5K2M1"},
		{"one character less", "粤B1234", 50, ""},
		{"one character more", "粤B123456", 50, ""},
		{"another car", "浙F00001", 10, ""},
		{"nothing", "", 10, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Near(tt.read, tt.confidence, lot)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("Near(%q, %d) = %q, %v; want %q", tt.read, tt.confidence, got, ok, tt.want)
			}
		})
	}
}

func TestConfusable(t *testing.T) {
	tests := []struct {
		name, a, b string
		want       bool
	}{
		{"one character that every camera confuses", "粤B12345", "粤BL2345", true},
		{"two of them", "粤B12345", "粤BLZ345", true},
		{"three of them", "粤B12345", "粤BLZ34S", false},
		{"one that is confused in bad light", "粤B67E90", "粤B67F90", true},
		{"one for any other", "粤B12345", "粤B19345", false},
		{"the same", "粤B12345", "粤B12345", false},
		{"one character less", "粤B12345", "粤B1234", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Confusable(tt.a, tt.b); got != tt.want || Confusable(tt.b, tt.a) != got {
				t.Errorf("Confusable(%s, %s) = %v, want %v both ways", tt.a, tt.b, got, tt.want)
			}
		})
	}
}

func TestTheSamePlateTwiceIsOneCar(t *testing.T) {
	if got, ok := Near("粤BL2345", 0, []string{"粤B12345", "粤B12345"}); got != "粤B12345" || !ok {
		t.Errorf("Near = %q, %v; want the plate that is there twice", got, ok)
	}
}

func TestMisreadPlatesFindTheirStayAndNoOther(t *testing.T) {
	o := exits(1, 40_000, true)
	if o.wrong != 0 {
		t.Errorf("%d of %d misread cars were taken for others, want 0", o.wrong, o.misread[1]+o.misread[2])
	}
	if got := o.percent(1); got < 95 {
		t.Errorf("%.2f %% of the cars with one misread character were found, want 95 %%", got)
	}
	if silent := exits(1, 5_000, false); silent.wrong != 0 || silent.percent(1) < 85 {
		t.Errorf("with a camera that does not tell how sure it is, %d were taken for others and %.2f %% found; want 0 and 85 %%", silent.wrong, silent.percent(1))
	}
}

// BenchmarkNear reports what becomes of 100,000 misread cars, and of 20,000 that
// nobody saw come in, in lots of 500.
func BenchmarkNear(b *testing.B) {
	for _, camera := range []struct {
		name  string
		tells bool
	}{{"confidence", true}, {"no-confidence", false}} {
		b.Run(camera.name, func(b *testing.B) {
			for b.Loop() {
				o := exits(7, 100_000, camera.tells)
				b.ReportMetric(float64(o.wrong), "wrong")
				b.ReportMetric(o.percent(1), "%found-1-misread")
				b.ReportMetric(o.percent(2), "%found-2-misread")
				b.ReportMetric(float64(o.spelled), "spelled-another")
				b.ReportMetric(float64(o.unseen), "unseen")
				b.ReportMetric(float64(o.misplaced), "unseen-misplaced")
			}
		})
	}
}

// BenchmarkNearOne is one reading in a lot of 5,000.
func BenchmarkNearOne(b *testing.B) {
	l := newLot(3, 5000)
	read := l.misread(l.parked[17], 1)
	for b.Loop() {
		Near(read, 80, l.parked)
	}
}
