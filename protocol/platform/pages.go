package platform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"parkagent/protocol"
)

// The pages that drivers open on a phone: 5.1 of an entry ticket, to look for a car
// and pay; 5.2 of a change slip, to get the change; and that of a code of 4.1, to
// pay the order. A page is opened with GET; its button sends POST, which does what
// the page offers, once.

// maxForm bounds what a page's form may send, in bytes.
const maxForm = 16 << 10

// isPage reports whether a request is for a page. The car park's calls have no
// query, and a page's address ends in no interface's name.
func isPage(name string, r *http.Request) bool {
	_, called := protocol.UplinkNamed(name)
	query := r.URL.Query()
	return !called && (query.Has("parkCode") || query.Has("code"))
}

// ErrChangeGiven means that the change of an order was given by somebody else.
var ErrChangeGiven = errors.New("the change was given elsewhere")

// A change is the change of one change order, as the platform gave it.
type change struct {
	amount int64
	told   bool // the car park has confirmed it
}

// GiveChange gives the change of a change order to the driver (3.5), who has the
// given account at a wallet, protocol.ChangeByWeChat or ChangeByAlipay, and tells
// the car park (3.6). It returns the order as it is then. The change is given once:
// called again it tells the car park again, as long as that has not confirmed.
func (p *Platform) GiveChange(ctx context.Context, orderNo string, wallet int, account string) (protocol.ChangeInfo, error) {
	park, err := p.carPark()
	if err != nil {
		return protocol.ChangeInfo{}, err
	}
	info, err := park.Change(ctx, orderNo)
	if err != nil {
		return info, err
	}
	given, err := p.giveOnce(orderNo, info)
	if err != nil || given.told {
		return info, err
	}
	_, err = park.ChangeGiven(ctx, protocol.ChangeNotice{OrderNo: orderNo, ChargeType: protocol.IntOf(wallet), UserAccount: account})
	if err != nil && !errors.Is(err, errNoRow) {
		return info, fmt.Errorf("change of %s is given, the notice failed: %w", orderNo, err)
	}
	p.mu.Lock()
	given.told = true
	p.mu.Unlock()
	info.IfCharge = protocol.ChangeGiven
	return info, nil
}

// giveOnce books the change of an order unless it was given before.
func (p *Platform) giveOnce(orderNo string, info protocol.ChangeInfo) (*change, error) {
	amount := info.PaidAmount - info.PayMoney
	p.mu.Lock()
	defer p.mu.Unlock()
	if given, ok := p.changes.get(orderNo); ok {
		return given, nil
	}
	switch {
	case info.IfCharge == protocol.ChangeGiven:
		return nil, ErrChangeGiven
	case amount <= 0:
		return nil, fmt.Errorf("order %s: no change is due", orderNo)
	}
	given := &change{amount: amount}
	p.changes.put(orderNo, given)
	p.book.totals.Changes++
	p.book.totals.Given += amount
	p.notifyLocked()
	return given, nil
}

// A view is what a page shows.
type view struct {
	Lang    string
	Title   string
	Rows    [][2]string
	Note    string    // how it ended, or why it cannot
	Fields  []viewBox // of the form
	Button  string    // "" for a page without a form
	Method  string    // of the form
	refused int       // HTTP status other than 200
}

// A viewBox is an input of a page's form. Without a label it is hidden.
type viewBox struct{ Name, Label, Value string }

