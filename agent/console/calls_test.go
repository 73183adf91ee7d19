package console_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/config"
	"parkagent/agent/console"
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

// A car that the gate was not opened for is not inside yet: the lane is asked once more.
func TestATicketOfACarBeforeTheGateIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	r.entry.err, r.entry.lost = errors.New("gate failed"), true
	again := map[string]any{"requestNo": "17"}
	r.post("K3", "ticket", body(again))
	cars, err := r.db.OpenSessions(t.Context(), store.OpenFilter{})
	if err != nil || len(cars) != 1 {
		t.Fatalf("inside are %+v, %v, want one car", cars, err)
	}
	cars[0].State = store.Entering
	r.did(r.db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateSession(t.Context(), cars[0]) }))
	r.entry.err = nil
	if got := r.call("K3", "ticket", again); got["cardNo"] != cars[0].CardNo || len(r.entry.scans) != 2 {
		t.Errorf("answered %v after %d scans, want the same ticket after two", got, len(r.entry.scans))
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

func TestATicket(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	got := r.call("K3", "ticket", nil)
	card, _ := got["cardNo"].(string)
	want := map[string]any{"cardNo": card, "plateNo": "空" + card[12:], "entryTime": "2026-03-02 12:00:00", "link": "https://p.example/t", "printed": false}
	if diff := cmp.Diff(want, got); diff != "" || len(card) != 18 || card[:8] != "90260302" || card[8:13] == "00000" {
		t.Errorf("ticket (-want +got):\n%s", diff)
	}
	if s := r.entry.scans; len(s) != 1 || s[0].CardNo != card || s[0].Client != "K3" || !strings.HasPrefix(s[0].Address, "127.0.0.1:") {
		t.Errorf("the lane was told %+v", s)
	}
}

func TestABill(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	s := r.park(store.Session{Plate: "粤B12345", EntryImage: "in.jpg"})
	r.park(store.Session{Plate: "空000001", CardNo: "T-1"})
	r.did(r.db.Update(t.Context(), func(tx *store.Tx) error {
		return tx.SetLaneCar(t.Context(), store.LaneCar{Lane: "OUT1", Session: s.ID, Since: noon})
	}))
	r.after(90 * time.Minute)
	plated := map[string]any{
		"plateNo": "粤B12345", "cardNo": "", "entryTime": "2026-03-02 12:00:00", "minutes": 90.0, "total": 1000.0, "paid": 0.0, "payable": 1000.0,
		"delay": 15.0, "image": "http://box/in.jpg",
	}
	ticket := map[string]any{}
	for k, v := range plated {
		ticket[k] = v
	}
	ticket["plateNo"], ticket["cardNo"], ticket["image"] = "空000001", "T-1", ""
	for _, tt := range []struct {
		name, kiosk string
		fields      map[string]any
		want        map[string]any
	}{
		{"by plate", "K1", map[string]any{"plateNo": " 粤b12345"}, plated},
		{"by plate without its province", "K1", map[string]any{"plateNo": "B12345"}, plated},
		{"by ticket", "K1", map[string]any{"cardNo": " T-1 "}, ticket},
		{"by plate rather than by ticket", "K1", map[string]any{"plateNo": "粤B12345", "cardNo": "T-1"}, plated},
		{"of the car at the exit", "K2", nil, plated},
		{"at the exit by ticket", "K2", map[string]any{"cardNo": "T-1"}, ticket},
	} {
		got := r.call(tt.kiosk, "bill", tt.fields)
		if no, _ := got["orderNo"].(string); no == "" {
			t.Errorf("%s: no order number in %v", tt.name, got)
		}
		delete(got, "orderNo")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// The sentences stand on the machines' displays.
func TestRefusalsInTwoLanguages(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"zh-CN", "en"} {
		r := newRig(t, language)
		r.park(store.Session{Plate: "粤B11111"})
		r.after(time.Second)
		r.park(store.Session{Plate: "京B11111"})
		s, order := r.due()
		paid := r.bill("粤B11111")
		r.pay(paid, 500)
		other := r.bill("京B11111")
		r.after(36 * time.Minute)
		left := r.bill(s.Plate)
		s.State, s.LeftAt = store.Left, r.clock()
		r.did(r.db.Update(t.Context(), func(tx *store.Tx) error { return tx.UpdateSession(t.Context(), s) }))
		for _, tt := range []struct {
			kiosk, call string
			fields      map[string]any
			zh, en      string
		}{
			{"K1", "bill", nil, "请输入车牌号或票号", "Please give a plate or a ticket number."},
			{"K3", "bill", nil, "请输入车牌号或票号", "Please give a plate or a ticket number."},
			{"K2", "bill", nil, "未找到在场车辆", "No such car is inside."},
			{"K1", "bill", map[string]any{"plateNo": "粤B99999"}, "未找到在场车辆", "No such car is inside."},
			{"K1", "bill", map[string]any{"cardNo": "T-9"}, "未找到在场车辆", "No such car is inside."},
			{"K1", "bill", map[string]any{"plateNo": "B11111"}, "匹配到多辆车，请输入完整车牌：粤B11111 京B11111", "Several cars match, please give the whole plate: 粤B11111 京B11111."},
			{"K1", "code", nil, "订单不存在", "There is no such order."},
			{"K1", "code", map[string]any{"orderNo": paid}, "该账单已无需缴费", "Nothing is due for this bill."},
			{"K1", "code", map[string]any{"orderNo": other}, "账单已过期，请重新查询", "The bill has expired, please ask again."},
			{"K1", "code", map[string]any{"orderNo": left}, "车辆已离场，请退款", "The car has left, please refund the payment."},
			{"K1", "scan", map[string]any{"orderNo": order, "authCode": "12345"}, "付款码无法识别，请刷新后重试", "The payment code cannot be read, please refresh it."},
			{"K1", "scan", map[string]any{"orderNo": "9", "authCode": auth}, "订单不存在", "There is no such order."},
			{"K1", "scan", map[string]any{"orderNo": paid, "authCode": auth}, "该账单已无需缴费", "Nothing is due for this bill."},
			{"K1", "scan", map[string]any{"orderNo": order, "authCode": auth}, "账单已过期，请重新查询", "The bill has expired, please ask again."},
			{"K1", "cash", map[string]any{"orderNo": order}, "缺少必填参数 inserted", "The parameter inserted is required."},
			{"K1", "cash", map[string]any{"orderNo": order, "inserted": -1}, "参数 inserted 取值无效", "The value of parameter inserted is not allowed."},
			{"K1", "cash", map[string]any{"orderNo": order, "inserted": "x"}, "参数 inserted 格式错误", "The parameter inserted is malformed."},
			{"K1", "cash", map[string]any{"orderNo": "9", "inserted": 1}, "订单不存在", "There is no such order."},
			{"K1", "order", nil, "订单不存在", "There is no such order."},
			{"K1", "ticket", nil, "该缴费机不在入口", "This machine does not stand at an entry."},
			{"K2", "ticket", nil, "该缴费机不在入口", "This machine does not stand at an entry."},
			{"K1", "leave", map[string]any{"cardNo": "2603011234567890"}, "该缴费机不在出口", "This machine does not stand at an exit."},
			{"K3", "leave", map[string]any{"cardNo": "2603011234567890"}, "该缴费机不在出口", "This machine does not stand at an exit."},
		} {
			want := tt.zh
			if language == "en" {
				want = tt.en
			}
			r.refused(tt.kiosk, tt.call, tt.fields, want)
		}
		if len(r.asks.codes)+len(r.asks.scans)+len(r.entry.scans) > 0 {
			t.Errorf("a call that was refused was carried out: %v %v %v", r.asks.codes, r.asks.scans, r.entry.scans)
		}
		if log := r.log.String(); strings.Contains(log, "粤B11111") {
			t.Errorf("the log of refusals shows a plate:\n%s", log)
		}
	}
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	r := newRig(t, "en")
	const login = "The pay machine is not authorised, please check code, address and token."
	for _, tt := range []struct {
		name, method, path, authorization string
		status                            int
		msg                               string
	}{
		{"a machine with its token", "POST", "/kiosk/K1/bill", "Bearer " + token, 200, "Please give a plate or a ticket number."},
		{"no token", "POST", "/kiosk/K1/bill", "", 401, login},
		{"no bearer", "POST", "/kiosk/K1/bill", token, 401, login},
		{"an empty token", "POST", "/kiosk/K1/bill", "Bearer ", 401, login},
		{"a wrong token", "POST", "/kiosk/K1/bill", "Bearer " + token + "x", 401, login},
		{"another address", "POST", "/kiosk/K4/bill", "Bearer " + token, 401, login},
		{"a machine that nobody knows", "POST", "/kiosk/K9/bill", "Bearer " + token, 401, login},
		{"a long name", "POST", "/kiosk/" + strings.Repeat("k", 5000) + "/bill", "Bearer " + token, 401, login},
		{"no machine", "POST", "/kiosk/", "Bearer " + token, 401, login},
		{"a call that nobody knows", "POST", "/kiosk/K1/open", "Bearer " + token, 404, "There is no such call."},
		{"a call that nobody knows, without a token", "POST", "/kiosk/K1/open", "", 401, login},
		{"no call", "POST", "/kiosk/K1", "Bearer " + token, 404, "There is no such call."},
		{"more than a call", "POST", "/kiosk/K1/bill/x", "Bearer " + token, 404, "There is no such call."},
		{"another path", "POST", "/api/ParkingInfo/SearchParkingInfo", "Bearer " + token, 404, "There is no such call."},
		{"another method", "GET", "/kiosk/K1/bill", "Bearer " + token, 405, "The method must be POST."},
		{"another method without a token", "GET", "/kiosk/K1/bill", "", 401, login},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, r.url+tt.path, strings.NewReader("{}"))
		r.did(err)
		if tt.authorization != "" {
			req.Header.Set("Authorization", tt.authorization)
		}
		if a := r.send(req); a.status != tt.status || a.code != 1 || a.msg != tt.msg {
			t.Errorf("%s is answered %+v, want status %d and %q", tt.name, a, tt.status, tt.msg)
		}
	}
	if log := r.log.String(); strings.Contains(log, token) || strings.Contains(log, strings.Repeat("k", 100)) {
		t.Errorf("the log shows a token, or a caller's text at length:\n%s", log)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	r := newRig(t, "en")
	r.park(store.Session{Plate: "粤B12345"})
	const unreadable = "The request cannot be read."
	fields := func(size int) string {
		const head, tail = `{"plateNo":"粤B12345","x":"`, `"}`
		return head + strings.Repeat("x", size-len(head)-len(tail)) + tail
	}
	for _, tt := range []struct {
		name, body string
		status     int
		msg        string
	}{
		{"fields", `{"plateNo":"粤B12345"}`, 200, ""},
		{"4096 bytes", fields(4096), 200, ""},
		{"4097 bytes", fields(4097), 413, "The request is too large."},
		{"nothing", "", 200, "Please give a plate or a ticket number."},
		{"spaces", " \r\n", 200, "Please give a plate or a ticket number."},
		{"no fields", "{}", 200, "Please give a plate or a ticket number."},
		{"half an object", `{"plateNo":"粤B`, 200, unreadable},
		{"a list", `[{"plateNo":"粤B12345"}]`, 200, unreadable},
		{"a form", "plateNo=粤B12345", 200, unreadable},
		{"an object for a text", `{"plateNo":{}}`, 200, "The parameter plateNo is malformed."},
	} {
		if a := r.post("K1", "bill", tt.body); a.status != tt.status || a.msg != tt.msg {
			t.Errorf("%s is answered %+v, want status %d and %q", tt.name, a, tt.status, tt.msg)
		}
	}
}

// Books that cannot be read are our fault, and nobody is shown why.
func TestOurFault(t *testing.T) {
	t.Parallel()
	r := newRig(t, "en")
	r.did(r.db.Close())
	for _, call := range []string{"bill", "order"} {
		a := r.post("K1", call, `{"plateNo":"粤B12345","orderNo":"1"}`)
		if a.status != http.StatusInternalServerError || a.code != 1 || a.msg != "The car park has a fault, please try again." {
			t.Errorf("%s is answered %+v", call, a)
		}
	}
	if !strings.Contains(r.log.String(), "kiosk call failed") {
		t.Errorf("the log does not say why:\n%s", r.log)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t, "")
	good := console.Config{DB: r.db, Desk: r.desk, Questions: r.asks, Till: r.till}
	if _, err := console.New(good); err != nil {
		t.Errorf("without machines: %v", err)
	}
	secret := config.NewSecret(token)
	for name, change := range map[string]func(*console.Config){
		"no store": func(c *console.Config) { c.DB = nil }, "no billing": func(c *console.Config) { c.Desk = nil },
		"no till":                      func(c *console.Config) { c.Till = nil },
		"nobody to ask":                func(c *console.Config) { c.Questions = nil },
		"a machine without a code":     func(c *console.Config) { c.Kiosks = []console.Kiosk{{IP: "127.0.0.1", Token: secret}} },
		"a machine without a token":    func(c *console.Config) { c.Kiosks = []console.Kiosk{{Code: "K1", IP: "127.0.0.1"}} },
		"a machine without an address": func(c *console.Config) { c.Kiosks = []console.Kiosk{{Code: "K1", Token: secret}} },
	} {
		cfg := good
		change(&cfg)
		if _, err := console.New(cfg); err == nil {
			t.Errorf("New with %s succeeded", name)
		}
	}
}

// Only the machine itself shows that it lives, whatever it asks for.
func TestAMachineIsHeard(t *testing.T) {
	t.Parallel()
	r := newRig(t, "en")
	for _, call := range []string{"bill", "nothing"} {
		before := r.heard.Load()
		if r.post("K1", call, `{}`); r.heard.Load() != before+1 {
			t.Errorf("%s of the machine is not told of once", call)
		}
	}
	before := r.heard.Load()
	r.post("K4", "bill", `{}`) // from another address
	r.post("K2", "bill", `{}`) // which nobody listens for
	if r.heard.Load() != before {
		t.Error("a call of somebody else is told of")
	}
}
