package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func try(t *testing.T, db *store.DB, fn func(context.Context, *store.Tx) error) error {
	t.Helper()
	return db.Update(t.Context(), func(tx *store.Tx) error { return fn(t.Context(), tx) })
}

func TestOrdersComeBackAsTheyWere(t *testing.T) {
	db := open(t)
	s := car("京A1")
	insert(t, db, s)
	want := store.Order{
		No: "1", Session: s.ID, Kind: store.OrderExit, Lane: "OUT1", Client: "mall", CreatedAt: noon, ExpiresAt: noon.Add(5 * time.Minute),
		Total: 1000, Credit: 100, Paid: 200, Waived: 50, Payable: 650,
	}
	later := store.Order{No: "0", Session: s.ID, Client: "mall", CreatedAt: noon.Add(time.Minute), Payable: 650}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertOrder(ctx, later), tx.InsertOrder(ctx, want))
	})
	got, err := db.Order(t.Context(), "1")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Order, %v (-want +got):\n%s", err, diff)
	}
	list, err := db.UnpaidOrders(t.Context(), s.ID)
	if diff := cmp.Diff([]store.Order{want, later}, list); err != nil || diff != "" {
		t.Errorf("UnpaidOrders, %v (-want +got):\n%s", err, diff)
	}
	want.State, want.SettledAt = store.OrderPaid, noon.Add(2*time.Minute)
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateOrder(ctx, want) })
	if got, err = db.Order(t.Context(), "1"); err != nil || got != want {
		t.Errorf("Order after update = %+v, %v, want %+v", got, err, want)
	}
	if list, err = db.UnpaidOrders(t.Context(), s.ID); err != nil || len(list) != 1 || list[0].No != "0" {
		t.Errorf("UnpaidOrders after payment = %v, %v, want order 0", list, err)
	}

	if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertOrder(ctx, want) }); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a second order of a number = %v, want ErrConflict", err)
	}
	want.No = "7"
	if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateOrder(ctx, want) }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("UpdateOrder of an unknown one = %v, want ErrNotFound", err)
	}
	if _, err := db.Order(t.Context(), "7"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Order of an unknown number = %v, want ErrNotFound", err)
	}
	want.Session = "nobody"
	if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertOrder(ctx, want) }); err == nil {
		t.Error("an order of an unknown session was taken")
	}
}

func TestOrderIsPaidOnce(t *testing.T) {
	db := open(t)
	s := car("京A1")
	insert(t, db, s)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertOrder(ctx, store.Order{No: "1", Session: s.ID}), tx.InsertOrder(ctx, store.Order{No: "2", Session: s.ID}))
	})
	pay := func(id, order string, kind store.PaymentKind) error {
		return try(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertPayment(ctx, store.Payment{ID: id, Order: order, Session: s.ID, Kind: kind, Amount: 100, PaidAt: noon})
		})
	}
	for _, tt := range []struct {
		name, id, order string
		kind            store.PaymentKind
		want            error
	}{
		{"money", "a", "1", store.PaymentMoney, nil},
		{"money again", "b", "1", store.PaymentMoney, store.ErrConflict},
		{"an orphan of a paid order", "c", "1", store.PaymentOrphan, store.ErrConflict},
		{"the rounding of a paid order", "d", "1", store.PaymentRounding, nil},
		{"an orphan", "e", "2", store.PaymentOrphan, nil},
		{"money for an order with an orphan", "f", "2", store.PaymentMoney, store.ErrConflict},
		{"money without an order", "g", "", store.PaymentMoney, nil},
		{"more money without an order", "h", "", store.PaymentMoney, nil},
		{"an id that is taken", "h", "", store.PaymentMoney, store.ErrConflict},
	} {
		if err := pay(tt.id, tt.order, tt.kind); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%s = %v, want %v", tt.name, err, tt.want)
		}
	}
	list, err := db.Payments(t.Context(), s.ID)
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	if diff := cmp.Diff([]string{"a", "d", "e", "g", "h"}, ids); err != nil || diff != "" {
		t.Errorf("Payments, %v (-want +got):\n%s", err, diff)
	}
	by, err := db.PaymentsOf(t.Context(), []store.Session{{ID: "nobody"}, s})
	if diff := cmp.Diff(map[string][]store.Payment{s.ID: list}, by); err != nil || diff != "" {
		t.Errorf("PaymentsOf, %v (-want +got):\n%s", err, diff)
	}
	for order, want := range map[string]string{"1": "a", "2": "e"} {
		if p, err := db.PaymentOfOrder(t.Context(), order); err != nil || p.ID != want {
			t.Errorf("PaymentOfOrder(%s) = %s, %v, want %s", order, p.ID, err, want)
		}
	}
	for _, order := range []string{"3", ""} {
		if _, err := db.PaymentOfOrder(t.Context(), order); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("PaymentOfOrder(%q) = %v, want ErrNotFound", order, err)
		}
	}
}

