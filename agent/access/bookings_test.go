package access

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/billing"
	"parkagent/store"
)

// reserve books a plate for the hours after morning.
func (r *rig) reserve(no string, kind int, from, to time.Duration, promptly bool) int64 {
	r.t.Helper()
	id, err := r.Book(r.t.Context(), store.Booking{Plate: no, PreMoney: 100, From: morning.Add(from), To: morning.Add(to), Type: kind}, promptly, mall)
	r.did(err)
	return id
}

func (r *rig) booking(id int64) store.Booking {
	r.t.Helper()
	b, err := r.db.Booking(r.t.Context(), id)
	r.did(err)
	return b
}

func TestABookedCarEntersAFullCarPark(t *testing.T) {
	r := newRig(t, 1)
	id := r.reserve("粤B11111", store.BookOnce, -time.Hour, 5*time.Hour, false)
	r.park("京A00001")
	v := r.enter("IN1", "粤B11111")
	want := Verdict{Open: true, Reason: ReasonBooking, Session: v.Session, Plate: "粤B11111", CarType: 100, ValidTo: morning.Add(5 * time.Hour)}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if b := r.booking(id); b.UsedBy != "" {
		t.Errorf("used by %q before the gate opened", b.UsedBy)
	}
	r.did(r.Entered(t.Context(), v.Session))
	f := last[store.BookingFact](r, store.KindBooking, "粤B11111")
	if b := r.booking(id); b.UsedBy != v.Session || f.Act != "use" || f.Session != v.Session {
		t.Errorf("used by %q, journal %+v; want session %s", b.UsedBy, f, v.Session)
	}
	out := r.leave("OUT1", "粤B11111", true)
	r.did(r.Gone(t.Context(), out.Session))
	if v := r.enter("IN1", "粤B11111"); v.Reason != ReasonFull {
		t.Errorf("it comes a second time = %+v, want refused as a temporary car", v)
	}
}

func TestBookingsOfManyVisits(t *testing.T) {
	r := newRig(t, 9)
	old := r.reserve("粤B11111", store.BookMany, -5*time.Hour, -time.Hour, false)
	id := r.reserve("B11111", store.BookMany, -time.Hour, 5*time.Hour, false)
	for range 2 {
		in := r.park("粤B11111")
		if s := r.session(in.Session); s.Booking != id || s.CarType != 100 {
			t.Errorf("on booking %d of type %d, want %d: %d is over", s.Booking, s.CarType, id, old)
		}
		r.did(r.Gone(t.Context(), r.leave("OUT1", "粤B11111", true).Session))
		r.now = r.now.Add(time.Hour)
	}
	r.now = morning.Add(6 * time.Hour)
	if v := r.park("粤B11111"); v.Reason != ReasonTemporary {
		t.Errorf("after its end = %+v, want a temporary car", v)
	}
}

func TestABookingOfSeveralCarsIsNobodys(t *testing.T) {
	r := newRig(t, 9)
	r.reserve("粤B11111", store.BookMany, 0, time.Hour, false)
	r.reserve("京B11111", store.BookMany, 0, time.Hour, false)
	if v := r.park("B11111"); v.Reason != ReasonTemporary {
		t.Errorf("a plate read without its province = %+v, want a temporary car", v)
	}
}

func TestBook(t *testing.T) {
	r := newRig(t, 9)
	ctx := t.Context()
	b := store.Booking{Plate: "粤b·11111", PreMoney: 100, PreUsed: 50, UsedBy: "nobody", Type: store.BookOnce, From: morning, To: morning.Add(time.Hour)}
	id, err := r.Book(ctx, b, false, mall)
	r.did(err)
	want := store.Booking{ID: id, Plate: "粤B11111", PreMoney: 100, Type: store.BookOnce, From: b.From, To: b.To, Client: "mall", CreatedAt: morning}
	if diff := cmp.Diff(want, r.booking(id)); diff != "" {
		t.Errorf("booking (-want +got):\n%s", diff)
	}
	if f := last[store.BookingFact](r, store.KindBooking, "粤B11111"); f.Act != "add" || f.Booking != id || f.PreMoney != 100 || f.Address != mall.Address {
		t.Errorf("journal = %+v", f)
	}
	if again, err := r.Book(ctx, b, true, mall); again != id || err != nil || len(r.kinds()) != 1 {
		t.Errorf("again = %d, %v, journal %v; want %d and no row", again, err, r.kinds(), id)
	}
	dearer := b
	dearer.PreMoney = 5000
	if other, err := r.Book(ctx, dearer, false, mall); other == id || err != nil || r.booking(other).PreMoney != 5000 {
		t.Errorf("with other money = %d, %v; want a booking of its own", other, err)
	}
	b.Type = store.BookMany
	if other, err := r.Book(ctx, b, false, mall); other == id || err != nil {
		t.Errorf("of another type = %d, %v; want a booking of its own", other, err)
	}
	b.To = b.From.Add(-1)
	if _, err := r.Book(ctx, b, false, mall); !errors.Is(err, ErrPeriod) {
		t.Errorf("the end before the beginning: %v, want ErrPeriod", err)
	}
	b.Plate = ""
	if _, err := r.Book(ctx, b, false, mall); !errors.Is(err, ErrNoPlate) {
		t.Errorf("no plate: %v, want ErrNoPlate", err)
	}
}

