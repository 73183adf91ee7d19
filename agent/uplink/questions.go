package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"parkagent/protocol"
	"parkagent/store"
)

// ErrNobody means that no platform is configured to be asked that.
var ErrNobody = errors.New("no platform is asked that")

// ErrNotSent means that nothing of a question has left this machine, mostly
// because no connection came about: the platform has done nothing. An error that
// is neither this nor a [*protocol.RefusedError] nor [ErrNobody] leaves open what
// it did.
var ErrNotSent = errors.New("the question was not sent")

// The questions, by the names of their interfaces.
const (
	askDeduct = "PostCarOutInfo"   // 2.2
	askCode   = "GetPayQRCode"     // 4.1
	askScan   = "PayScanCode"      // 4.2
	askPrice  = "AutonomousCalfee" // 5.3
)

// A QuestionsConfig says who is asked what.
type QuestionsConfig struct {
	Platforms []Asked // in the order in which they are asked
	Location  *time.Location

	ImageURL  func(path string) string          // for ImagesURL; nil means no pictures
	ImageData func(path string) ([]byte, error) // for ImagesBase64

	Log *slog.Logger // nil means no log
}

// An Asked is a platform that is asked something, or linked to.
type Asked struct {
	Name      string
	Client    Poster   // called by several goroutines at once
	Questions []string // interfaces, by name; empty means none
	ParkCode  string   // of this car park, at this platform
	Timeout   time.Duration
	Images    Images // empty means ImagesURL
	TicketURL string // of the link on entry tickets (5.1); empty means none
	ChangeURL string // of the link on change slips (5.2); empty means none

	pictures pictures
	asked    map[string]bool // Questions, as the protocol spells them
}

// Questions asks platforms what a car or a customer waits for: uplink 2.2, 4.1,
// 4.2 and 5.3. A question is asked at once, with a deadline, and never again by
// itself. Its methods may be called by several goroutines at once.
//
// There are three ends. An answer that is a success and says what was asked for
// is the result. A refusal is a [*protocol.RefusedError]: the platform did not do
// it. Everything else leaves open whether it did, also a success without a
// usable figure; but see [ErrNotSent].
type Questions struct {
	cfg QuestionsConfig
}

