package downlink_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/downlink"
	"parkagent/protocol"
	"parkagent/store"
)

// The exact bytes of each answer: names, JSON types and the form of times are
// what clients were built for.
func TestAnswersAreWhatTheDocumentShows(t *testing.T) {
	p := open(t, nil)
	gone := p.enter("空818494")
	p.after(61*time.Minute + 40*time.Second)
	order := rowOf[protocol.Bill](t, p.ask(bill, `{"plateNo":"空818494"}`))
	p.after(20 * time.Second)
	p.ask(pay, fmt.Sprintf(`{"orderNo":%q,"amount":1000}`, order.OrderNo))
	p.after(time.Minute)
	p.leave(gone)
	ticket := store.Session{
		ID: store.NewID(start), Plate: "空000001", PlateRead: "空000001", CardNo: "000000000042", State: store.Inside,
		EnteredAt: start, EntryPlace: "入口1", CarType: 0,
	}
	p.save(ticket)

	tests := []step{
		{
			"finished stays, 1.1", stays,
			`{"parkCode":"1","plateNo":"8184","startTime":"2026-03-01 00:00:00","endTime":"2026-03-01 23:59:59","pageIndex":1,"pageCount":10}`,
			`{"resCode":0,"resMsg":"","data":[{"totalNum":"1","detail":[{"id":"` + gone.ID + `","plateNo":"空818494",` +
				`"entryTime":"2026/03/01 12:00:00","entryPlace":"入口1","leaveTime":"2026/03/01 13:03:00","leavePlace":"出口1",` +
				`"imgName":"http://park.test/out/空818494.jpg","payable":"1000","cashUser":"mall","cashTime":"2026/03/01 13:02:00"}]}]}`,
		},
		{
			"no finished stay, 1.1", stays,
			`{"plateNo":"京","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":"1","pageCount":"10"}`,
			`{"resCode":0,"resMsg":"","data":[{"totalNum":"0","detail":[]}]}`,
		},
		{
			"finished stays by place, 1.2", places,
			`{"parkCode":"1","entryPlace":"口1","leavePlace":"","startTime":"2026-03-01 00:00:00","endTime":"2026-03-01 23:59:59","pageIndex":1,"pageCount":10}`,
			`{"resCode":0,"resMsg":"","data":[{"totalNum":"1","detail":[{"id":"` + gone.ID + `","plateNo":"空818494",` +
				`"entryTime":"2026/03/01 12:00:00","entryPlace":"入口1","leaveTime":"2026/03/01 13:03:00","leavePlace":"出口1",` +
				`"imgName":"http://park.test/out/空818494.jpg","payable":"1000","cashUser":"mall","cashTime":"2026/03/01 13:02:00"}]}]}`,
		},
		{
			"no finished stay, 1.2", places,
			`{"entryPlace":"出","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":"1","pageCount":"10"}`,
			`{"resCode":0,"resMsg":"","data":[{"totalNum":"0","detail":[]}]}`,
		},
		{
			"cars inside, 1.3", inside, `{"parkCode":"1","plateNo":"","cardNo":""}`,
			`{"resCode":0,"resMsg":"","data":[{"plateNo":"空000001","cardNo":"000000000042","entryTime":"2026-03-01 12:00:00",` +
				`"entryPlace":"入口1","carType":0,"imgName":""}]}`,
		},
		{"no car inside, 1.3", inside, `{"plateNo":"粤"}`, `{"resCode":0,"resMsg":"","data":[]}`},
		{
			"a gate, 2.3", gate, `{"parkCode":"1","deviceCode":"G1","deviceType":0,"controlType":1}`,
			`{"resCode":0,"resMsg":"","data":null}`,
		},
		{
			"a display, 2.4", led, `{"parkCode":"1","deviceCode":"L1","deviceType":0,"showInfo":"ABC|DEF"}`,
			`{"resCode":0,"resMsg":"","data":null}`,
		},
		{
			"a car without a plate, 2.1", scan, `{"parkCode":"1","deviceCode":"G1","deviceType":0,"cardNo":"0000000000042"}`,
			`{"resCode":0,"resMsg":"","data":null}`,
		},
		{"free places, 2.2", spaces, `{"parkCode":"1","areaCode":1,"freeSpaceNum":20}`, `{"resCode":0,"resMsg":"","data":null}`},
		{"a mark, 2.5", seamless, `{"parkCode":"1","plateNo":"空000001"}`, `{"resCode":0,"resMsg":"","data":null}`},
		{
			"a picture, GetPhoto", photo, `{"parkCode":"1","deviceCode":"C1","deviceType":0}`,
			`{"resCode":0,"resMsg":"","data":[{"imageUrl":"http://park.test/now/1.jpg"}]}`,
		},
		{
			"a bill, 3.1", bill, `{"parkCode":"1","cardNo":"000000000042"}`,
			`{"resCode":0,"resMsg":"","data":[{"orderNo":"120260301130300000空000001","plateNo":"空000001","cardNo":"000000000042",` +
				`"entryTime":"2026-03-01 12:00:00","payTime":"2026-03-01 13:03:00","elapsedTime":63,"imgName":"","payable":1000,` +
				`"delayTime":15,"totalFee":1000,"payedFee":0,"outTime":"2026-03-01 13:03:00"}]}`,
		},
		{
			"not paid yet, 3.4", status, `{"parkCode":"1","orderNo":"120260301130300000空000001"}`,
			`{"resCode":0,"resMsg":"","data":[{"status":"0"}]}`,
		},
		{
			"a payment, 3.2", pay,
			`{"parkCode":"1","orderNo":"120260301130300000空000001","amount":1000,"discount":0,"payType":4,"payMethod":4,"freeMoney":0,"freeTime":0,"freeDetail":""}`,
			`{"resCode":0,"resMsg":"","data":[{"parkingTime":63}]}`,
		},
		{
			"paid, 3.4", status, `{"parkCode":"1","orderNo":"120260301130300000空000001"}`,
			`{"resCode":0,"resMsg":"","data":[{"status":"1"}]}`,
		},
	}
	p.walk(tests)
}

