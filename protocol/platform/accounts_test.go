package platform

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/protocol"
)

func carOut(plate string, due int64) protocol.CarOut {
	return protocol.CarOut{ParkCode: "1", PlateNo: plate, EntryTime: "2019/02/25 08:00:00", LeaveTime: "2019/02/25 09:00:00", TotalMoney: due, LeavePlace: "出口1"}
}

func correction(plate string, due int64) protocol.CarCorrect {
	return protocol.CarCorrect{ParkCode: "1", PlateNo: plate, EntryTime: "2019/02/25 08:00:00", LeaveTime: "2019/02/25 09:00:00", TotalMoney: due, LeavePlace: "出口1"}
}

// mustAsk asks a question and returns the row that is answered.
func mustAsk[T any](t *testing.T, c *protocol.Client, name string, question any) T {
	t.Helper()
	row, ok, err := protocol.FirstOf[T](mustPost(t, c, name, question))
	if err != nil || !ok {
		t.Fatalf("%s: row %v, %v", name, ok, err)
	}
	return row
}

// mustRefuse asks a question that is to be refused in the given words.
func mustRefuse(t *testing.T, c *protocol.Client, name string, question any, words string) {
	t.Helper()
	_, err := c.Post(t.Context(), name, question)
	var refused *protocol.RefusedError
	if !errors.As(err, &refused) || refused.Reply.Msg != words {
		t.Errorf("%s: error = %v, want it refused with %s", name, err, words)
	}
}

func mustDeduct(t *testing.T, c *protocol.Client, question protocol.CarOut, want int64) {
	t.Helper()
	if got := mustAsk[protocol.CarOutAnswer](t, c, "PostCarOutInfo", question).Taken(); got != protocol.IntOf(want) {
		t.Errorf("deducted %+v, want %d", got, want)
	}
}

func mustHave(t *testing.T, p *Platform, plate string, want int64) {
	t.Helper()
	if got, ok := p.Account(plate); !ok || got != want {
		t.Errorf("the account of %s has %d, %v, want %d", plate, got, ok, want)
	}
}

func TestAStayIsDeductedForOnce(t *testing.T) {
	p, c := start(t, testConfig())
	p.SetAccount("京A12345", 1000)
	for range 3 {
		mustDeduct(t, c, carOut("京A12345", 300), 300)
	}
	// Asked later it costs more, but the stay is the same.
	mustDeduct(t, c, carOut("京A12345", 500), 300)
	mustHave(t, p, "京A12345", 700)
	next := carOut("京A12345", 500)
	next.EntryTime = "2019/02/25 12:00:00"
	mustDeduct(t, c, next, 500)
	mustHave(t, p, "京A12345", 200)
	want := Totals{Questions: 5, Deductions: 2, Deducted: 800}
	if got := p.Totals(); got != want {
		t.Errorf("Totals = %+v, want %+v", got, want)
	}
}

func TestAnAccountGivesNoMoreThanItHas(t *testing.T) {
	p, c := start(t, testConfig())
	mustRefuse(t, c, "PostCarOutInfo", carOut("京A12345", 300), "该车未开通免密支付")
	p.SetAccount("京A12345", 0)
	mustDeduct(t, c, carOut("京A12345", 300), 0)
	p.SetAccount("京A12345", 100)
	mustDeduct(t, c, carOut("京A12345", 300), 100)
	mustHave(t, p, "京A12345", 0)
	p.SetAccount("京B12345", 100)
	mustDeduct(t, c, carOut("京B12345", -300), 0)
	mustHave(t, p, "京B12345", 100)
	if _, ok := p.Account("京C12345"); ok {
		t.Error("a plate has an account that nobody gave it")
	}
}

func TestACorrectionGivesBackOnce(t *testing.T) {
	p, c := start(t, testConfig())
	p.SetAccount("京A12345", 1000)
	mustDeduct(t, c, carOut("京A12345", 300), 300)
	for range 2 {
		mustPost(t, c, "PostCarCorrect", correction("京A12345", 300))
	}
	mustPost(t, c, "PostCarCorrect", correction("京A12345", 301)) // another report about the same stay
	mustHave(t, p, "京A12345", 1000)
	want := Totals{Questions: 1, Deductions: 1, Deducted: 300, Reversals: 1, Reversed: 300, Corrections: 2, Reports: 2, Duplicates: 1}
	if got := p.Totals(); got != want {
		t.Errorf("Totals = %+v, want %+v", got, want)
	}
}

