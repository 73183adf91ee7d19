package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/discount"
	"parkagent/store"
)

func TestDiscountsAreReadAsTheyStand(t *testing.T) {
	c, errs := parse(t, site+`
[[discount]]
name = "商户2小时"
kind = "minutes"
value = 120

[[discount]]
name = "商户券"
kind = "money"
variable = true
max = 2000
stackable = true
roles = ["operator", "manager"]

[[discount]]
name = "八折"
kind = "percent"
value = 20

[[discount]]
name = "免费"
kind = "full"
roles = ["manager"]

[[discount]]
name = "晚六点前免费"
kind = "until"
until = "18:05"
`)
	if errs != nil {
		t.Fatal(errs)
	}
	want := []discount.Rule{
		{Name: "商户2小时", Kind: store.GrantMinutes, Value: 120},
		{Name: "商户券", Kind: store.GrantMoney, Variable: true, Max: 2000, Stackable: true, Roles: []string{"operator", "manager"}},
		{Name: "八折", Kind: store.GrantPercent, Value: 20},
		{Name: "免费", Kind: store.GrantFull, Roles: []string{"manager"}},
		{Name: "晚六点前免费", Kind: store.GrantUntil, Value: 18*60 + 5},
	}
	if diff := cmp.Diff(want, c.Discounts); diff != "" {
		t.Errorf("Discounts (-want +got):\n%s", diff)
	}
	if c.Park.RestartAfterDelay || c.Park.BoothDelay != 0 || !c.Park.DiscountOrder.Valid() {
		t.Errorf("park = %+v, want it as without the settings", c.Park)
	}
}

func TestADiscountThatNoBoothGrantsIsWarnedOf(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, `roles = ["manager"]`: false, `roles = ["installer", "operator"]`: false,
		`roles = ["installer"]`: true,
	} {
		c, errs := parse(t, site+"\n[[discount]]\nname = \"x\"\nkind = \"full\"\n"+text)
		if errs != nil {
			t.Fatal(errs)
		}
		if got := slices.ContainsFunc(c.Warnings, func(w Problem) bool { return w.Key == "discount[0].name" }); got != want {
			t.Errorf("%q: warnings %v, want one: %v", text, c.Warnings, want)
		}
	}
}

func TestADiscountThatCannotBeGrantedIsAMistake(t *testing.T) {
	for _, tt := range []struct{ name, text, key string }{
		{"without a kind", ``, "kind"},
		{"of an unknown kind", `kind = "half"`, "kind"},
		{"without a value", `kind = "minutes"`, "value"},
		{"of less than nothing", "kind = \"money\"\nvalue = -1", "value"},
		{"of more than all", "kind = \"percent\"\nvalue = 101", "value"},
		{"a full one with a value", "kind = \"full\"\nvalue = 1", "value"},
		{"a full one that varies", "kind = \"full\"\nvariable = true", "variable"},
		{"a variable one with a value", "kind = \"money\"\nvariable = true\nvalue = 1", "value"},
		{"a fixed one with a bound", "kind = \"money\"\nvalue = 1\nmax = 1", "max"},
		{"a bound below nothing", "kind = \"money\"\nvariable = true\nmax = -1", "max"},
		{"until no time", `kind = "until"`, "until"},
		{"until a time that is none", "kind = \"until\"\nuntil = \"24:00\"", "until"},
		{"until a time in other words", "kind = \"until\"\nuntil = \"6:00\"", "until"},
		{"minutes until a time", "kind = \"minutes\"\nvalue = 1\nuntil = \"18:00\"", "until"},
		{"by a role that is not there", "kind = \"full\"\nroles = [\"boss\"]", "roles[0]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := parse(t, site+"\n[[discount]]\nname = \"x\"\n"+tt.text)
			if len(errs) != 1 || errs[0].Key != "discount[0]."+tt.key {
				t.Errorf("mistakes = %v, want one of discount[0].%s", errs, tt.key)
			}
		})
	}
	twice := "\n[[discount]]\nname = \"x\"\nkind = \"full\"\n"
	if _, errs := parse(t, site+twice+twice); len(errs) != 1 || errs[0].Key != "discount[1].name" {
		t.Errorf("two of a name = %v", errs)
	}
}

func TestParkSaysWhatFollowsThePayment(t *testing.T) {
	c, errs := parse(t, change(t, `name = "测试车场"`, `name = "测试车场"
booth_delay = "5m"
after_delay = "restart"
discount_order = ["money", "time", "percent", "full"]`))
	if errs != nil {
		t.Fatal(errs)
	}
	if p := c.Park; !p.RestartAfterDelay || p.BoothDelay != 5*time.Minute || fmt.Sprint(p.DiscountOrder) != "[money time percent full]" {
		t.Errorf("park = %+v", p)
	}
	for _, tt := range []struct{ text, key string }{
		{`after_delay = "free"`, "park.after_delay"},
		{`booth_delay = "1s"`, "park.booth_delay"},
		{`discount_order = ["money", "time", "percent"]`, "park.discount_order"},
		{`discount_order = []`, "park.discount_order"},
		{`discount_order = ["money", "time", "percent", "percent"]`, "park.discount_order"},
	} {
		_, errs := parse(t, change(t, `name = "测试车场"`, "name = \"测试车场\"\n"+tt.text))
		if len(errs) != 1 || errs[0].Key != tt.key {
			t.Errorf("%s = %v, want a mistake of %s", tt.text, errs, tt.key)
		}
	}
}

func TestDelayIsOfClientsAndKiosksOnly(t *testing.T) {
	text := change(t, `kind = "gate"`, "kind = \"gate\"\ndelay = \"5m\"")
	_, errs := parse(t, text)
	if len(errs) != 1 || !strings.HasPrefix(errs[0].Key, "device[") || !strings.HasSuffix(errs[0].Key, ".delay") {
		t.Errorf("delay of a gate = %v, want a mistake", errs)
	}
}
