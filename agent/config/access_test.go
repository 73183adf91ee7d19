package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// nested is a car park with an inner area and every setting of access.
const nested = `
[access]
repeat_entry = "refuse"
card_passback = "on"
over_quota = "refuse"
near_plates = false
unknown_exit = "charge"
unknown_fee = 1000
max_fee = 20000
max_stay = "720h"

[[card_area]]
car_type = 2
areas = [1]
elsewhere = "refuse"

[[area]]
code = 2
name = "地库"
places = 40
inside = 1
charging = "netted"
pass_through = "10m"
when_full = []
reserved = { card = 20, booking = 2 }
`

func TestAccessIsReadAsItStands(t *testing.T) {
	c, errs := parse(t, site+nested)
	if errs != nil {
		t.Fatal(errs)
	}
	access := Access{
		RefuseRepeat: true, Passback: true, RefuseOverQuota: true, ExactPlates: true, UnknownExit: UnknownCharge, UnknownFee: 1000,
		MaxFee: 20000, MaxStay: 720 * time.Hour, CardAreas: []CardArea{{CarType: 2, Areas: []int{1}, Refuse: true}},
	}
	if diff := cmp.Diff(access, c.Access); diff != "" {
		t.Errorf("Access (-want +got):\n%s", diff)
	}
	areas := []Area{{Code: 1, Name: "A地面", Places: 100}, {
		Code: 2, Name: "地库", Places: 40, Inside: 1, Charging: ChargeNetted, PassThrough: 10 * time.Minute,
		WhenFull: []string{}, Reserved: map[string]int{"card": 20, "booking": 2},
	}}
	if diff := cmp.Diff(areas, c.Areas); diff != "" {
		t.Errorf("Areas (-want +got):\n%s", diff)
	}
}

func TestAccessThatCannotBeIsAMistake(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           []string
	}{
		{"a repeat entry that is none", `"refuse"`, `"close"`, []string{`access.repeat_entry: "close" is not possible; it can be: replace, refuse`}},
		{"a switch that is neither on nor off", `"on"`, `"yes"`, []string{`access.card_passback: "yes" is not possible`}},
		{"a charge of nothing", "unknown_fee = 1000\n", "", []string{"access.unknown_fee: must say how much"}},
		{"a charge below nothing", "unknown_fee = 1000", "unknown_fee = -1", []string{"access.unknown_fee: must not be negative"}},
		{"a charge that is never taken", `"charge"`, `"open"`, []string{`access.unknown_fee: is used with unknown_exit = "charge" only`}},
		{"a limit below nothing", "max_fee = 20000", "max_fee = -1", []string{"access.max_fee: must not be negative"}},
		{"a limit of minutes", `"720h"`, `"5m"`, []string{"access.max_stay: the duration 5m is not within"}},
		{"a card area without a type", "car_type = 2\n", "", []string{"card_area[0].car_type: must be given"}},
		{"a card area nowhere", "areas = [1]", "areas = []", []string{"card_area[0].areas: must name an area at least"}},
		{"a card area that is none", "areas = [1]", "areas = [1, 7]", []string{"card_area[0].areas[1]: there is no [[area]] with code 7"}},
		{"two rules for a card type", "[[area]]", "[[card_area]]\ncar_type = 2\nareas = [1]\n\n[[area]]", []string{`card_area[1].car_type: "2" is used twice`}},
		{"a class that is none", "when_full = []", `when_full = ["card", "vip"]`, []string{`area[1].when_full[1]: "vip" is not possible; it can be: temporary, card, counted, stored, booking`}},
		{"places reserved for no class", "{ card = 20", "{ temporary = 20", []string{`area[1].reserved.temporary: "temporary" is not possible`}},
		{"more places reserved than there are", "card = 20", "card = 39", []string{"area[1].reserved: more places are reserved than there are"}},
		{"fewer places reserved than none", "card = 20", "card = -1", []string{"area[1].reserved.card: must be between 0 and the places of the area"}},
		{"an area in no other", "inside = 1", "inside = 3", []string{"area[1].inside: there is no [[area]] with code 3"}},
		{"an area in itself", "inside = 1", "inside = 2", []string{"area[1].inside: an area cannot lie in itself"}},
		{"an area in itself by way of another", "[[area]]", "[[area]]\ncode = 3\nname = \"x\"\ninside = 2\n\n[[area]]", nil},
		{"two areas in each other", "inside = 1", "inside = 3\n\n[[area]]\ncode = 3\nname = \"x\"\nplaces = 40\ninside = 2", []string{
			"area[1].inside: an area cannot lie in itself", "area[2].inside: an area cannot lie in itself",
		}},
		{"the price of an area that lies in none", "inside = 1\n", "", []string{"area[1].charging: is for an inner area only", "area[1].pass_through: is for an inner area only"}},
		{"a way that is free without a price", `charging = "netted"` + "\n", "", []string{"area[1].pass_through: does nothing without charging"}},
		{"a way of charging that is none", `"netted"`, `"free"`, []string{`area[1].charging: "free" is not possible; it can be: instead, additional, netted`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(nested, tt.old) {
				t.Fatalf("the configuration does not hold %q", tt.old)
			}
			_, errs := parse(t, site+strings.Replace(nested, tt.old, tt.new, 1))
			var got []string
			for _, e := range errs {
				got = append(got, e.Key+": "+e.English)
				if e.Chinese == "" || e.Line <= strings.Count(site, "\n") {
					t.Errorf("mistake %+v lacks Chinese or its place", e)
				}
			}
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) })); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatACameraKeptIsBookedOnlyWhereTheFileSaysSo(t *testing.T) {
	for line, want := range map[string]struct {
		book    bool
		mistake string
	}{"": {}, `offline = "record"`: {}, `offline = "book"`: {book: true}, `offline = "open"`: {mistake: "lane[0].offline"}} {
		c, errs := parse(t, change(t, `direction = "entry"`, `direction = "entry"`+"\n"+line))
		if want.mistake != "" {
			if len(errs) != 1 || errs[0].Key != want.mistake {
				t.Errorf("%s: mistakes = %v, want %q", line, errs, want.mistake)
			}
			continue
		}
		if len(errs) != 0 || c.Lanes[0].BookOffline != want.book {
			t.Errorf("%s: booked %v, mistakes %v; want %v", line, c.Lanes[0].BookOffline, errs, want.book)
		}
	}
}

func TestALaneIntoAnInnerAreaIsAnEntryAndOneOutOfItAnExit(t *testing.T) {
	tests := []struct {
		name, lane string
		want       string // key of the mistake
	}{
		{"into it as an entry", `direction = "entry"` + "\nfrom = 1\nto = 2", ""},
		{"into it as an exit", `direction = "exit"` + "\nfrom = 1\nto = 2", "lane[0].direction"},
		{"out of it as an exit", `direction = "exit"` + "\nfrom = 2\nto = 1", ""},
		{"out of it as an entry", `direction = "entry"` + "\nfrom = 2\nto = 1", "lane[0].direction"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := parse(t, change(t, `direction = "entry"`+"\nto = 1", tt.lane)+nested)
			var got string
			for _, e := range errs {
				got += e.Key
			}
			if got != tt.want {
				t.Errorf("mistakes = %v, want one of %q", errs, tt.want)
			}
		})
	}
}
