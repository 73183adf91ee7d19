package discount_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parkagent/agent/discount"
	"parkagent/store"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

func TestTakesOffInTheConfiguredOrder(t *testing.T) {
	all := discount.Granted{Minutes: 60, Percents: []int64{50}, Money: 300}
	for _, tt := range []struct {
		name      string
		order     discount.Order
		fee, time int64
		granted   discount.Granted
		want      discount.Cut
	}{
		{"nothing granted", discount.DefaultOrder(), 1000, 0, discount.Granted{}, discount.Cut{}},
		{"time, then a percentage of the rest, then money", discount.DefaultOrder(), 2000, 400, all, discount.Cut{Time: 400, Percent: 800, Money: 300}},
		{"money before the percentage", discount.Order{"time", "money", "percent", "full"}, 2000, 400, all, discount.Cut{Time: 400, Percent: 650, Money: 300}},
		{"money first, time last", discount.Order{"money", "percent", "time", "full"}, 2000, 400, all, discount.Cut{Time: 400, Percent: 850, Money: 300}},
		{"a percentage of what a percentage has left", discount.DefaultOrder(), 1000, 0, discount.Granted{Percents: []int64{20, 50}}, discount.Cut{Percent: 600}},
		{"half a fen is for the driver", discount.DefaultOrder(), 15, 0, discount.Granted{Percents: []int64{50}}, discount.Cut{Percent: 8}},
		{"less than half a fen is not", discount.DefaultOrder(), 33, 0, discount.Granted{Percents: []int64{10}}, discount.Cut{Percent: 3}},
		{"a hundred percent", discount.DefaultOrder(), 777, 0, discount.Granted{Percents: []int64{100}, Money: 100}, discount.Cut{Percent: 777}},
		{"all that is left", discount.DefaultOrder(), 1000, 100, discount.Granted{Minutes: 1, Money: 200, Full: true}, discount.Cut{Time: 100, Money: 200, Full: 700}},
		{"money beyond the fee is no change", discount.DefaultOrder(), 500, 0, discount.Granted{Money: 900}, discount.Cut{Money: 500}},
		{"time that makes nothing cheaper", discount.DefaultOrder(), 500, -20, discount.Granted{Minutes: 5}, discount.Cut{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.order.Take(tt.fee, tt.time, tt.granted)); diff != "" {
				t.Errorf("Take (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNeverTakesMoreThanTheFee holds whatever was granted, in whichever order,
// and one more discount never makes a stay dearer.
func TestNeverTakesMoreThanTheFee(t *testing.T) {
	granted := rapid.Custom(func(t *rapid.T) discount.Granted {
		return discount.Granted{
			Percents: rapid.SliceOfN(rapid.Int64Range(0, 100), 0, 4).Draw(t, "percents"),
			Money:    rapid.Int64Range(0, 5000).Draw(t, "money"), Full: rapid.Bool().Draw(t, "full"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		order := discount.Order(rapid.Permutation(discount.DefaultOrder()).Draw(t, "order"))
		fee, time := rapid.Int64Range(0, 10_000).Draw(t, "fee"), rapid.Int64Range(0, 3000).Draw(t, "time")
		g := granted.Draw(t, "granted")
		c := order.Take(fee, time, g)
		if c.Sum() > fee || min(c.Time, c.Percent, c.Money, c.Full) < 0 {
			t.Fatalf("%+v was taken off %d", c, fee)
		}
		if more := order.Take(fee, time, g.And(granted.Draw(t, "more"))); more.Sum() < c.Sum() {
			t.Fatalf("%+v with more discounts, %+v without", more, c)
		}
	})
}

func TestLedgerGrantsWhatWasNotTakenBack(t *testing.T) {
	until := noon.Add(time.Hour)
	ledger := []store.Payment{
		{ID: "a", FreeMinutes: 60, FreeMoney: 200, Discount: 30},
		{ID: "b", GrantKind: store.GrantPercent, GrantValue: 20},
		{ID: "c", GrantKind: store.GrantPercent, GrantValue: 50},
		{ID: "d", Kind: store.PaymentRecall, GrantKind: store.GrantPercent, GrantValue: 20, Refers: "b"},
		{ID: "e", GrantKind: store.GrantUntil, GrantValue: until.UnixMilli()},
		{ID: "f", Kind: store.PaymentOrphan, FreeMoney: 900},
		{ID: "g", Kind: store.PaymentTransfer, GrantKind: store.GrantFull, Refers: "elsewhere"},
		{ID: "h", Kind: store.PaymentRefund, Amount: -100, Refers: "a"},
	}
	want := discount.Granted{Minutes: 60, Money: 230, Percents: []int64{50}, Until: until.UTC(), Full: true}
	if diff := cmp.Diff(want, discount.Of(ledger)); diff != "" {
		t.Errorf("Of (-want +got):\n%s", diff)
	}
	moved := append(ledger, store.Payment{ID: "i", Kind: store.PaymentTransfer, GrantKind: store.GrantFull, Refers: "g"})
	if discount.Of(moved).Full {
		t.Error("what was brought here and taken away again still counts")
	}
}

func TestRuleGrantsItsValueOrOneWithinBounds(t *testing.T) {
	ms := func(d time.Duration) int64 { return noon.Add(d).UnixMilli() }
	for _, tt := range []struct {
		name  string
		rule  discount.Rule
		asked int64
		want  int64
		err   error
	}{
		{"its own value", discount.Rule{Kind: store.GrantMinutes, Value: 120}, 0, 120, nil},
		{"its own value, said again", discount.Rule{Kind: store.GrantMinutes, Value: 120}, 120, 120, nil},
		{"another value than its own", discount.Rule{Kind: store.GrantMinutes, Value: 120}, 60, 0, discount.ErrValue},
		{"whatever the shop says", discount.Rule{Kind: store.GrantMoney, Variable: true}, 777, 777, nil},
		{"nothing said", discount.Rule{Kind: store.GrantMoney, Variable: true}, 0, 0, discount.ErrValue},
		{"less than nothing", discount.Rule{Kind: store.GrantMoney, Variable: true}, -1, 0, discount.ErrValue},
		{"as much as it may", discount.Rule{Kind: store.GrantMoney, Variable: true, Max: 500}, 500, 500, nil},
		{"more than it may", discount.Rule{Kind: store.GrantMoney, Variable: true, Max: 500}, 501, 0, discount.ErrValue},
		{"more than all", discount.Rule{Kind: store.GrantPercent, Variable: true}, 101, 0, discount.ErrValue},
		{"everything", discount.Rule{Kind: store.GrantFull}, 0, 0, nil},
		{"until six in the evening", discount.Rule{Kind: store.GrantUntil, Value: 18 * 60}, 0, ms(6 * time.Hour), nil},
		{"until six in the morning", discount.Rule{Kind: store.GrantUntil, Value: 6 * 60}, 0, ms(18 * time.Hour), nil},
		{"until this very minute of tomorrow", discount.Rule{Kind: store.GrantUntil, Value: 12 * 60}, 0, ms(24 * time.Hour), nil},
		{"until a moment that was said", discount.Rule{Kind: store.GrantUntil, Variable: true, Max: 90}, ms(90 * time.Minute), ms(90 * time.Minute), nil},
		{"until a moment too late", discount.Rule{Kind: store.GrantUntil, Variable: true, Max: 90}, ms(91 * time.Minute), 0, discount.ErrValue},
		{"until a moment that is over", discount.Rule{Kind: store.GrantUntil, Variable: true}, ms(0), 0, discount.ErrValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.rule.Grants(tt.asked, noon)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Grants = %d, %v, want %d, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestRuleNamesWhoMayGrantIt(t *testing.T) {
	anybody, shop := discount.Rule{}, discount.Rule{Roles: []string{"manager"}}
	for _, tt := range []struct {
		name, role string
		rule       discount.Rule
		want       bool
	}{
		{"anybody", "operator", anybody, true},
		{"a person of the role", "manager", shop, true},
		{"a person of another role", "operator", shop, false},
		{"nobody", "", shop, false},
	} {
		if got := tt.rule.MayGrant(tt.role); got != tt.want {
			t.Errorf("%s: MayGrant = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestOrderNamesEachStepOnce(t *testing.T) {
	for _, tt := range []struct {
		order discount.Order
		want  bool
	}{
		{discount.DefaultOrder(), true},
		{discount.Order{"full", "money", "percent", "time"}, true},
		{discount.Order{"time", "percent", "money"}, false},
		{discount.Order{"time", "percent", "money", "money"}, false},
		{discount.Order{"time", "percent", "money", "coupon"}, false},
	} {
		if got := tt.order.Valid(); got != tt.want {
			t.Errorf("%v.Valid() = %v", tt.order, got)
		}
	}
}
