package console_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/lane"
	"parkagent/drivers"
	"parkagent/store"
)

// Whatever a machine sends beside the fields, it is answered.
func TestUnknownFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.park(store.Session{Plate: "粤B12345"})
	for _, field := range []string{"address", "Address", "kiosk"} {
		a := r.post("K1", "bill", `{"plateNo":"粤B12345","`+field+`":"192.0.2.1"}`)
		if a.status != 200 || a.code != 0 {
			t.Errorf("with a field %s: %+v", field, a)
		}
	}
}

// A machine that says that nothing was put in keeps nobody from putting coins in.
func TestNoCoinsAreNoPayment(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.park(store.Session{Plate: "粤B12345"})
	r.after(30 * time.Minute)
	order := r.bill("粤B12345")
	r.refused("K1", "cash", map[string]any{"orderNo": order, "inserted": 0}, "参数 inserted 取值无效")
	if got := r.call("K1", "cash", map[string]any{"orderNo": order, "inserted": 500}); got["rest"] != 0.0 {
		t.Errorf("coins for what is due are answered %v, want nothing left", got)
	}
}

// A ticket whose answer was lost is asked for again: it is the same car.
func TestATicketThatIsAskedForAgainIsTheSame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error // of the lane, the first time
		lost bool  // though it lets the car in
	}{
		{name: "the answer was lost"},
		{name: "the lane did not confirm in time", err: lane.ErrBusy, lost: true},
		{name: "the gate failed", err: errors.New("gate failed")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "")
			r.entry.err, r.entry.lost = tt.err, tt.lost
			again := map[string]any{"requestNo": "17"}
			r.post("K3", "ticket", body(again))
			r.entry.err = nil
			r.after(29 * time.Second)
			first, second := r.call("K3", "ticket", again), r.call("K3", "ticket", again)
			if diff := cmp.Diff(first, second); diff != "" {
				t.Errorf("the same request is answered otherwise:\n%s", diff)
			}
			if cars, err := r.db.OpenSessions(t.Context(), store.OpenFilter{}); err != nil || len(cars) != 1 || cars[0].CardNo != first["cardNo"] {
				t.Errorf("inside are %+v, %v, want one car with the ticket %v", cars, err, first["cardNo"])
			}
			for name, other := range map[string]map[string]any{"another request": {"requestNo": "18"}, "one without a number": nil} {
				if got := r.call("K3", "ticket", other); got["cardNo"] == first["cardNo"] {
					t.Errorf("%s gets the same ticket", name)
				}
			}
		})
	}
}

// A driver at an entry that stays shut is told why.
func TestATicketThatIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&lane.RefusedError{Reason: access.ReasonFull}, "车位已满"},
		{lane.ErrNoCar, "车道上未检测到车辆，请将车辆驶至道闸前"},
		{fmt.Errorf("%w: %w", lane.ErrBusy, errors.New("late")), "车道繁忙，未能在时限内确认执行，请稍后重试"},
		{&drivers.DeviceError{Device: "G1", Op: "raise", Err: drivers.ErrOffline}, "道闸未能打开，请重试或联系管理员"},
		{fmt.Errorf("raise: %w", drivers.ErrRefused), "道闸未能打开，请重试或联系管理员"},
	} {
		r := newRig(t, "")
		r.entry.err = tt.err
		r.refused("K3", "ticket", nil, tt.want)
	}
}