func TestPaymentComesBackAsItWas(t *testing.T) {
	db := open(t)
	s := car("京A1")
	insert(t, db, s)
	want := store.Payment{
		ID: store.NewID(noon), Session: s.ID, Kind: store.PaymentRounding, Amount: 1, Discount: 2, FreeMoney: 3, FreeMinutes: 4, Rounding: 5, Over: 6,
		PayType: 7, PayMethod: 8, Client: "mall", FreeDetail: `[{"type":1}]`, PaidAt: noon,
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertPayment(ctx, want) })
	list, err := db.Payments(t.Context(), s.ID)
	if diff := cmp.Diff([]store.Payment{want}, list); err != nil || diff != "" {
		t.Errorf("Payments, %v (-want +got):\n%s", err, diff)
	}
}

func TestAreasFollowTheConfigurationAndTheOpenSessions(t *testing.T) {
	db := open(t)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.ReplaceAreas(ctx, []store.Area{{Code: 2, Name: "B", Places: 50}, {Code: 1, Name: "A地面", Type: 1, Places: 100}, {Code: 3, Name: "C"}})
	})
	in := func(plate string, area int, state store.SessionState) store.Session {
		s := car(plate)
		s.Area, s.State = area, state
		return s
	}
	insert(t, db, in("京A1", 1, store.Entering), in("京A2", 1, store.Inside), in("京A3", 1, store.Leaving), in("京A4", 1, store.Left), in("京A5", 2, store.Inside), in("京A6", 9, store.Inside))
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SetAreaOffset(ctx, 1, -7) })
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.ReplaceAreas(ctx, []store.Area{{Code: 1, Name: "A", Places: 90, Offset: 99, Inside: 99}, {Code: 2, Name: "B", Places: 50}})
	})
	want := []store.Area{{Code: 1, Name: "A", Places: 90, Offset: -7, Inside: 3}, {Code: 2, Name: "B", Places: 50, Inside: 1}}
	got, err := db.Areas(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Areas, %v (-want +got):\n%s", err, diff)
	}
	if err := try(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SetAreaOffset(ctx, 3, 1) }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("SetAreaOffset of one that is gone = %v, want ErrNotFound", err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.ReplaceAreas(ctx, nil) })
	if got, err := db.Areas(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("Areas of an empty configuration = %v, %v", got, err)
	}
}

func TestDevicesFollowTheConfigurationAndKeepTheirState(t *testing.T) {
	db := open(t)
	replace := func(list ...store.Device) []store.Device {
		t.Helper()
		var news []store.Device
		update(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			news, err = tx.ReplaceDevices(ctx, list)
			return err
		})
		return news
	}
	gate, camera := store.Device{Code: "G1", Name: "入口道闸", Type: 4, IP: "172.19.8.242"}, store.Device{Code: "C1", Type: 2}
	if diff := cmp.Diff([]store.Device{gate, camera}, replace(gate, camera)); diff != "" {
		t.Errorf("first ReplaceDevices (-want +got):\n%s", diff)
	}
	if news := replace(gate, camera); len(news) != 0 {
		t.Errorf("ReplaceDevices without a change = %v", news)
	}

	state := func(code, status, remark string, since time.Time) (changed bool, err error) {
		err = try(t, db, func(ctx context.Context, tx *store.Tx) error {
			changed, err = tx.SetDeviceState(ctx, code, status, remark, since)
			return err
		})
		return changed, err
	}
	for _, tt := range []struct {
		status, remark string
		changed        bool
	}{{"0", "", true}, {"0", "", false}, {"1", "离线", true}, {"1", "无应答", true}, {"1", "无应答", false}} {
		if changed, err := state("G1", tt.status, tt.remark, noon); changed != tt.changed || err != nil {
			t.Errorf("SetDeviceState(%q, %q) = %v, %v, want %v", tt.status, tt.remark, changed, err, tt.changed)
		}
	}
	if changed, err := state("X", "0", "", noon); changed || !errors.Is(err, store.ErrNotFound) {
		t.Errorf("SetDeviceState of an unknown device = %v, %v, want ErrNotFound", changed, err)
	}

	gate.Name, gate.Status = "入口1", "9"
	want := store.Device{Code: "G1", Name: "入口1", Type: 4, IP: "172.19.8.242", Status: "1", Remark: "无应答", Since: noon}
	if diff := cmp.Diff([]store.Device{want}, replace(gate)); diff != "" {
		t.Errorf("ReplaceDevices with a new name (-want +got):\n%s", diff)
	}
	list, err := db.Devices(t.Context())
	if diff := cmp.Diff([]store.Device{want}, list); err != nil || diff != "" {
		t.Errorf("Devices, %v (-want +got):\n%s", err, diff)
	}
	if got, err := db.Device(t.Context(), "G1"); err != nil || got != want {
		t.Errorf("Device = %+v, %v", got, err)
	}
	if _, err := db.Device(t.Context(), "C1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Device that is gone = %v, want ErrNotFound", err)
	}
}

