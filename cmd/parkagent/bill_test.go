package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const publishedTariffs = "../../agent/tariff/testdata"

// runBill runs the command bill on a published tariff.
func runBill(t *testing.T, file string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	e, out, errs := testEnv()
	args = append([]string{"bill", "--config", filepath.Join(publishedTariffs, file)}, args...)
	status = run(t.Context(), commands(), args, e)
	return status, out.String(), errs.String()
}

func TestBillPrintsThePublishedFees(t *testing.T) {
	for line := range strings.Lines(string(must(os.ReadFile(filepath.Join(publishedTariffs, "examples.txt")))(t))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSpace(line), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		t.Run(strings.Join(cells[:4], " "), func(t *testing.T) {
			args := append([]string{"--in", cells[2], "--out", cells[3], "--json"}, shellWords(cells[1])...)
			status, out, errs := runBill(t, cells[0], args...)
			if status != statusDone {
				t.Fatalf("status %d\n%s", status, errs)
			}
			var got billResult
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
			sum := int64(0)
			for _, l := range got.Lines {
				sum += l.Amount
			}
			want := cells[4]
			if !strings.Contains(want, ".") {
				want += ".00"
			}
			if yuan(got.Total) != want || sum != got.Total {
				t.Errorf("total = %s, lines %d, want %s", yuan(got.Total), sum, want)
			}
		})
	}
}

func TestBillExplainsEachLineToPeople(t *testing.T) {
	args := []string{"--in", "2026-03-02 15:00", "--out", "2026-03-02 16:20:30", "--visit", "2026-03-02 09:00/2026-03-02 12:10", "--free-money", "50"}
	for lang, want := range map[string]string{
		"zh-CN": `收费标准：小型车
  2026-03-02 15:00:00  2026-03-02 16:00:00  00:00-24:00    5.00   整段计费
  2026-03-02 16:00:00  2026-03-02 16:20:00  00:00-24:00    1.00   按单位计费
  2026-03-02 15:00:00  2026-03-02 16:20:00                 -4.00  多次停车合计封顶
  2026-03-02 15:00:00  2026-03-02 16:20:30                 -0.50  优惠金额
合计：1.50 元
`,
		"en": `Tariff: 小型车
  2026-03-02 15:00:00  2026-03-02 16:00:00  00:00-24:00    5.00   one price
  2026-03-02 16:00:00  2026-03-02 16:20:00  00:00-24:00    1.00   by the unit
  2026-03-02 15:00:00  2026-03-02 16:20:00                 -4.00  cap of all visits
  2026-03-02 15:00:00  2026-03-02 16:20:30                 -0.50  free money
Total: 1.50 yuan
`} {
		_, out, errs := runBill(t, "T14.toml", append(args, "--lang", lang)...)
		if diff := cmp.Diff(want, out); diff != "" {
			t.Errorf("%s (-want +got):\n%s%s", lang, diff, errs)
		}
	}
}

func TestBillSaysThatAnOperatorMustConfirm(t *testing.T) {
	text := string(must(os.ReadFile(filepath.Join(publishedTariffs, "T14.toml")))(t))
	path := filepath.Join(t.TempDir(), "park.toml")
	text = strings.Replace(text, "visits_cap = 1000", "max_automatic = 700\ncar_types = [0]", 1)
	text = strings.Replace(text, "visits_period = \"day\"", "", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		out  string
		want bool
	}{{"2026-03-02 12:00", false}, {"2026-03-02 12:01", true}} {
		e, out, errs := testEnv()
		status := run(t.Context(), commands(), []string{"bill", "--config", path, "--in", "2026-03-02 09:00", "--out", tt.out}, e)
		if said := strings.Contains(out.String(), "需人工确认"); status != statusDone || said != tt.want {
			t.Errorf("until %s: status %d, %s%s", tt.out, status, out, errs)
		}
	}
	e, _, errs := testEnv()
	status := run(t.Context(), commands(), []string{"bill", "--config", path, "--in", "2026-03-02 09:00", "--out", "2026-03-02 10:00", "--type", "1", "--lang", "en"}, e)
	if status != statusFailed || !strings.Contains(errs.String(), "no tariff fits") {
		t.Errorf("a car that no tariff fits: status %d, %s", status, errs)
	}
}

// What the agent leaves to an operator, bill says to be left to one.
func TestBillKnowsTheLimitsOfThePark(t *testing.T) {
	tariffs := string(must(os.ReadFile(filepath.Join(publishedTariffs, "T14.toml")))(t)) // 8 yuan for this stay
	for _, tt := range []struct {
		name, access string
		args         []string
		want         bool
	}{
		{"none", "", nil, false},
		{"a fee up to max_fee", "max_fee = 800", nil, false},
		{"above max_fee", "max_fee = 799", nil, true},
		{"above max_fee before coupons", "max_fee = 799", []string{"--free-minutes", "120", "--free-money", "100"}, true},
		{"nothing due", "max_fee = 799", []string{"--free-money", "800"}, false},
		{"longer than max_stay", `max_stay = "3h"`, nil, true},
	} {
		path := filepath.Join(t.TempDir(), "park.toml")
		if err := os.WriteFile(path, []byte(tariffs+"\n[access]\n"+tt.access+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		e, out, errs := testEnv()
		status := run(t.Context(), commands(), append([]string{"bill", "--config", path, "--json", "--in", "2026-03-02 09:00", "--out", "2026-03-02 12:10"}, tt.args...), e)
		if got := strings.Contains(out.String(), `"operator": true`); status != statusDone || got != tt.want {
			t.Errorf("%s: status %d, %s%s; want an operator: %v", tt.name, status, out, errs, tt.want)
		}
	}
}

func TestBillRefusesWhatItCannotWorkOut(t *testing.T) {
	in, out := "2026-03-02 09:00", "2026-03-02 10:00"
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"no entry", []string{"--out", out}, "--in needs a time"},
		{"no exit", []string{"--in", in}, "--out needs a time"},
		{"a time that is none", []string{"--in", "9:00", "--out", out}, `--in: "9:00" is no time`},
		{"leaving before entering", []string{"--in", out, "--out", in}, "--out is before --in"},
		{"a size that is none", []string{"--in", in, "--out", out, "--size", "medium"}, `--size cannot be "medium"`},
		{"a colour that is none", []string{"--in", in, "--out", out, "--color", "5"}, `--color cannot be "5"`},
		{"free minutes below none", []string{"--in", in, "--out", out, "--free-minutes", "-1"}, `--free-minutes cannot be "-1"`},
		{"an area that is none", []string{"--in", in, "--out", out, "--area", "7"}, "the configuration has no area 7"},
		{"half a visit", []string{"--in", in, "--out", out, "--visit", "2026-03-01 09:00"}, "--visit needs a time"},
		{"a visit after the entry", []string{"--in", in, "--out", out, "--visit", in + "/" + out}, "is out of order"},
		{"a word too many", []string{"--in", in, "--out", out, "now"}, `"now" is one word too many`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, errs := runBill(t, "T14.toml", append(tt.args, "--lang", "en")...)
			if status != statusWrong || !strings.Contains(errs, tt.want) {
				t.Errorf("status %d, %s; want %d and %q", status, errs, statusWrong, tt.want)
			}
		})
	}
}