func TestAVisitIsBookedAgainWhenTheFirstIsOver(t *testing.T) {
	r := newRig(t, 9)
	book := func() int64 { return r.reserve("粤B11111", store.BookOnce, -time.Hour, 9*time.Hour, true) }
	first := book()
	in := r.park("粤B11111")
	if again := book(); again != first {
		t.Errorf("while its car is inside = %d, want %d", again, first)
	}
	r.now = r.now.Add(time.Hour)
	r.did(r.Gone(t.Context(), r.leave("OUT1", "粤B11111", true).Session))
	if s := r.session(in.Session); s.State != store.Left {
		t.Fatalf("state = %d, want it gone", s.State)
	}
	r.now = r.now.Add(time.Hour)
	in = r.park("粤B11111")
	second := book()
	if s := r.session(in.Session); second == first || s.Booking != second {
		t.Errorf("a second visit is booked as %d, the car is on %d; want a booking of its own", second, s.Booking)
	}
}

func TestOfSeveralBookingsTheOneWithTheMostMoneyServes(t *testing.T) {
	r := newRig(t, 9)
	var ids []int64
	for _, fen := range []int64{100, 5000, 300} {
		id, err := r.Book(t.Context(), store.Booking{Plate: "粤B11111", PreMoney: fen, From: morning, To: morning.Add(time.Hour), Type: store.BookMany}, false, mall)
		r.did(err)
		ids = append(ids, id)
	}
	if s := r.session(r.park("粤B11111").Session); s.Booking != ids[1] {
		t.Errorf("on booking %d, want %d", s.Booking, ids[1])
	}
}

func TestPromptlyIsNoGuess(t *testing.T) {
	r := newRig(t, 9)
	r.park("粤B11111")
	r.park("京B11111")
	b := store.Booking{Plate: "B11111", From: morning.Add(-time.Hour), To: morning.Add(time.Hour), Type: store.BookOnce}
	var several *billing.AmbiguousError
	if _, err := r.Book(t.Context(), b, true, mall); !errors.As(err, &several) {
		t.Errorf("Book = %v, want it said that several cars fit", err)
	}
	if list, err := r.Bookings(t.Context(), "B11111"); len(list) != 0 || err != nil {
		t.Errorf("bookings = %+v, %v; want none", list, err)
	}
	if _, err := r.Book(t.Context(), b, false, mall); err != nil {
		t.Errorf("not promptly: %v", err)
	}
}

func TestPromptly(t *testing.T) {
	tests := []struct {
		name     string
		from, to time.Duration // the car enters at 0, it is booked after an hour
		promptly bool
		card     bool // it is a card holder
		want     bool
	}{
		{"a car that came in the period", -time.Hour, 5 * time.Hour, true, false, true},
		{"a car that came in a period that is over", -time.Hour, time.Minute, true, false, true},
		{"a car that came before", time.Minute, 5 * time.Hour, true, false, false},
		{"not promptly", -time.Hour, 5 * time.Hour, false, false, false},
		{"a card holder", -time.Hour, 5 * time.Hour, true, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 9)
			if tt.card {
				r.give(2, 1, 0, "粤B11111")
			}
			in := r.park("粤B11111")
			r.now = morning.Add(time.Hour)
			id := r.reserve("B11111", store.BookOnce, tt.from, tt.to, tt.promptly)
			s, b, f := r.session(in.Session), r.booking(id), last[store.BookingFact](r, store.KindBooking, "B11111")
			if (s.Booking == id) != tt.want || (s.CarType == 100) != tt.want || (b.UsedBy == s.ID) != tt.want || (f.Session == s.ID) != tt.want {
				t.Errorf("the car is on booking %d as type %d, which %q has used up, journal %+v; want it on %d: %v", s.Booking, s.CarType, b.UsedBy, f, id, tt.want)
			}
		})
	}
}