// page is the one template. It has no script and loads nothing.
var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title></head><body><h1>{{.Title}}</h1>
{{if .Rows}}<table>{{range .Rows}}<tr><td>{{index . 0}}</td><td>{{index . 1}}</td></tr>{{end}}</table>{{end}}
{{if .Note}}<p>{{.Note}}</p>{{end}}
{{if .Button}}<form method="{{.Method}}">
{{range .Fields}}{{if .Label}}<label>{{.Label}} <input name="{{.Name}}" value="{{.Value}}"></label>
{{else}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}{{end}}<button>{{.Button}}</button></form>{{end}}
</body></html>
`))

// servePage serves one of the pages.
func (p *Platform) servePage(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	l := languageOf(r)
	var v view
	switch query := r.URL.Query(); {
	case query.Has("code"):
		v = p.codePage(r, l)
	case query.Get("parkCode") != p.config.ParkCode:
		v = view{Title: l.in("停车缴费", "Parking"), Note: l.in("停车场编号不存在", "There is no such car park."), refused: http.StatusNotFound}
	case query.Has("orderNo"):
		v = p.changePage(r, l)
	default:
		v = p.ticketPage(r, l)
	}
	v.Lang = l.in("zh-CN", "en")
	var body bytes.Buffer
	if err := page.Execute(&body, v); err != nil {
		p.config.Log.Warn("page not made", "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if v.refused != 0 {
		w.WriteHeader(v.refused)
	}
	_, _ = w.Write(body.Bytes()) // a browser that left wants none
}

// ticketPage looks for a car and pays its bill (5.1).
func (p *Platform) ticketPage(r *http.Request, l language) view {
	plate := strings.TrimSpace(r.Form.Get("plateNo"))
	v := view{Title: l.in("停车缴费", "Pay for parking")}
	if plate == "" {
		v.Method, v.Button = "get", l.in("查询", "Look up")
		v.Fields = []viewBox{{"parkCode", "", p.config.ParkCode}, {"plateNo", l.in("车牌号", "Plate"), ""}}
		return v
	}
	var bill protocol.Bill
	park, err := p.carPark()
	switch {
	case err != nil:
	case r.Method == http.MethodPost:
		if bill, err = p.PayPlate(r.Context(), plate); err == nil {
			v.Note = l.in("已支付，请在 %d 分钟内离场", "Paid. Please leave within %d minutes.", bill.DelayTime)
		}
	default:
		if bill, err = park.Bill(r.Context(), plate); err == nil && bill.Payable > 0 {
			v.Method, v.Button = "post", l.in("支付", "Pay")
			v.Fields = []viewBox{{"plateNo", "", plate}}
		}
	}
	if err != nil {
		return v.failed(l, err)
	}
	v.Rows = [][2]string{
		{l.in("车牌号", "Plate"), bill.PlateNo}, {l.in("入场时间", "Entered"), bill.EntryTime},
		{l.in("应付", "Due"), yuan(bill.Payable)},
	}
	return v
}

// changePage gives the change of a kiosk (5.2).
func (p *Platform) changePage(r *http.Request, l language) view {
	orderNo := r.URL.Query().Get("orderNo")
	v := view{Title: l.in("领取找零", "Get your change")}
	var info protocol.ChangeInfo
	park, err := p.carPark()
	switch {
	case err != nil:
	case r.Method == http.MethodPost:
		wallet := protocol.ChangeByWeChat
		if r.PostForm.Get("chargeType") == fmt.Sprint(protocol.ChangeByAlipay) {
			wallet = protocol.ChangeByAlipay
		}
		info, err = p.GiveChange(r.Context(), orderNo, wallet, r.PostForm.Get("userAccount"))
	default:
		info, err = park.Change(r.Context(), orderNo)
	}
	if err != nil {
		return v.failed(l, err)
	}
	v.Rows = [][2]string{
		{l.in("车牌号", "Plate"), info.PlateNo}, {l.in("应缴", "Due"), yuan(info.PayMoney)},
		{l.in("已投币", "Paid in"), yuan(info.PaidAmount)}, {l.in("找零", "Change"), yuan(info.PaidAmount - info.PayMoney)},
	}
	if info.IfCharge == protocol.ChangeGiven {
		v.Note = l.in("找零已领取", "The change has been given.")
		return v
	}
	v.Method, v.Button = "post", l.in("领取", "Get it")
	v.Fields = []viewBox{{"chargeType", "", fmt.Sprint(protocol.ChangeByWeChat)}, {"userAccount", l.in("账号", "Account"), ""}}
	return v
}

// codePage pays the order of a code that 4.1 answered.
func (p *Platform) codePage(r *http.Request, l language) view {
	v := view{Title: l.in("停车缴费", "Pay for parking")}
	code := p.pageLink("code", r.URL.Query().Get("code"))
	p.mu.Lock()
	o, ok := p.codes.get(code)
	if ok {
		v.Rows = [][2]string{{l.in("车牌号", "Plate"), o.stay.Plate}, {l.in("应付", "Due"), yuan(o.amount)}}
		ok = o.state == unpaid
	}
	p.mu.Unlock()
	switch {
	case v.Rows == nil:
		return v.failed(l, ErrUnknownCode)
	case r.Method == http.MethodPost:
		if _, err := p.ScanCode(r.Context(), code); err != nil {
			return v.failed(l, err)
		}
		v.Note = l.in("支付成功", "Paid.")
	case ok:
		v.Method, v.Button = "post", l.in("支付", "Pay")
	default:
		v.Note = l.in("订单已支付", "The order is paid.")
	}
	return v
}

// failed says what the driver may know of an error.
func (v view) failed(l language, err error) view {
	var refused *protocol.RefusedError
	v.refused = http.StatusOK
	switch {
	case errors.As(err, &refused):
		v.Note = refused.Reply.Msg
	case errors.Is(err, ErrChangeGiven):
		v.Note = l.in("找零已领取", "The change has been given.")
	case errors.Is(err, ErrUnknownCode):
		v.Note, v.refused = l.in("二维码无效", "There is no such code."), http.StatusNotFound
	default:
		v.Note, v.refused = l.in("停车场没有应答，请稍后再试", "The car park did not answer, please try again."), http.StatusBadGateway
	}
	return v
}

// A language is what a page is written in.
type language bool // true: English

// languageOf returns the language that a browser asks for first.
func languageOf(r *http.Request) language {
	return language(strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en"))
}

func (l language) in(zh, en string, args ...any) string {
	if l {
		return fmt.Sprintf(en, args...)
	}
	return fmt.Sprintf(zh, args...)
}

// yuan writes fen as yuan.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }
