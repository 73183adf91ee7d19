package console_test

import (
	"testing"
	"time"

	"parkagent/agent/billing"
	"parkagent/store"
)

// A driver is shown a code only for what is due: money for another sum would be
// charged twice, or refused after the platform has it.
func TestACodeIsShownForWhatIsDue(t *testing.T) {
	t.Parallel()
	const changed, settling = "应缴金额已变化，请重新查询", "该车辆正在支付中，请稍后再试"
	for _, tt := range []struct {
		name string
		do   func(r *rig, s store.Session, order string)
		want string
	}{
		{"the stay was paid by another order", func(r *rig, s store.Session, _ string) { r.pay(r.bill(s.Plate), 500) }, changed},
		{"the order was paid in part", func(r *rig, _ store.Session, order string) { r.pay(order, 100) }, changed},
		{"a part was waived", func(r *rig, s store.Session, _ string) {
			_, err := r.desk.Discount(r.t.Context(), billing.Discount{Ref: billing.Ref{Plate: s.Plate}, FreeMoney: 100})
			r.did(err)
		}, changed},
		{"a platform is asked to deduct", func(r *rig, s store.Session, _ string) {
			_, _, ok, err := r.desk.BeginDeduction(r.t.Context(), s.ID, "city")
			if r.did(err); !ok {
				r.t.Fatal("nobody is to be asked")
			}
		}, settling},
		{"a platform has the driver's code", func(r *rig, _ store.Session, order string) {
			_, _, err := r.desk.BeginScan(r.t.Context(), order, "K2")
			r.did(err)
		}, settling},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "")
			s := r.park(store.Session{Plate: "粤B12345"})
			r.after(30 * time.Minute)
			order := r.bill(s.Plate)
			tt.do(r, s, order)
			r.refused("K1", "code", map[string]any{"orderNo": order}, tt.want)
			if len(r.asks.codes) > 0 {
				t.Errorf("a platform was asked for a code: %v", r.asks.codes)
			}
		})
	}
}
