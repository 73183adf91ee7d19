package lane

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/drivers"
	"parkagent/store"
)

// What drivers without a plate, card holders and platforms have to do with a
// lane, over real rules and books.

// scan has the driver ask, and returns what that was answered once the lane has
// done everything else that follows: it answers before it shows anything.
func (s *site) scan(l *Lane) error {
	defer synctest.Wait()
	return l.Scan(s.t.Context(), Scan{CardNo: card, Client: "mall", Address: "192.0.2.1"})
}

// refused returns why a scan was refused, or the text of any other error.
func refused(err error) string {
	var r *RefusedError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &r):
		return string(r.Reason)
	}
	return err.Error()
}

func TestACarWithoutAPlate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.gateIn.mu.Lock()
		s.gateIn.presence = drivers.PresenceClear
		s.gateIn.mu.Unlock()
		if err := s.scan(s.in); !errors.Is(err, ErrNoCar) || s.gateIn.did() != "" {
			t.Errorf("with nobody there: %v, want ErrNoCar and a shut gate", err)
		}
		s.gateIn.mu.Lock()
		s.gateIn.presence = drivers.PresenceOccupied
		s.gateIn.mu.Unlock()
		var before store.SessionState
		s.gateIn.opened = func() {
			in, err := s.db.OpenSessionByCard(t.Context(), card)
			s.must(err)
			before = in.State
		}
		s.must(s.scan(s.in))
		in, err := s.db.OpenSessionByCard(t.Context(), card)
		if s.must(err); s.gateIn.did() != "raise" || before != store.Entering || in.State != store.Inside {
			t.Errorf("the gate was opened with the stay in state %d, which is now %d; want it committed before", before, in.State)
		}
		if got := s.ledIn.last(); got != in.Plate+"|无牌车 欢迎光临" {
			t.Errorf("entry shows %q", got)
		}
		s.must(s.scan(s.in))
		pass(20 * time.Second)
		s.must(s.scan(s.in))
		if got := s.gateIn.did(); got != "" {
			t.Errorf("calls = %q, want nothing opened for repetitions", got)
		}
		pass(time.Hour)
		if err := s.scan(s.in); refused(err) != "card number inside" {
			t.Errorf("the same number an hour later: %v, want it refused", err)
		}
		if err := s.scan(s.out); refused(err) != "due" || s.gateOut.did() != "" {
			t.Errorf("at the exit: %v, want money due and a shut gate", err)
		}
		s.pay()
		if got := s.gateOut.did(); got != "raise" {
			t.Errorf("calls after the payment = %q, want the car let out", got)
		}
		s.must(s.scan(s.out))
		pass(time.Minute)
		if err := s.scan(s.out); refused(err) != "no session" {
			t.Errorf("at the exit once more: %v, want it unknown", err)
		}
		want := []string{"G1: no car stands at the lane", "G1: ok", "G1: refused: card number inside", "G2: refused: due", "G2: refused: no session"}
		if diff := cmp.Diff(want, s.scans()); diff != "" {
			t.Errorf("journal of scans (-want +got):\n%s", diff)
		}
		if err := s.in.Scan(t.Context(), Scan{}); refused(err) != "no plate" {
			t.Errorf("without a number: %v, want it refused", err)
		}
	})
}

// scans lists what the journal says came of scans.
func (s *site) scans() []string {
	s.t.Helper()
	rows, err := s.db.After(s.t.Context(), 0, 1000)
	s.must(err)
	var out []string
	for _, e := range rows {
		if f := decode[store.CommandFact](s, e); e.Kind == store.KindCommand && f.Command == "scan" && f.Client == "mall" && f.Address == "192.0.2.1" {
			out = append(out, f.Device+": "+f.Result)
		}
	}
	return out
}

func TestAScanAtADeadGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.gateIn.breakWith(fmt.Errorf("%w: no answer", drivers.ErrOffline))
		if err := s.scan(s.in); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("scan = %v, want the gate's failure", err)
		}
		s.gateIn.breakWith(nil)
		pass(3 * time.Second)
		in, err := s.db.OpenSessionByCard(t.Context(), card)
		if err != nil || in.State != store.Inside {
			t.Errorf("stay = %+v, %v; want the car let in when the gate came back", in, err)
		}
		s.must(s.scan(s.in))
	})
}

