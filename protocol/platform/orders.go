package platform

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"parkagent/protocol"
)

// The errors of paying.
var (
	// ErrUnknownCode means that no order has such a code.
	ErrUnknownCode = errors.New("no such code")
	// ErrNoCarPark means that the platform was given no car park to call.
	ErrNoCarPark = errors.New("no car park to call")
)

// retryAfter is how long Run waits before it tells the car park again of a payment
// that it got no answer to.
const retryAfter = time.Second

// defaultPage is the address of the pages when the platform knows none.
const defaultPage = "https://platform.invalid/"

// An order is one of the car park's orders that the platform collects for. The
// platform takes the money of an order once, whichever way the driver pays.
type order struct {
	no      string // the car park's
	ours    string // the platform's own number
	stay    *Stay
	amount  int64  // fen
	payType int    // protocol.ThirdWeChat or ThirdAlipay
	code    string // what its code says, "" if it has none

	state   orderState
	receipt protocol.PaymentReceipt // once it is settled
	refused error                   // why it was refunded
}

// An orderState is how far the payment of an order is.
type orderState uint8

const (
	unpaid   orderState = iota
	taken               // the driver has paid, the car park may not know
	settled             // the car park has it
	refunded            // the car park refused it, the driver has his money back
)

// SetCarPark gives the platform the car park that it tells of payments (3.2) and
// asks about bills and change (3.1, 3.5, 3.6).
func (p *Platform) SetCarPark(park *CarPark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config.CarPark = park
}

func (p *Platform) carPark() (*CarPark, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.config.CarPark == nil {
		return nil, ErrNoCarPark
	}
	return p.config.CarPark, nil
}

// orderLocked returns the order with a number of the car park's, new if need be.
func (p *Platform) orderLocked(no string, stay *Stay) *order {
	o, ok := p.orders.get(no)
	if !ok {
		p.lastOrder++
		o = &order{no: no, ours: fmt.Sprintf("P%06d", p.lastOrder), stay: stay, payType: protocol.ThirdWeChat}
		p.orders.put(no, o)
	}
	return o
}

// codeLocked answers 4.1. An order has one code, however often it is asked for; it
// costs what was asked last.
func (p *Platform) codeLocked(m protocol.CodeQuery) answer {
	o := p.orderLocked(m.OrderNo, p.stayLocked(decodePlate(m.PlateNum), m.CardNo, m.InTime))
	switch {
	case o.state != unpaid && o.code == "":
		return answer{refusal: "订单已支付"}
	case o.state == unpaid:
		o.amount = m.Amount
	}
	if o.code == "" {
		o.code = p.pageLink("code", rand.Text())
		p.codes.put(o.code, o)
		p.book.totals.Codes++
	}
	return answer{row: protocol.Code{QRCode: o.code, OrderNo: o.ours, PayType: o.payType}}
}

// scanLocked answers 4.2: it charges the driver, and leaves it to PayPending to
// tell the car park. Only a digest of the auth code is kept.
func (p *Platform) scanLocked(m protocol.ScanPay) answer {
	digest := sha256.Sum256([]byte(strings.TrimSpace(m.AuthCode)))
	if o, used := p.auths.get(digest); used {
		switch {
		case o.no != m.OrderNo:
			return answer{refusal: "付款码已使用"}
		case o.state == refunded:
			return answer{refusal: "订单已退款"}
		}
		return answer{row: protocol.ScanAnswer{OrderNo: o.ours, PayType: o.payType}}
	}
	o := p.orderLocked(m.OrderNo, p.stayLocked(decodePlate(m.CarNo), "", m.InTime))
	if o.state != unpaid {
		return answer{refusal: "订单已支付"}
	}
	o.amount, o.payType = m.Amount, walletOf(m.AuthCode)
	p.auths.put(digest, o)
	p.takeLocked(o)
	p.book.totals.Scans++
	return answer{row: protocol.ScanAnswer{OrderNo: o.ours, PayType: o.payType}}
}

// walletOf tells whose an auth code is: Alipay's begin with 25 to 30.
func walletOf(authCode string) int {
	if first := strings.TrimSpace(authCode); first >= "25" && first < "31" {
		return protocol.ThirdAlipay
	}
	return protocol.ThirdWeChat
}

// decodePlate undoes protocol.EncodePlate.
func decodePlate(encoded string) string {
	if plate, err := url.PathUnescape(encoded); err == nil {
		return plate
	}
	return encoded
}

// takeLocked takes the driver's money for an order.
func (p *Platform) takeLocked(o *order) {
	o.state = taken
	o.stay.Collected += o.amount
	p.book.totals.Collected += o.amount
	p.waiting = append(p.waiting, o)
	p.book.totals.Waiting = len(p.waiting)
	p.notifyLocked()
}

// endLocked ends an order that was taken.
func (p *Platform) endLocked(o *order, state orderState) {
	o.state = state
	p.waiting = slices.DeleteFunc(p.waiting, func(one *order) bool { return one == o })
	p.book.totals.Waiting = len(p.waiting)
	p.notifyLocked()
}

// ScanCode is a driver who scans a code that 4.1 answered, and pays. The car park
// is told at once (3.2). A code that was paid already is not paid again; if the car
// park did not answer, it is told again. A [*protocol.RefusedError] means that the
// car park refused and the driver has the money back.
func (p *Platform) ScanCode(ctx context.Context, code string) (protocol.PaymentReceipt, error) {
	p.mu.Lock()
	o, ok := p.codes.get(code)
	switch {
	case !ok:
		p.mu.Unlock()
		return protocol.PaymentReceipt{}, ErrUnknownCode
	case p.config.CarPark == nil: // before anything is taken
		p.mu.Unlock()
		return protocol.PaymentReceipt{}, ErrNoCarPark
	case o.state == unpaid:
		p.takeLocked(o)
	}
	p.mu.Unlock()
	return p.settle(ctx, o)
}

// PayPlate is a driver who looks for his car on the platform's page (5.1) and pays
// its bill (3.1, 3.2). It returns the bill. A bill of nothing is not paid.
func (p *Platform) PayPlate(ctx context.Context, plate string) (protocol.Bill, error) {
	park, err := p.carPark()
	if err != nil {
		return protocol.Bill{}, err
	}
	if err := p.settlePlate(ctx, plate); err != nil {
		return protocol.Bill{}, err
	}
	bill, err := park.Bill(ctx, plate)
	if err != nil || bill.Payable == 0 {
		return bill, err
	}
	p.mu.Lock()
	o := p.orderLocked(bill.OrderNo, p.stayLocked(bill.PlateNo, bill.CardNo, bill.EntryTime))
	if o.state == unpaid {
		o.amount = bill.Payable
		p.takeLocked(o)
	}
	p.mu.Unlock()
	_, err = p.settle(ctx, o)
	return bill, err
}

// settlePlate tells the car park of what the drivers of a plate have paid. Whoever
// pays again because no answer came would pay a second bill for the same stay.
func (p *Platform) settlePlate(ctx context.Context, plate string) error {
	p.mu.Lock()
	waiting := slices.Clone(p.waiting)
	p.mu.Unlock()
	for _, o := range waiting {
		if !strings.HasSuffix(o.stay.Plate, plate) { // people leave the province out
			continue
		}
		refusal := new(protocol.RefusedError)
		if _, err := p.settle(ctx, o); err != nil && !errors.As(err, &refusal) {
			return err
		}
	}
	return nil
}

// PayPending tells the car park of every payment that it has not confirmed yet
// (3.2): those of 4.2, and those that an answer was lost to. The error joins what
// went wrong with each.
func (p *Platform) PayPending(ctx context.Context) error {
	p.mu.Lock()
	waiting := slices.Clone(p.waiting)
	p.mu.Unlock()
	var errs []error
	for _, o := range waiting {
		_, err := p.settle(ctx, o)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Run tells the car park of payments as they are taken, until ctx is done; then it
// returns nil. What got no answer is told again every second.
func (p *Platform) Run(ctx context.Context) error {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if err := p.PayPending(ctx); err != nil {
			p.config.Log.Warn("payment not settled", "err", err)
		}
		again := time.NewTimer(retryAfter)
		var retry <-chan time.Time
		if p.Totals().Waiting > 0 {
			// Reports that come meanwhile must not hurry a car park that is away.
			changed, retry = nil, again.C
		}
		select {
		case <-changed:
		case <-retry:
		case <-ctx.Done():
		}
		again.Stop()
		if ctx.Err() != nil {
			return nil
		}
	}
}

// settle tells the car park of an order that was taken (3.2), and gives the money
// back if it refuses. Two at once tell the same, which counts once.
func (p *Platform) settle(ctx context.Context, o *order) (protocol.PaymentReceipt, error) {
	p.mu.Lock()
	park, state, receipt, refused := p.config.CarPark, o.state, o.receipt, o.refused
	payment := o.payment()
	p.mu.Unlock()
	switch {
	case state == settled:
		return receipt, nil
	case state == refunded:
		return receipt, refused
	case park == nil:
		return receipt, ErrNoCarPark
	}
	receipt, err := park.Pay(ctx, payment)
	if errors.Is(err, errNoRow) {
		err = nil // taken all the same
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	refusal := new(protocol.RefusedError)
	switch {
	case o.state != taken:
	case err == nil:
		o.receipt = receipt
		p.endLocked(o, settled)
	case errors.As(err, &refusal):
		o.refused = fmt.Errorf("pay order %s: %w", o.no, err)
		o.stay.Refunded += o.amount
		p.book.totals.Refunded += o.amount
		p.endLocked(o, refunded)
	}
	if err != nil {
		return receipt, fmt.Errorf("pay order %s: %w", o.no, err)
	}
	return receipt, nil
}

// payment is the message of 3.2 for an order.
func (o *order) payment() protocol.Payment {
	method := protocol.BoothWeChat
	if o.payType == protocol.ThirdAlipay {
		method = protocol.BoothAlipay
	}
	return protocol.Payment{
		OrderNo: o.no, Amount: o.amount,
		PayType: protocol.IntOf(protocol.CollectedByWeChat), PayMethod: protocol.IntOf(method),
	}
}

// pageLink returns a link to the platform's pages with one parameter.
func (p *Platform) pageLink(name, value string) string {
	base := cmp.Or(p.config.PageURL, defaultPage)
	separator := "?"
	if strings.Contains(base, "?") {
		separator = "&"
	}
	return base + separator + name + "=" + url.QueryEscape(value)
}