// NewQuestions checks the configuration. It touches no network.
func NewQuestions(cfg QuestionsConfig) (*Questions, error) {
	if cfg.Location == nil {
		return nil, errors.New("questions: a zone is needed")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	q := &Questions{cfg: cfg}
	q.cfg.Platforms = nil
	names := map[string]bool{}
	for _, p := range cfg.Platforms {
		if names[p.Name] {
			return nil, fmt.Errorf("questions: two platforms %s", p.Name)
		}
		names[p.Name] = true
		if err := p.prepare(cfg); err != nil {
			return nil, fmt.Errorf("questions to %q: %w", p.Name, err)
		}
		q.cfg.Platforms = append(q.cfg.Platforms, p)
	}
	return q, nil
}

func (p *Asked) prepare(cfg QuestionsConfig) error {
	if p.Name == "" || p.Client == nil || p.ParkCode == "" {
		return errors.New("name, client and park code are needed")
	}
	p.asked = map[string]bool{}
	for _, name := range p.Questions {
		up, ok := protocol.UplinkNamed(name)
		if !ok || !up.Question {
			return fmt.Errorf("no question %q", name)
		}
		p.asked[up.Name] = true
	}
	if p.Timeout <= 0 {
		p.Timeout = 3 * time.Second
	}
	var err error
	p.pictures, err = newPictures(p.Images, cfg.ImageURL, cfg.ImageData, cfg.Log.With("platform", p.Name))
	return err
}

// asked returns the platforms that are asked something, in their order.
func (q *Questions) asked(name string) []Asked {
	var list []Asked
	for _, p := range q.cfg.Platforms {
		if p.asked[name] {
			list = append(list, p)
		}
	}
	return list
}

// Price asks the platform that prices what is still due, in fen, of a stay that
// leaves at that time (uplink 5.3). place is where the car stands, "" in the lot.
// by is the platform that said so.
func (q *Questions) Price(ctx context.Context, s store.Session, place string, at time.Time) (due int64, by string, err error) {
	list := q.asked(askPrice)
	if len(list) == 0 {
		return 0, "", ErrNobody
	}
	p := list[0]
	row, err := ask[protocol.Price](ctx, q, p, question{name: askPrice, message: protocol.PriceQuery{
		ParkCode: p.ParkCode, PlateNo: plate(s.Plate), CardNo: s.CardNo,
		EntryTime: q.slash(s.EnteredAt), EntryPlace: s.EntryPlace, LeaveTime: q.slash(at), LeavePlace: place,
	}}, nil)
	if err != nil {
		return 0, "", err
	}
	return row.PayMoney.N, p.Name, nil
}

// Deductor returns the platform to ask to deduct the fee of a stay: the one that
// promised it, or, when it is not asked that or a client made the promise, the
// first that is asked. It returns false for a stay that nobody has promised to
// deduct for, and when nobody is asked.
func (q *Questions) Deductor(s store.Session) (platform string, ok bool) {
	list := q.asked(askDeduct)
	if !s.Seamless || len(list) == 0 {
		return "", false
	}
	for _, p := range list {
		if p.Name == s.SeamlessBy {
			return p.Name, true
		}
	}
	return list[0].Name, true
}

// Deduct asks a platform to take an amount in fen from the account of the driver
// who wants to leave at that time (uplink 2.2), and returns what it took, which
// may be less, and nothing. The exit in s is where the car stands.
func (q *Questions) Deduct(ctx context.Context, platform string, s store.Session, amount int64, at time.Time) (int64, error) {
	for _, p := range q.asked(askDeduct) {
		if p.Name != platform {
			continue
		}
		row, err := ask(ctx, q, p, question{name: askDeduct, message: protocol.CarOut{
			ParkCode: p.ParkCode, PlateNo: plate(s.Plate), CardNo: s.CardNo, EntryTime: q.slash(s.EnteredAt), LeaveTime: q.slash(at),
			TotalMoney: amount, LeavePlace: s.ExitPlace, ImgName: p.pictures.field(s.ExitImage),
		}}, func(row protocol.CarOutAnswer) bool { return row.Taken().Set })
		return row.Taken().N, contradicted(err)
	}
	return 0, ErrNobody
}

// contradicted is err, or for a refusal that tells of money taken one that leaves
// open what happened: the platform may have a code for success that nobody told us.
func contradicted(err error) error {
	var refusal *protocol.RefusedError
	if !errors.As(err, &refusal) {
		return err
	}
	if row, _, bad := protocol.FirstOf[protocol.CarOutAnswer](refusal.Reply); bad == nil && row.Taken().N > 0 {
		return fmt.Errorf("a refusal with an amount: %s", err) // not wrapped: it is none
	}
	return err
}

// A Code is what a driver scans to pay an order.
type Code struct {
	Content       string // what the code says, mostly a short link
	Platform      string
	PlatformOrder string // its number of the order; may be empty
	PayType       int    // protocol.ThirdWeChat or ThirdAlipay, or whatever number it said; 0 if none
}

// Code asks for a code by which to pay an order (uplink 4.1). device is the pay
// machine that shows it. The platforms that give codes are asked in turn until one
// does; those that come later always have a share of the time left.
func (q *Questions) Code(ctx context.Context, o store.Order, s store.Session, device string, at time.Time) (Code, error) {
	list := q.asked(askCode)
	if len(list) == 0 {
		return Code{}, ErrNobody
	}
	ctx, cancel := context.WithTimeout(ctx, longest(list))
	defer cancel()
	var failed error
	for i, p := range list {
		row, err := q.code(ctx, p, len(list)-i, protocol.CodeQuery{
			ParkCode: p.ParkCode, OrderNo: o.No, DeviceCode: device, DeviceID: device, PlateNum: protocol.EncodePlate(plate(s.Plate)),
			CardNo: s.CardNo, InTime: q.dash(s.EnteredAt), ElapsedTime: minutes(at.Sub(s.EnteredAt)), Amount: o.Payable, OutTime: q.dash(at),
		})
		if err == nil {
			return Code{Content: row.QRCode, Platform: p.Name, PlatformOrder: row.OrderNo, PayType: row.payType()}, nil
		}
		if failed == nil || isRefusal(failed) {
			failed = err
		}
	}
	return Code{}, failed
}

// code asks one platform of so many that are left.
func (q *Questions) code(ctx context.Context, p Asked, left int, message protocol.CodeQuery) (codeRow, error) {
	deadline, _ := ctx.Deadline() // Code has set one
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
	defer cancel()
	return ask(ctx, q, p, question{name: askCode, message: message}, func(c codeRow) bool { return strings.TrimSpace(c.QRCode) != "" })
}

// A codeRow is a protocol.Code of which only the code itself has to be right: a
// wallet that is not understood keeps nobody from paying.
type codeRow struct {
	QRCode  string `json:"qrcode" wire:"required"`
	OrderNo string `json:"orderNo"`
	PayType string `json:"payType"`
}

// payType is the wallet's code, 0 for one that is none.
func (c codeRow) payType() int {
	n, err := strconv.Atoi(strings.TrimSpace(c.PayType))
	if err != nil {
		return 0
	}
	return n
}

// A Scanned is that a platform charges a driver's code. It says so itself, by
// downlink 3.2, when it has the money.
type Scanned struct {
	Platform      string
	PlatformOrder string // its number of the order; may be empty
	PayType       int    // protocol.ThirdWeChat or ThirdAlipay, or 0 if it did not say
}

// PayScanned hands the driver's own payment code, which device has scanned, to a
// platform that charges it for an order (uplink 4.2). The next platform is asked
// only after a refusal, or when nothing was sent: two that both have the code
// could both charge it. One that says that the driver is still to confirm the
// payment is no refusal. A success needs no row, since there is nothing in it to
// go by.
//
// authCode is as good as money. It is in no error and no log.
func (q *Questions) PayScanned(ctx context.Context, o store.Order, s store.Session, device, authCode string, at time.Time) (Scanned, error) {
	list := q.asked(askScan)
	if len(list) == 0 {
		return Scanned{}, ErrNobody
	}
	if authCode = strings.TrimSpace(authCode); authCode == "" {
		return Scanned{}, fmt.Errorf("pay by scan: %w: no code", ErrNotSent)
	}
	ctx, cancel := context.WithTimeout(ctx, longest(list))
	defer cancel()
	var no error // of the last platform that surely does not charge
	for _, p := range list {
		x := question{name: askScan, secret: authCode, rowless: true, message: protocol.ScanPay{
			ParkCode: p.ParkCode, OrderNo: o.No, DeviceID: device, DeviceCode: device, CarNo: protocol.EncodePlate(plate(s.Plate)),
			InTime: q.dash(s.EnteredAt), ElapsedTime: minutes(at.Sub(s.EnteredAt)), Amount: o.Payable, AuthCode: authCode, OutTime: q.dash(at),
		}}
		row, err := ask[protocol.ScanAnswer](ctx, q, p, x, nil)
		err = undecided(err)
		switch {
		case err == nil:
			return Scanned{Platform: p.Name, PlatformOrder: x.hide(row.OrderNo), PayType: row.PayType}, nil
		case !isRefusal(err) && !errors.Is(err, ErrNotSent):
			return Scanned{}, err // this one may charge
		case no == nil || isRefusal(err):
			no = err
		}
	}
	return Scanned{}, no
}

// undecided is err, or for a refusal that says that the driver is still to confirm the
// payment one that leaves open what happens: once he has, he is charged.
func undecided(err error) error {
	var refusal *protocol.RefusedError
	if !errors.As(err, &refusal) {
		return err
	}
	said := strings.ToUpper(refusal.Reply.Code + " " + refusal.Reply.Msg)
	for _, pending := range pendings() {
		if strings.Contains(said, pending) {
			return fmt.Errorf("a refusal that awaits the driver: %s", err) // not wrapped: it is none
		}
	}
	return err
}

// pendings are the words of wallets for a payment that its driver is to confirm, with a
// password mostly; platforms hand them on with whatever code they have for failure.
func pendings() []string {
	return []string{"USERPAYING", "USER_PAYING", "WAIT_BUYER_PAY", "INPROCESS", "用户支付中", "正在支付", "等待用户", "等待买家", "需要用户输入", "支付处理中", "付款处理中"}
}

// TicketLink returns what the code on an entry ticket says (uplink 5.1), of the
// first platform that has such a page; "" if none has.
func (q *Questions) TicketLink() string {
	for _, p := range q.cfg.Platforms {
		if p.TicketURL != "" {
			return protocol.TicketLink(p.TicketURL, p.ParkCode)
		}
	}
	return ""
}

// ChangeLink returns what the code on the slip of a change order says (uplink
// 5.2), of the first platform that has such a page; "" if none has.
func (q *Questions) ChangeLink(order string) string {
	for _, p := range q.cfg.Platforms {
		if p.ChangeURL != "" {
			return protocol.ChangeLink(p.ChangeURL, p.ParkCode, order)
		}
	}
	return ""
}

func (q *Questions) slash(t time.Time) string { return protocol.FormatSlash(t, q.cfg.Location) }

func (q *Questions) dash(t time.Time) string { return protocol.FormatDash(t, q.cfg.Location) }

// minutes counts as the bill does that the driver is shown (downlink 3.1).
func minutes(d time.Duration) int64 { return max(0, int64(d.Round(time.Minute)/time.Minute)) }

func longest(list []Asked) time.Duration {
	var d time.Duration
	for _, p := range list {
		d = max(d, p.Timeout)
	}
	return d
}