func TestADisplayThatTakesItsTimeHoldsNoAnswer(t *testing.T) {
	for what, ask := range map[string]func(*site) error{
		"a scan": func(s *site) error { return s.scan(s.in) },
		"a text": func(s *site) error { return s.in.Do(s.t.Context(), Command{Op: OpShow, Lines: []string{"ABC"}}) },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t)
			defer s.close()
			pass(2 * time.Second)
			s.ledIn.slow = 5 * time.Second
			at := time.Now()
			s.must(ask(s))
			if took := time.Since(at); took > time.Second {
				t.Errorf("%s is answered after %v, want at once", what, took)
			}
			synctest.Wait()
		})
	}
}

func TestAScanAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.must(s.scan(s.in))
		s.stop()
		s.gateIn.did()
		s.start()
		defer s.close()
		s.must(s.scan(s.in))
		if got := s.gateIn.did(); got != "" {
			t.Errorf("calls = %q, want nothing opened for the repetition", got)
		}
	})
}

func TestPlatformsAreAskedBeforeTheDriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.stop()
		var asked []string
		s.ask = func(session string) { asked = append(asked, session) }
		s.start()
		defer s.close()
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		s.see(t.Context(), drivers.Recognition{Plate: "粤B22222"})
		for _, no := range []string{"粤B12345", "粤B22222"} {
			s.must(s.rules.MarkSeamless(t.Context(), no, access.By{Client: "mall"}))
		}
		pass(time.Hour)

		s.arrive("粤B12345")
		in := s.session("粤B12345")
		if diff := cmp.Diff([]string{in.ID}, asked); diff != "" || s.ledOut.last() != "粤B12345|扣费中 请稍候" || !s.out.Snapshot().Waiting {
			t.Errorf("exit shows %q, platforms are asked about (-want +got):\n%s", s.ledOut.last(), diff)
		}
		d, _, ok, err := s.desk.BeginDeduction(t.Context(), in.ID, "mall")
		if err != nil || !ok {
			t.Fatalf("deduction = %v, %v; want it begun", ok, err)
		}
		pass(2 * time.Second)
		s.must(s.desk.EndDeduction(t.Context(), d.ID, billing.DeductionAnswer{Known: true, Amount: d.Asked}))
		s.must(s.out.Paid(t.Context(), in.ID))
		if got := s.gateOut.did(); got != "raise" || s.ledOut.last() != "粤B12345|一路平安" {
			t.Errorf("after the deduction: calls %q, shows %q; want the car let out", got, s.ledOut.last())
		}

		s.arrive("粤B22222")
		pass(4 * time.Second)
		if got := s.ledOut.last(); got != "粤B22222|扣费中 请稍候" {
			t.Errorf("before the time is over the exit shows %q", got)
		}
		pass(2 * time.Second)
		if got := s.ledOut.last(); got != "粤B22222 1时0分|请缴费5.00元" || s.gateOut.did() != "" {
			t.Errorf("without an answer the exit shows %q, want the driver asked", got)
		}
		s.pay()
		if got := s.gateOut.did(); got != "raise" {
			t.Errorf("calls after the payment = %q, want the car let out", got)
		}
	})
}

func TestALaneWithoutPlatformsAsksTheDriverAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		s.must(s.rules.MarkSeamless(t.Context(), "粤B12345", access.By{Client: "mall"}))
		pass(time.Hour)
		s.arrive("粤B12345")
		if got := s.ledOut.last(); got != "粤B12345 1时0分|请缴费5.00元" {
			t.Errorf("exit shows %q, want the driver asked", got)
		}
	})
}

func TestACardHolderIsToldHowLongTheCardLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		_, err := s.rules.AddCard(t.Context(), store.Card{CarType: 2, From: time.Now(), To: time.Now().Add(10*24*time.Hour + time.Hour),
			Plates: []store.CardPlate{{Plate: "粤B12345"}}}, access.By{})
		s.must(err)
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		if got := s.ledIn.last(); got != "粤B12345|月租车 剩余10天|欢迎光临" {
			t.Errorf("entry shows %q", got)
		}
		pass(24 * time.Hour)
		s.arrive("粤B12345")
		if got := s.ledOut.last(); got != "粤B12345|月租车 剩余9天|一路平安" || s.gateOut.did() != "raise" {
			t.Errorf("exit shows %q, want it let out", got)
		}
	})
}

func TestABlacklistedCarAtTheEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		_, err := s.rules.AddBlack(t.Context(), "粤B12345", "欠费", access.By{})
		s.must(err)
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345", Pictures: []drivers.Picture{{JPEG: []byte("scene")}}})
		if got := s.ledIn.last(); got != "粤B12345|禁止入场 请联系管理员" || s.gateIn.did() != "" {
			t.Errorf("entry shows %q, want a shut gate", got)
		}
		e, err := s.db.LastOf(t.Context(), store.KindBlackEntry, "粤B12345")
		s.must(err)
		if f := decode[store.BlackFact](s, e); f.Image != "1.jpg" || f.Place != "入口1" || f.Remark != "欠费" {
			t.Errorf("journal = %+v", f)
		}
		// Its driver asks for a ticket, as one without a plate.
		if got := refused(s.scan(s.in)); got != string(access.ReasonBlacklist) || s.gateIn.did() != "" {
			t.Errorf("a scan after it = %q, want it refused and a shut gate", got)
		}
		pass(blackScan) // it has gone, and a car without a plate comes
		s.must(s.scan(s.in))
		if got := s.gateIn.did(); got != "raise" {
			t.Errorf("the gate did %q for a car that comes later", got)
		}
	})
}

func TestABlacklistedCarThatStaysIsRefusedAsOneWithoutAPlate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		_, err := s.rules.AddBlack(t.Context(), "粤B12345", "欠费", access.By{})
		s.must(err)
		s.gateIn.stands(drivers.PresenceOccupied)
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		pass(5 * time.Minute)
		if got := refused(s.scan(s.in)); got != string(access.ReasonBlacklist) || s.gateIn.did() != "" {
			t.Errorf("a scan while it stands there = %q, want it refused and a shut gate", got)
		}
		s.gateIn.stands(drivers.PresenceClear)
		pass(blackScan + pollEvery)
		s.gateIn.stands(drivers.PresenceOccupied)
		s.must(s.scan(s.in))
	})
}

func TestTheCarAfterABlacklistedOneMayScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		_, err := s.rules.AddBlack(t.Context(), "粤B12345", "", access.By{})
		s.must(err)
		s.see(t.Context(), drivers.Recognition{Plate: "粤B12345"})
		s.see(t.Context(), drivers.Recognition{Plate: "粤B54321"})
		if got := s.gateIn.did(); got != "raise" {
			t.Fatalf("the gate did %q for the next car", got)
		}
		s.must(s.scan(s.in))
	})
}

func TestPhoto(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		defer s.close()
		if _, err := s.in.Photo(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a camera that cannot: %v, want ErrUnsupported", err)
		}
		if _, err := s.out.Photo(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a lane without a camera: %v, want ErrUnsupported", err)
		}
		running, most := 0, 0
		s.camera.snap = func(ctx context.Context) (drivers.Picture, error) {
			running++
			most = max(most, running)
			defer func() { running-- }()
			<-time.After(time.Second)
			return drivers.Picture{JPEG: []byte("now")}, nil
		}
		paths := make(chan string, 2)
		for range 2 {
			go func() {
				path, err := s.in.Photo(t.Context())
				if err != nil {
					t.Errorf("Photo: %v", err)
				}
				paths <- path
			}()
		}
		if got := []string{<-paths, <-paths}; got[0] != "1.jpg" || got[1] != "2.jpg" || most != 1 || string(s.kept[0]) != "now" {
			t.Errorf("paths = %v, %d at a time; want one after the other", got, most)
		}
		s.camera.snap = func(ctx context.Context) (drivers.Picture, error) {
			<-ctx.Done()
			return drivers.Picture{}, ctx.Err()
		}
		at := time.Now()
		go func() { _, _ = s.in.Photo(t.Context()) }()
		synctest.Wait()
		if _, err := s.in.Photo(t.Context()); !errors.Is(err, ErrBusy) && !errors.Is(err, context.DeadlineExceeded) || time.Since(at) > 2*time.Second {
			t.Errorf("a camera that does not answer, after %v: %v; want an error after 2 s", time.Since(at), err)
		}
		if len(s.kept) != 2 {
			t.Errorf("%d pictures were kept, want 2", len(s.kept))
		}
		synctest.Wait()
	})
}
