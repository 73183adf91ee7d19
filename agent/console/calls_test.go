package console_test

import (
	"testing"
	"time"

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
