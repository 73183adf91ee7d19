package downlink_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"parkagent/protocol"
	"parkagent/store"
)

// today is the IV of now.
func (p *park) today() protocol.Day { return protocol.DayOf(p.clock(), shanghai) }

func cipherOf(t testing.TB, key string) *protocol.Cipher {
	t.Helper()
	c, err := protocol.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sealed is the body of a request with these parameters, today, in GBK.
func (p *park) sealed(params string) string {
	p.t.Helper()
	text := protocol.EncodeText(protocol.GBK, []byte(params))
	return `{"data":"` + cipherOf(p.t, key).Encrypt(p.today(), text) + `"}`
}

// paths of the interfaces, without /api/.
const (
	stays     = "ParkingInfo/GetCarInOutInfoByPlate"
	places    = "ParkingInfo/GetCarInOutInfoByPlace"
	inside    = "ParkingInfo/SearchParkingInfo"
	scan      = "ParkingManage/OnlineCarInOut"
	spaces    = "ParkingManage/ModifyFreeSpace"
	gate      = "ParkingManage/GateControl"
	led       = "ParkingManage/ShowLedMsg"
	seamless  = "ParkingManage/RecordDensityPay"
	photo     = "ParkingManage/GetPhoto"
	bill      = "ParkingPay/GetParkingPaymentInfo"
	pay       = "ParkingPay/PayParkingFee"
	free      = "ParkingPay/ParkingFree"
	status    = "ParkingPay/GetPaymentStatus"
	change    = "ParkingPay/GetPayChargeInfo"
	changed   = "ParkingPay/PayChargeNotice"
	changes   = "ParkingPay/PayChargeReport"
	addCard   = "ParkingCard/AddCarCardNo"
	editCard  = "ParkingCard/ModifyCarCardNo"
	dropCard  = "ParkingCard/DeleteCarCardNo"
	cardPlate = "ParkingCard/CarCardNoManage"
	cards     = "ParkingCard/GetCarCardInfo"
	recharge  = "ParkingCard/PayCarCardFee"
	products  = "ParkingCard/GetCardProduct"
	editBlack = "ParkingCard/BlackListControl"
	blacks    = "ParkingCard/GetBlackInfo"
	book      = "ParkingBook/AddBookingCar"
	editBook  = "ParkingBook/ModifyBookingCar"
	bookings  = "ParkingBook/GetBookingCar"
)

// done is the answer of an interface that has no rows.
const done = `{"resCode":0,"resMsg":"","data":null}`

// ask sends parameters to an interface as the client mall, and returns the
// body of the answer, whose HTTP status must be 200.
func (p *park) ask(path, params string) string {
	p.t.Helper()
	code, body := p.post(path, p.sealed(params), nil)
	if code != http.StatusOK {
		p.t.Errorf("%s: HTTP status = %d, want 200; %s", path, code, body)
	}
	return body
}

// post sends any body. headers replace the usual ones.
func (p *park) post(path, body string, headers http.Header) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/api/"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header = http.Header{"User": {user}, "Pwd": {password}, "Content-Type": {"application/json;charset=utf-8"}}
	if headers != nil {
		r.Header = headers
	}
	return p.do(r)
}

func (p *park) do(r *http.Request) (int, string) {
	p.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		p.t.Errorf("Content-Type = %q, want JSON", got)
	}
	return response.StatusCode, string(text)
}

// direct hands a request to the server without a connection, from any address.
func (p *park) direct(addr, path, body, user, password string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/api/"+path, strings.NewReader(body))
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(addr), 40000).String()
	r.Header.Set("user", user)
	r.Header.Set("pwd", password)
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	return w
}

// sentenceOf returns the resMsg of an answer, which must be a failure without data.
func sentenceOf(t testing.TB, body string) string {
	t.Helper()
	reply, err := protocol.DecodeReply([]byte(body))
	if err != nil {
		t.Fatalf("answer %q: %v", body, err)
	}
	if reply.Code != "1" || reply.Msg == "" || len(reply.Rows) != 0 {
		t.Errorf("answer = %s, want resCode 1 with a sentence and no data", body)
	}
	return reply.Msg
}

// rowOf returns the single row of a successful answer.
func rowOf[T any](t testing.TB, body string) T {
	t.Helper()
	reply, err := protocol.DecodeReply([]byte(body))
	if err != nil || !reply.OK() {
		t.Fatalf("answer = %s (%v), want success", body, err)
	}
	row, ok, err := protocol.FirstOf[T](reply)
	if !ok || err != nil {
		t.Fatalf("answer = %s (%v), want one row", body, err)
	}
	return row
}

// rowsOf returns the rows of a successful answer.
func rowsOf[T any](t testing.TB, body string) []T {
	t.Helper()
	reply, err := protocol.DecodeReply([]byte(body))
	if err != nil || !reply.OK() {
		t.Fatalf("answer = %s (%v), want success", body, err)
	}
	rows, err := protocol.RowsOf[T](reply)
	if err != nil {
		t.Fatalf("answer = %s: %v", body, err)
	}
	return rows
}

// A step is one question of several, and the sentence or the whole answer to it.
type step struct{ name, path, params, want string }

// walk asks one question after the other. An answer that begins with { is compared
// as a whole, any other is the sentence of a refusal.
func (p *park) walk(steps []step) {
	p.t.Helper()
	for _, s := range steps {
		body := p.ask(s.path, s.params)
		if !strings.HasPrefix(s.want, "{") {
			body = sentenceOf(p.t, body)
		}
		if body != s.want {
			p.t.Errorf("%s:\n got %s\nwant %s", s.name, body, s.want)
		}
	}
}

// commands returns the commands in the journal.
func (p *park) commands() []store.CommandFact {
	p.t.Helper()
	return factsOf[store.CommandFact](p, store.KindCommand)
}