func TestAQuestionThatComesAfterItsCorrectionDeductsNothing(t *testing.T) {
	p, c := start(t, testConfig())
	p.SetAccount("京A12345", 1000)
	mustPost(t, c, "PostCarCorrect", correction("京A12345", 300))
	mustRefuse(t, c, "PostCarOutInfo", carOut("京A12345", 300), "该次停车已冲正")
	mustHave(t, p, "京A12345", 1000)
}

func TestADeductionWhoseAnswerIsLostIsStillThere(t *testing.T) {
	p, c := start(t, testConfig())
	p.SetAccount("京A12345", 1000)
	p.Inject(Lose, "PostCarOutInfo", 1, "")
	var none *protocol.NoAnswerError
	if _, err := c.Post(t.Context(), "PostCarOutInfo", carOut("京A12345", 300)); !errors.As(err, &none) {
		t.Errorf("error = %v, want no answer", err)
	}
	mustHave(t, p, "京A12345", 700)
	mustDeduct(t, c, carOut("京A12345", 300), 300)
	mustHave(t, p, "京A12345", 700)
}

func TestPricesComeFromTheFunction(t *testing.T) {
	p, c := start(t, testConfig())
	query := protocol.PriceQuery{ParkCode: "1", PlateNo: "京A12345", EntryTime: "2019/02/25 08:00:00", EntryPlace: "入口1", LeaveTime: "2019/02/25 09:00:00"}
	mustRefuse(t, c, "AutonomousCalfee", query, "平台不计费")
	p.SetPricing(func(q protocol.PriceQuery) (int64, bool) {
		if diff := cmp.Diff(query.EntryPlace, q.EntryPlace); diff != "" {
			t.Errorf("asked (-sent +got):\n%s", diff)
		}
		p.Totals() // what prices may use the platform
		return 500, q.PlateNo == "京A12345"
	})
	if got := mustAsk[protocol.Price](t, c, "AutonomousCalfee", query).PayMoney; got != protocol.IntOf(500) {
		t.Errorf("payMoney = %+v, want 500", got)
	}
	query.PlateNo = "京B12345"
	mustRefuse(t, c, "AutonomousCalfee", query, "平台无法计费")
	records := p.Records()
	last := records[len(records)-1]
	if want := (Totals{Questions: 3, Prices: 1}); p.Totals() != want || last.Refusal != "平台无法计费" || records[1].Answer != (protocol.Price{PayMoney: protocol.IntOf(500)}) {
		t.Errorf("Totals = %+v, records = %+v", p.Totals(), records)
	}
}

func TestCardsAreKeptAsTheyWereToldLast(t *testing.T) {
	p, c := start(t, testConfig())
	card := protocol.CarCard{ParkCode: "1", CardID: "10", UserName: "张三", CarType: protocol.CarMonthly, ValidFrom: "2019/01/01 00:00:00", ValidTo: "2019/12/31 23:59:59", PlateDetails: protocol.PlateDetails{{PlateNo: "京A12345"}}}
	other := card
	other.CardID, other.ValidTo = "9", ""
	longer := card
	longer.ValidTo = "2020/12/31 23:59:59"
	for _, one := range []protocol.CarCard{card, other, longer, card, longer} {
		mustPost(t, c, "PostCarCard", one)
	}
	if diff := cmp.Diff([]protocol.CarCard{other, longer}, p.Cards()); diff != "" {
		t.Errorf("Cards (-want +got):\n%s", diff)
	}
	if want := (Totals{Cards: 5, Reports: 5}); p.Totals() != want {
		t.Errorf("Totals = %+v, want %+v", p.Totals(), want)
	}
}

func TestABlacklistedCarIsReportedOnce(t *testing.T) {
	p, c := start(t, testConfig())
	black := protocol.BlackIn{ParkCode: "1", BlackID: 3, PlateNo: "京A12345", Remark: "违章停车", EntryPlace: "入口1", EntryTime: "2019/02/25 08:00:00"}
	mustPost(t, c, "PostBlackInInfo", black)
	mustPost(t, c, "PostBlackInInfo", black)
	if diff := cmp.Diff([]protocol.BlackIn{black}, Messages[protocol.BlackIn](p.Records())); diff != "" {
		t.Errorf("Messages (-want +got):\n%s", diff)
	}
	if want := (Totals{Blacklisted: 1, Reports: 1, Duplicates: 1}); p.Totals() != want {
		t.Errorf("Totals = %+v, want %+v", p.Totals(), want)
	}
}
