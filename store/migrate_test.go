package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// The rows are written as the program of that time wrote them.
const firstRows = `
INSERT INTO meta (key, value) VALUES ('box', '01KJ0000000000000000000000');
INSERT INTO plates (plate) VALUES ('粤B12345'), ('京A11113');
INSERT INTO sessions (id, plate, plate_read, color, size, car_type, card_no, area, state, entered_ms, entry_lane, entry_place, entry_image,
	left_ms, exit_lane, exit_place, exit_image, paid_until_ms, settled_fee, settled_credit, fee, credit, unpaid, over, seamless, note)
VALUES ('S1', '粤B12345', '粤812345', 0, 2, 2, '2026030112000001', 1, 4, 1772337600000, 'IN1', '入口1', 'a/in.jpg',
		1772341200000, 'OUT1', '出口1', 'a/out.jpg', 1772340600000, 700, 100, 800, 200, 300, 400, 1, '读错一位'),
	('S2', '京A11113', '', -1, 0, 0, '', 1, 2, 1772337600000, 'IN1', '入口1', '', NULL, '', '', '', NULL, 0, 0, 0, 0, 0, 0, 0, '');
INSERT INTO orders (no, session, kind, lane, client, created_ms, expires_ms, total, credit, paid, waived, payable, state, settled_ms)
VALUES ('O1', 'S1', 1, 'OUT1', 'mall', 1772337600000, 1772337900000, 800, 200, 0, 0, 600, 1, 1772337660000);
INSERT INTO payments (id, order_no, session, kind, amount, discount, free_money, free_minutes, rounding, over, pay_type, pay_method, client, free_detail, paid_ms)
VALUES ('P1', 'O1', 'S1', 0, 600, 0, 100, 30, 0, 0, 4, 5, 'mall', '[]', 1772337660000);
INSERT INTO areas (code, name, type, places, free_offset) VALUES (1, 'A地面', 0, 100, -3);
INSERT INTO platforms (name, cursor) VALUES ('mall', 0);
`

func TestBooksOfTheFirstVersionAreReadByThisOne(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "park.db")
	if err := store.MakeOld(ctx, path, 1); err != nil {
		t.Fatal(err)
	}
	old := raw(t, path)
	if _, err := old.ExecContext(ctx, firstRows); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenView(ctx, path); !errors.Is(err, store.ErrOlder) {
		t.Errorf("OpenView before = %v, want ErrOlder", err)
	}

	db := openAt(t, path)
	if db.Box() != "01KJ0000000000000000000000" {
		t.Errorf("box = %q, want the one it was", db.Box())
	}
	left := full()
	left.ID = "S1"
	inside := store.Session{ID: "S2", Plate: "京A11113", Color: -1, Area: 1, State: store.Inside, EnteredAt: noon, EntryLane: "IN1", EntryPlace: "入口1"}
	for _, want := range []store.Session{left, inside} {
		got, err := db.Session(ctx, want.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("session, without any right, %v (-want +got):\n%s", err, diff)
		}
	}
	order := store.Order{
		No: "O1", Session: "S1", Kind: store.OrderExit, Lane: "OUT1", Client: "mall", CreatedAt: noon, ExpiresAt: noon.Add(5 * time.Minute),
		Total: 800, Credit: 200, Payable: 600, State: store.OrderPaid, SettledAt: noon.Add(time.Minute),
	}
	if got, err := db.Order(ctx, "O1"); err != nil || got != order {
		t.Errorf("order = %+v, %v; want it never scanned: %+v", got, err, order)
	}
	payment := store.Payment{
		ID: "P1", Order: "O1", Session: "S1", Amount: 600, FreeMoney: 100, FreeMinutes: 30, PayType: 4, PayMethod: 5, Terminal: 15,
		Client: "mall", FreeDetail: "[]", PaidAt: noon.Add(time.Minute),
	}
	list, err := db.Payments(ctx, "S1")
	if diff := cmp.Diff([]store.Payment{payment}, list); err != nil || diff != "" {
		t.Errorf("payments, all by platforms, %v (-want +got):\n%s", err, diff)
	}
	areas, err := db.Areas(ctx)
	if diff := cmp.Diff([]store.Area{{Code: 1, Name: "A地面", Places: 100, Offset: -3, Inside: 1}}, areas); err != nil || diff != "" {
		t.Errorf("areas, %v (-want +got):\n%s", err, diff)
	}
	if page, n, err := db.FinishedSessions(ctx, store.FinishedFilter{Plate: "B123"}); err != nil || n != 1 || page[0].ID != "S1" {
		t.Errorf("search = %v, %d, %v", page, n, err)
	}

	// The car that was inside takes part in what is new.
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		inside.Card, err = tx.InsertCard(ctx, month("京A11113"))
		if err != nil {
			return err
		}
		inside.QuoteFee, inside.QuotedAt = 500, noon
		return errors.Join(tx.UpdateSession(ctx, inside),
			tx.InsertCover(ctx, store.Cover{Session: "S2", From: noon, To: noon.Add(time.Hour)}),
			tx.InsertDeduction(ctx, store.Deduction{ID: "D", Session: "S1"}),
			tx.InsertChange(ctx, store.Change{No: "O1C", Order: "O1", Session: "S1", Inserted: 5}))
	})
	if on, err := db.SessionsOnCard(ctx, inside.Card); err != nil || len(on) != 1 || on[0] != inside {
		t.Errorf("SessionsOnCard = %+v, %v", on, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if again := openAt(t, path); again.Box() != db.Box() {
		t.Error("opened again, it is another box")
	}
}
