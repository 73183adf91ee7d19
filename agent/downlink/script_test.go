package downlink_test

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	"parkagent/protocol"
)

// A bill is asked for and paid by a client whose cipher and charset are those
// of openssl and iconv.
func TestAClientMadeOfOpenSSLPaysABill(t *testing.T) {
	for _, tool := range []string{"sh", "openssl", "iconv", "od"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s, which is not installed", tool)
		}
	}
	p := open(t, nil)
	p.after(time.Since(start) - 90*time.Minute)
	car := p.enter("闽D02000")
	p.after(90 * time.Minute)
	ask := func(path, params string) string {
		out, err := exec.CommandContext(t.Context(), "sh", "testdata/seal.sh", key, params).Output()
		if err != nil {
			t.Fatalf("seal.sh: %v", err)
		}
		_, body := p.post(path, string(out), nil)
		return body
	}

	bill := rowOf[protocol.Bill](t, ask("pay2/GetParkingPaymentInfo", `{"parkCode":"1","plateNo":"闽D02000"}`))
	if bill.PlateNo != car.Plate || bill.Payable != 1000 || bill.ElapsedTime != 90 {
		t.Errorf("bill = %+v, want 1000 fen for 90 minutes", bill)
	}
	receipt := ask(pay, fmt.Sprintf(`{"orderNo":%q,"amount":%d,"payType":4}`, bill.OrderNo, bill.Payable))
	if got := rowOf[protocol.PaymentReceipt](t, receipt).ParkingTime; got != 90 {
		t.Errorf("parkingTime = %d, want 90", got)
	}
	if got := rowOf[protocol.OrderStatus](t, ask(status, fmt.Sprintf(`{"orderNo":%q}`, bill.OrderNo))).Status; got != protocol.OrderPaid {
		t.Errorf("status = %d, want paid", got)
	}
}