func TestEditBooking(t *testing.T) {
	r := newRig(t, 9)
	ctx := t.Context()
	in := r.park("粤B11111")
	id := r.reserve("粤B11111", store.BookMany, time.Hour, 5*time.Hour, false)
	from, once, many := morning.Add(-time.Hour), store.BookOnce, store.BookMany
	r.did(r.EditBooking(ctx, id, BookingEdit{From: &from, Promptly: true}, mall))
	if s, b := r.session(in.Session), r.booking(id); s.Booking != id || !b.From.Equal(from) || !b.To.Equal(morning.Add(5*time.Hour)) {
		t.Errorf("the car is on booking %d, %+v; want it on %d", s.Booking, b, id)
	}
	r.did(r.EditBooking(ctx, id, BookingEdit{Type: &once}, mall))
	if b := r.booking(id); b.UsedBy != in.Session {
		t.Errorf("of one visit while the car is inside: used by %q, want the car", b.UsedBy)
	}
	r.did(r.EditBooking(ctx, id, BookingEdit{Type: &many}, mall))
	if b := r.booking(id); b.UsedBy != "" || b.Type != store.BookMany {
		t.Errorf("of many visits again: %+v, want it not used up", b)
	}
	if f := last[store.BookingFact](r, store.KindBooking, "粤B11111"); f.Act != "edit" || f.Type != store.BookMany {
		t.Errorf("journal = %+v", f)
	}
	to := from.Add(-1)
	if err := r.EditBooking(ctx, id, BookingEdit{To: &to}, mall); !errors.Is(err, ErrPeriod) {
		t.Errorf("the end before the beginning: %v, want ErrPeriod", err)
	}
	if err := r.EditBooking(ctx, 99, BookingEdit{}, mall); !errors.Is(err, ErrNoBooking) {
		t.Errorf("an unknown booking: %v, want ErrNoBooking", err)
	}
	r.now = morning.Add(time.Hour)
	for range 2 {
		r.did(r.CancelBooking(ctx, id, mall))
	}
	r.did(r.CancelBooking(ctx, 99, mall))
	if b := r.booking(id); !b.Ends().Equal(r.now) || last[store.BookingFact](r, store.KindBooking, "粤B11111").Act != "cancel" {
		t.Errorf("cancelled = %+v, want it to end now", b)
	}
	if err := r.EditBooking(ctx, id, BookingEdit{}, mall); !errors.Is(err, ErrNoBooking) {
		t.Errorf("a cancelled booking: %v, want ErrNoBooking", err)
	}
}

func TestBookings(t *testing.T) {
	r := newRig(t, 9)
	r.reserve("粤B11111", store.BookMany, -2*time.Hour, -time.Hour, false) // over
	r.reserve("粤B11111", store.BookMany, time.Hour, 2*time.Hour, false)   // not yet
	cancelled := r.reserve("粤B11111", store.BookMany, -time.Hour, 9*time.Hour, false)
	r.did(r.CancelBooking(t.Context(), cancelled, mall))
	once := r.reserve("粤B11111", store.BookOnce, -time.Hour, time.Hour, false)
	var want []Booked
	r.park("粤B11111")
	want = append(want, Booked{r.booking(once), true})
	for n := range 5 {
		id := r.reserve("B11111", store.BookMany, -time.Hour, time.Duration(n+3)*time.Hour, false)
		want = append(want, Booked{Booking: r.booking(id)})
	}
	got, err := r.Bookings(t.Context(), "粤B11111")
	r.did(err)
	if diff := cmp.Diff(want[:5], got); diff != "" {
		t.Errorf("bookings (-want +got):\n%s", diff)
	}
	r.now = morning.Add(150 * time.Minute)
	if got, err = r.Bookings(t.Context(), "B11111"); err != nil || len(got) != 5 || got[0].ID != once {
		t.Errorf("after its end, with the car inside = %+v, %v; want it in use", got, err)
	}
	r.did(r.Gone(t.Context(), r.leave("OUT1", "粤B11111", true).Session))
	if got, err = r.Bookings(t.Context(), "粤B11111"); err != nil || len(got) != 5 || got[0].ID == once {
		t.Errorf("after it left = %+v, %v; want it gone", got, err)
	}
	if got, err = r.Bookings(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("of no plate = %+v, %v; want none", got, err)
	}
}