// Only before ten o'clock it shows who writes the hour with a zero.
func TestTimesBeforeTenAreWrittenAsTheDocumentShows(t *testing.T) {
	p := open(t, nil)
	p.after(20*time.Hour + 5*time.Minute) // 8:05 of the next day
	gone := p.enter("闽D02000")
	p.after(15 * time.Minute)
	p.leave(gone)
	p.enter("京A11113")
	for _, tt := range []struct{ name, path, params, want string }{
		{"1.1, entry", stays, `{"plateNo":"D","startTime":"2026-03-02","endTime":"2026-03-02","pageIndex":1,"pageCount":1}`, `"entryTime":"2026/03/02 8:05:00"`},
		{"1.1, leaving", stays, `{"plateNo":"D","startTime":"2026-03-02","endTime":"2026-03-02","pageIndex":1,"pageCount":1}`, `"leaveTime":"2026/03/02 8:20:00"`},
		{"1.1, charging", stays, `{"plateNo":"D","startTime":"2026-03-02","endTime":"2026-03-02","pageIndex":1,"pageCount":1}`, `"cashTime":"2026/03/02 8:20:00"`},
		{"1.3", inside, `{}`, `"entryTime":"2026-03-02 08:20:00"`},
		{"3.1, entry", bill, `{"plateNo":"京A11113"}`, `"entryTime":"2026-03-02 08:20:00"`},
		{"3.1, paying", bill, `{"plateNo":"京A11113"}`, `"payTime":"2026-03-02 08:20:00"`},
		{"3.1, leaving", bill, `{"plateNo":"京A11113"}`, `"outTime":"2026-03-02 08:20:00"`},
	} {
		if got := p.ask(tt.path, tt.params); !strings.Contains(got, tt.want) {
			t.Errorf("%s: answer = %s, want %s in it", tt.name, got, tt.want)
		}
	}
}

