package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProductsAreReadAsTheyStand(t *testing.T) {
	c, errs := parse(t, site+`
[[card_product]]
name = "月租"
car_type = 2
amount = 1
unit = 1
price = 30000
sent_amount = 3
sent_unit = 2

[[card_product]]
name = "充 100 送 10"
car_type = 3
amount = 10000
unit = 0
price = 10000
sent_amount = 1000

[[card_product]]
name = "十次"
car_type = 6
amount = 10
unit = 4
price = 0
sent_unit = 0

[[card_product]]
name = "共享泊位"
car_type = 99
amount = 8
unit = 3
price = 500
`)
	if errs != nil {
		t.Fatal(errs)
	}
	want := []Product{
		{Name: "月租", CarType: 2, Amount: 1, Unit: UnitMonth, Price: 30000, SentAmount: 3, SentUnit: UnitDay},
		{Name: "充 100 送 10", CarType: 3, Amount: 10000, Unit: UnitMoney, Price: 10000, SentAmount: 1000, SentUnit: UnitMoney},
		{Name: "十次", CarType: 6, Amount: 10, Unit: UnitVisit, SentUnit: UnitMoney},
		{Name: "共享泊位", CarType: 99, Amount: 8, Unit: UnitHour, Price: 500, SentUnit: UnitHour},
	}
	if diff := cmp.Diff(want, c.Products); diff != "" {
		t.Errorf("Products (-want +got):\n%s", diff)
	}
}

func TestAProductThatCannotBeBookedIsAMistake(t *testing.T) {
	// product is a right one with one setting replaced, or taken out by "".
	product := func(key, setting string) string {
		text := "[[card_product]]\n"
		for _, line := range []string{`name = "x"`, "car_type = 2", "amount = 1", "unit = 1", "price = 30000", "sent_amount = 1", "sent_unit = 2"} {
			if strings.HasPrefix(line, key+" ") {
				line = setting
			}
			text += line + "\n"
		}
		return text
	}
	const stored, counted, other = "a stored-value card, car type 3, holds money: the unit must be 0", "a counted card, car type 6, holds visits: the unit must be 4", "a card of car type 2 holds a time: the unit must be 1 (month), 2 (day) or 3 (hour)"
	tests := []struct {
		name, key, setting string
		want               []string
	}{
		{"a right one", "-", "", nil},
		{"no name", "name", "", []string{"name: must be given"}},
		{"no type", "car_type", "", []string{"car_type: must be given"}},
		{"temporary cars have no card", "car_type", "car_type = 0", []string{"car_type: must be the type of a card: 1 to 9, or 99"}},
		{"bookings are no cards", "car_type", "car_type = 100", []string{"car_type: must be the type of a card"}},
		{"a type between", "car_type", "car_type = 10", []string{"car_type: must be the type of a card"}},
		{"a type in words", "car_type", `car_type = "月租"`, []string{"car_type: has the wrong type; it must be a whole number"}},
		{"no amount", "amount", "", []string{"amount: must be given"}},
		{"an amount of nothing", "amount", "amount = 0", []string{"amount: must be more than 0"}},
		{"an amount below nothing", "amount", "amount = -1", []string{"amount: must be more than 0"}},
		{"more months than anybody lives", "amount", "amount = 30000", []string{"amount: must be more than 0, and no more than makes sense"}},
		{"no unit", "unit", "", []string{"unit: must be given"}},
		{"a unit that is none", "unit", "unit = 5", []string{"unit: must be 0 (money, in fen), 1 (month), 2 (day), 3 (hour) or 4 (times)"}},
		{"no price", "price", "", []string{"price: must be given"}},
		{"a price below nothing", "price", "price = -1", []string{"price: must not be less than 0, in fen"}},
		{"a gift below nothing", "sent_amount", "sent_amount = -1", []string{"sent_amount: must not be less than 0"}},
		{"a gift of many days", "sent_amount", "sent_amount = 100000", []string{"sent_amount: must not be less than 0, nor more than makes sense"}},
		{"a gift in a unit that is none", "sent_unit", "sent_unit = -1", []string{"sent_unit: must be 0 (money, in fen)"}},
		{"money on a card that holds a time", "unit", "unit = 0", []string{"unit: " + other}},
		{"visits on a card that holds a time", "unit", "unit = 4", []string{"unit: " + other}},
		{"a gift of money on a card that holds a time", "sent_unit", "sent_unit = 0", []string{"sent_unit: " + other}},
		{"months on a stored-value card", "car_type", "car_type = 3", []string{"unit: " + stored, "sent_unit: " + stored}},
		{"months on a counted card", "car_type", "car_type = 6", []string{"unit: " + counted, "sent_unit: " + counted}},
		{"a key of another table", "price", "price = 1\nperiod = 1", []string{"period: unknown key; is it price?"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := parse(t, site+product(tt.key, tt.setting))
			var got []string
			for _, e := range errs {
				got = append(got, strings.TrimPrefix(e.Key, "card_product[0].")+": "+e.English)
				if e.Chinese == "" || e.Text == "" || e.Line <= strings.Count(site, "\n") {
					t.Errorf("mistake %+v lacks Chinese, its text or its place", e)
				}
			}
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) })); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryCardCanBeRechargedInItsUnitsOnly(t *testing.T) {
	for carType := range 101 {
		for unit := range 6 {
			_, errs := parse(t, fmt.Sprintf("%s\n[[card_product]]\nname = \"x\"\ncar_type = %d\namount = 1\nunit = %d\nprice = 1\n", site, carType, unit))
			card := carType >= 1 && carType <= 9 || carType == 99
			right := card && map[int]string{3: "0", 6: "4"}[carType] == fmt.Sprint(unit) ||
				card && carType != 3 && carType != 6 && unit >= 1 && unit <= 3
			if (errs == nil) != right {
				t.Errorf("car type %d in unit %d: %v, want right = %t", carType, unit, errs, right)
			}
		}
	}
}