func TestLanesRememberHoldsAndCars(t *testing.T) {
	db := open(t)
	s := car("京A1")
	insert(t, db, s)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.SetHold(ctx, "OUT1", true), tx.SetHold(ctx, "IN1", true), tx.SetHold(ctx, "IN1", true), tx.SetHold(ctx, "IN2", false),
			tx.SetLaneCar(ctx, store.LaneCar{Lane: "OUT1", Session: "old", Since: noon}),
			tx.SetLaneCar(ctx, store.LaneCar{Lane: "OUT1", Session: s.ID, Since: noon.Add(time.Second)}),
			tx.SetLaneCar(ctx, store.LaneCar{Lane: "IN1", Session: s.ID, Since: noon}))
	})
	holds, err := db.Holds(t.Context())
	if diff := cmp.Diff([]string{"IN1", "OUT1"}, holds); err != nil || diff != "" {
		t.Errorf("Holds, %v (-want +got):\n%s", err, diff)
	}
	cars, err := db.LaneCars(t.Context())
	want := []store.LaneCar{{Lane: "IN1", Session: s.ID, Since: noon}, {Lane: "OUT1", Session: s.ID, Since: noon.Add(time.Second)}}
	if diff := cmp.Diff(want, cars); err != nil || diff != "" {
		t.Errorf("LaneCars, %v (-want +got):\n%s", err, diff)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.SetHold(ctx, "IN1", false), tx.ClearLaneCar(ctx, "IN1"), tx.ClearLaneCar(ctx, "IN9"))
	})
	if holds, err = db.Holds(t.Context()); err != nil || len(holds) != 1 {
		t.Errorf("Holds after release = %v, %v", holds, err)
	}
	if cars, err = db.LaneCars(t.Context()); err != nil || len(cars) != 1 {
		t.Errorf("LaneCars after the car passed = %v, %v", cars, err)
	}
}

func TestBooksBalanceAndNameWhatDoesNot(t *testing.T) {
	db := open(t)
	right, wrong, inside, free := gone("京A1", noon), gone("京A2", noon), car("京A3"), gone("京A4", noon)
	right.Fee, right.Credit, right.Over = 2000, 500, 50
	wrong.Fee = 1000
	owing := gone("京A5", noon) // a gate was held open
	owing.Fee, owing.Unpaid = 300, 200
	insert(t, db, right, wrong, inside, free, owing)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		var errs []error
		for i, p := range []store.Payment{
			{Session: right.ID, Amount: 900, Discount: 300, FreeMoney: 200},
			{Session: right.ID, Amount: 100},
			{Session: right.ID, Kind: store.PaymentRounding, Rounding: 50},
			{Session: right.ID, Kind: store.PaymentOrphan, Amount: 700},
			{Session: wrong.ID, Amount: 999},
			{Session: inside.ID, Amount: 400, Discount: 100},
			{Session: owing.ID, Amount: 100},
		} {
			p.ID = number(i)
			errs = append(errs, tx.InsertPayment(ctx, p))
		}
		return errors.Join(errs...)
	})
	want := store.Books{
		Sessions: map[store.SessionState]int{store.Left: 4, store.Inside: 1},
		Fee:      3300, Credit: 500, Paid: 2099, Waived: 550, Unpaid: 200, Over: 50, Prepaid: 400, Orphans: 700,
		Mismatches: []string{wrong.ID},
	}
	got, err := db.Books(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Books, %v (-want +got):\n%s", err, diff)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertPayment(ctx, store.Payment{ID: "last", Session: wrong.ID, Kind: store.PaymentRounding, Rounding: 1})
	})
	got, err = db.Books(t.Context())
	if err != nil || len(got.Mismatches) != 0 || got.Fee+got.Over != got.Credit+got.Unpaid+got.Paid+got.Waived {
		t.Errorf("Books after the rest was waived = %+v, %v", got, err)
	}
}
