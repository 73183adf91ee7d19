package console_test

import (
	"testing"

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