func TestAPageIsWholeOrRefused(t *testing.T) {
	const most = 20
	p := open(t, func(cfg *downlink.Config) { cfg.MostRows = most })
	fill := func(n int) {
		p.update(func(ctx context.Context, tx *store.Tx) error {
			for range n {
				err := tx.InsertSession(ctx, store.Session{
					ID: store.NewID(p.clock()), Plate: "闽D02000", Color: -1, State: store.Left, EnteredAt: p.clock(), LeftAt: p.clock(),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	rows := func(number, count int) int {
		t.Helper()
		return len(rowOf[protocol.StaysPage](t, p.ask(stays,
			fmt.Sprintf(`{"plateNo":"D","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":%d,"pageCount":%d}`, number, count))).Detail)
	}
	fill(most)
	for _, count := range []int{most, most + 1, 2000000000} {
		if got := rows(1, count); got != most {
			t.Errorf("a page of %d has %d rows, want all %d", count, got, most)
		}
	}
	fill(1)
	for _, tt := range []struct{ number, count, want int }{{1, most, most}, {2, most, 1}, {2, 2 * most, 0}, {6000000, 2000000, 0}} {
		if got := rows(tt.number, tt.count); got != tt.want {
			t.Errorf("page %d of %d has %d rows, want %d", tt.number, tt.count, got, tt.want)
		}
	}
	body := p.ask(stays, fmt.Sprintf(`{"plateNo":"D","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":%d}`, most+1))
	if got := sentenceOf(t, body); got != "参数 pageCount 取值无效" {
		t.Errorf("a page that would be cut short: %q, want it refused", got)
	}
}

func TestFinishedStaysAreFilteredSortedAndPaged(t *testing.T) {
	p := open(t, nil)
	for i := range 5 {
		s := p.enter(fmt.Sprintf("闽D0200%d", i))
		p.after(time.Hour)
		p.leave(s)
	}
	p.enter("闽D02009") // still inside
	tests := []struct {
		name, params string
		total        int
		plates       []string
	}{
		{
			"first page, latest leaving first",
			`"plateNo":"闽d·02","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":2`,
			5, []string{"闽D02004", "闽D02003"},
		},
		{
			"last page", `"plateNo":"0200","startTime":"2026/3/1","endTime":"2026/3/1","pageIndex":3,"pageCount":2`,
			5, []string{"闽D02000"},
		},
		{
			"a page beyond all", `"plateNo":"0200","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":900000000,"pageCount":9`,
			5, nil,
		},
		{
			"times of leaving, both ends included",
			`"plateNo":"D","startTime":"2026-03-01 14:00:00","endTime":"2026-03-01T15:00:00","pageIndex":1,"pageCount":9`,
			2, []string{"闽D02002", "闽D02001"},
		},
		{
			"a percent sign is no wildcard", `"plateNo":"%","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":9`,
			0, nil,
		},
		{
			"neither is an underscore", `"plateNo":"_","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":9`,
			0, nil,
		},
		{
			"a period that ends before it begins",
			`"plateNo":"D","startTime":"2026-03-02","endTime":"2026-03-01","pageIndex":1,"pageCount":9`,
			0, nil,
		},
	}
	for _, tt := range tests {
		page := rowOf[struct {
			TotalNum int             `json:"totalNum"`
			Detail   []protocol.Stay `json:"detail"`
		}](t, p.ask(stays, "{"+tt.params+"}"))
		var plates []string
		for _, stay := range page.Detail {
			plates = append(plates, stay.PlateNo)
		}
		if page.TotalNum != tt.total {
			t.Errorf("%s: totalNum = %d, want %d", tt.name, page.TotalNum, tt.total)
		}
		if diff := cmp.Diff(tt.plates, plates); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestAFinishedStayHasTheMoneyThatCountsForIt(t *testing.T) {
	p := open(t, nil)
	ghost, s := p.enter("闽D02000"), p.enter("闽D02001")
	paid := store.Payment{ID: "P1", Session: ghost.ID, Amount: 700, Client: "mall", PaidAt: p.clock()}
	taken := store.Payment{ID: "P2", Session: ghost.ID, Kind: store.PaymentTransfer, Refers: "P1", Amount: -700, Operator: "li", PaidAt: p.clock()}
	brought := store.Payment{ID: "P3", Session: s.ID, Kind: store.PaymentTransfer, Refers: "P1", Amount: 700, Operator: "li", PaidAt: p.clock()}
	p.after(time.Hour)
	back := store.Payment{ID: "P4", Session: s.ID, Kind: store.PaymentRefund, Refers: "P3", Amount: -200, Operator: "wang", PaidAt: p.clock()}
	orphan := store.Payment{ID: "P5", Session: s.ID, Kind: store.PaymentOrphan, Amount: 900, Client: "mall", PaidAt: p.clock()}
	p.update(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertPayment(ctx, paid), tx.InsertPayment(ctx, taken), tx.InsertPayment(ctx, brought), tx.InsertPayment(ctx, back), tx.InsertPayment(ctx, orphan))
	})
	p.leave(s)
	page := rowOf[struct {
		Detail []protocol.Stay `json:"detail"`
	}](t, p.ask(stays, `{"plateNo":"闽D02001","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":9}`))
	if got := page.Detail; len(got) != 1 || got[0].Payable != 500 || got[0].CashUser != "li" || got[0].CashTime != protocol.FormatSlashBare(brought.PaidAt, shanghai) {
		t.Errorf("stay = %+v", got)
	}
}

func TestFinishedStaysAreFoundByPartsOfTheirPlaces(t *testing.T) {
	p := open(t, nil)
	for i, place := range []struct{ in, out string }{{"东入口", "东出口"}, {"西入口", "东出口"}, {"西入口", "西%出口_2"}} {
		s := p.enter(fmt.Sprintf("闽D0200%d", i))
		s.EntryPlace = place.in
		p.after(time.Hour)
		s.State, s.LeftAt, s.ExitPlace = store.Left, p.clock(), place.out
		p.update(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateSession(ctx, s) })
	}
	tests := []struct {
		name, params string
		plates       []string
	}{
		{"neither: all", ``, []string{"闽D02002", "闽D02001", "闽D02000"}},
		{"both empty: all", `"entryPlace":"","leavePlace":null,`, []string{"闽D02002", "闽D02001", "闽D02000"}},
		{"part of the entry", `"entryPlace":" 西 ",`, []string{"闽D02002", "闽D02001"}},
		{"part of the exit", `"leavePlace":"东",`, []string{"闽D02001", "闽D02000"}},
		{"both", `"entryPlace":"西","leavePlace":"东",`, []string{"闽D02001"}},
		{"neither place", `"entryPlace":"北",`, nil},
		{"a percent sign is itself", `"leavePlace":"%",`, []string{"闽D02002"}},
		{"so is an underscore", `"leavePlace":"_2",`, []string{"闽D02002"}},
	}
	for _, tt := range tests {
		page := rowOf[struct {
			TotalNum int             `json:"totalNum"`
			Detail   []protocol.Stay `json:"detail"`
		}](t, p.ask(places, `{`+tt.params+`"startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":9}`))
		var plates []string
		for _, stay := range page.Detail {
			plates = append(plates, stay.PlateNo)
		}
		if diff := cmp.Diff(tt.plates, plates); diff != "" || page.TotalNum != len(tt.plates) {
			t.Errorf("%s: %d in all (-want +got):\n%s", tt.name, page.TotalNum, diff)
		}
	}
	const rest = `"endTime":"2026-03-01","pageIndex":1,"pageCount":9}`
	p.walk([]step{
		{"no start", places, `{"entryPlace":"东",` + rest, "缺少必填参数 startTime"},
		{"no time", places, `{"entryPlace":"东","startTime":"1 March",` + rest, "参数 startTime 格式错误"},
		{"no end", places, `{"startTime":"2026-03-01","pageIndex":1,"pageCount":9}`, "缺少必填参数 endTime"},
		{"no page", places, `{"startTime":"2026-03-01","endTime":"2026-03-01","pageCount":9}`, "缺少必填参数 pageIndex"},
		{"page 0", places, `{"startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":0,"pageCount":9}`, "参数 pageIndex 取值无效"},
		{"pages of none", places, `{"startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":-1}`, "参数 pageCount 取值无效"},
	})
}

func TestCarsInsideAreFilteredByPartOfThePlateAndWholeCard(t *testing.T) {
	p := open(t, nil)
	p.enter("闽D02000")
	p.enter("京A11113")
	p.save(store.Session{ID: store.NewID(start), Plate: "空000001", CardNo: "000000000042", State: store.Inside, EnteredAt: start})
	p.save(store.Session{ID: store.NewID(start), Plate: "豫A88888", State: store.Entering, EnteredAt: start})
	p.save(store.Session{ID: store.NewID(start), Plate: "鲁B66666", State: store.Leaving, EnteredAt: start})
	tests := []struct {
		name, params string
		want         []string
	}{
		{"all but the car before the gate", `{}`, []string{"京A11113", "空000001", "闽D02000", "鲁B66666"}},
		{"part of a plate", `{"plateNo":"d02"}`, []string{"闽D02000"}},
		{"a card", `{"cardNo":"000000000042"}`, []string{"空000001"}},
		{"part of a card is none", `{"cardNo":"42"}`, nil},
		{"plate and card must both match", `{"plateNo":"京","cardNo":"000000000042"}`, nil},
	}
	for _, tt := range tests {
		reply, err := protocol.DecodeReply([]byte(p.ask(inside, tt.params)))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := protocol.RowsOf[protocol.InsideCar](reply)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, row := range rows {
			got[row.PlateNo] = true
		}
		want := map[string]bool{}
		for _, plate := range tt.want {
			want[plate] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestObjectDataIsTheRowItself(t *testing.T) {
	p := open(t, func(cfg *downlink.Config) { cfg.Clients[0].ObjectData = true })
	p.enter("闽D02000")
	p.after(30 * time.Minute)
	order := rowOf[protocol.Bill](t, p.ask(bill, `{"plateNo":"闽D02000"}`)).OrderNo
	if got, want := p.ask(status, `{"orderNo":"`+order+`"}`), `{"resCode":0,"resMsg":"","data":{"status":"0"}}`; got != want {
		t.Errorf("3.4 = %s, want %s", got, want)
	}
	got := p.ask(pay, `{"orderNo":"`+order+`","amount":500}`)
	if want := `{"resCode":0,"resMsg":"","data":{"parkingTime":30}}`; got != want {
		t.Errorf("3.2 = %s, want %s", got, want)
	}
	if got := p.ask(inside, `{}`); !strings.Contains(got, `"data":[{`) {
		t.Errorf("1.3 = %s, want an array", got)
	}
}
