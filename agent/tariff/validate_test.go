package tariff

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	hour := Block{Unit: time.Hour, Price: 100}
	tests := []struct {
		name   string
		tariff Tariff
		want   []string // keys of the faults
	}{
		{"a plain ladder is valid", Tariff{Blocks: []Block{hour}}, nil},
		{"a flat price needs no ladder", Tariff{PerVisit: 500}, nil},
		{"a ladder that ends with the period is valid when it restarts", Tariff{Restart: true, Blocks: []Block{{Until: Period, Price: 1000}}}, nil},
		{"a ladder that ends with the period is not valid when it goes on", Tariff{Blocks: []Block{{Until: Period, Price: 1000}}}, []string{"band[0].blocks[0].until"}},
		{"no prices at all", Tariff{}, []string{"band"}},
		{"a ladder that ends too early", Tariff{Restart: true, Blocks: []Block{{Until: time.Hour, Price: 1}}}, []string{"band[0].blocks[0].until"}},
		{"an open block in the middle", Tariff{Blocks: []Block{hour, hour}}, []string{"band[0].blocks[0]"}},
		{"blocks that go back", Tariff{Blocks: []Block{{Until: 2 * time.Hour}, {Until: time.Hour}, hour}}, []string{"band[0].blocks[1].until"}},
		{"a negative price", Tariff{Blocks: []Block{{Unit: time.Hour, Price: -1}}}, []string{"band[0].blocks[0].price"}},
		{"a unit below a minute", Tariff{Blocks: []Block{{Unit: time.Second, Price: 1}}}, []string{"band[0].blocks[0].unit"}},
		{"a rounding without a unit", Tariff{Blocks: []Block{{Price: 1, Round: RoundDown}}}, []string{"band[0].blocks[0]"}},
		{"a tail as long as the unit", Tariff{Blocks: []Block{{Unit: time.Hour, Round: RoundTail, Tail: time.Hour}}}, []string{"band[0].blocks[0].tail"}},
		{"a tail beside another rounding", Tariff{Blocks: []Block{{Unit: time.Hour, Round: RoundDown, Tail: time.Minute}}}, []string{"band[0].blocks[0].tail"}},
		{"amounts that make no sense", Tariff{PerVisit: -1, StayCap: -1, MaxAutomatic: -1, Caps: []int64{100, 0}, Blocks: []Block{hour}},
			[]string{"caps[1]", "stay_cap", "per_visit", "max_automatic"}},
		{"a free time of a day", Tariff{Free: Period, Blocks: []Block{hour}}, []string{"free"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range tt.tariff.Validate() {
				got = append(got, f.Key)
				if f.Chinese == "" || f.English == "" {
					t.Errorf("fault %+v is not in both languages", f)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("keys differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelectTakesTheFirstThatFits(t *testing.T) {
	tariffs := []Tariff{
		{Name: "green", Colors: []int{4}},
		{Name: "small temporary", CarTypes: []int{0}, Sizes: []int{2}},
		{Name: "roof", Areas: []int{3, 4}},
		{Name: "large", Sizes: []int{1}},
		{Name: "old", ValidTo: "2026-06-30", Days: []Day{Workday}, Sizes: []int{3}},
		{Name: "new", ValidFrom: "2026-07-01", Sizes: []int{3}},
		{Name: "ended", ValidTo: "2026-12-31", Sizes: []int{4}},
	}
	tests := []struct {
		name string
		car  Vehicle
		want string
	}{
		{"colour decides first", Vehicle{Color: 4, Size: 2}, "green"},
		{"type and size together", Vehicle{Color: 0, Size: 2}, "small temporary"},
		{"another type falls through to the area", Vehicle{CarType: 1, Size: 2, Area: 4}, "roof"},
		{"a large car", Vehicle{Size: 1}, "large"},
		{"the last day of a version", Vehicle{Size: 3, Day: Workday, Date: "2026-06-30"}, "old"},
		{"the first day of the next", Vehicle{Size: 3, Day: Workday, Date: "2026-07-01"}, "new"},
		{"another kind of day", Vehicle{Size: 3, Day: Restday, Date: "2026-06-30"}, ""},
		{"an unknown date fits no version", Vehicle{Size: 4}, ""},
		{"an unknown size fits no list", Vehicle{Color: -1}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Select(tariffs, tt.car)
			if got.Name != tt.want || ok != (tt.want != "") {
				t.Errorf("Select(%+v) = %q, %v, want %q", tt.car, got.Name, ok, tt.want)
			}
		})
	}
}
