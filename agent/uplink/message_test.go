package uplink_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

// Each message has the fields, and their JSON types, of the document's example.
func TestRowsAboutRightsAndMoneyBecomeMessages(t *testing.T) {
	in, out := store.Millis(entered), store.Millis(entered.Add(90*time.Minute))
	stay := store.StayFact{Session: "1", Plate: "粤B12345", EnteredMs: in, LeftMs: out, ExitPlace: "出口1", PayMethod: -1}
	leaving := func(change func(*store.StayFact)) row {
		f := stay
		change(&f)
		return row{store.KindExit, f.Plate, f}
	}
	payment := func(change func(*store.PaymentFact)) row {
		f := store.PaymentFact{Order: "O1", Plate: "粤B12345", EnteredMs: in, PaidMs: out, Total: 1500, Amount: 1500, Terminal: 15, PayMethod: 4}
		change(&f)
		return row{store.KindPayment, f.Plate, f}
	}
	detail := func(pay, payType, carType string) string {
		return `{"parkCode":"7","plateNo":"粤B12345","cardNo":"","entryTime":"2026/03/02 08:20:19","leaveTime":"2026/03/02 09:50:19",
			"preMoney":0,"payMoney":` + pay + `,"payType":` + payType + `,"ticketMoney":0,"ticketTime":0,"freeMoney":0,
			"carType":` + carType + `,"leavePlace":"出口1","imgName":""}`
	}
	bill := func(change, terminal, payType string) string {
		return `{"parkCode":"7","plateNo":"粤B12345","cardNo":"","carType":0,"entryTime":"2026/03/02 08:20:19","leaveTime":"2026/03/02 09:50:19",
			"totalMoney":1500,"payMoney":1500,"freeMoney":0,"selfTotal":` + change + `,"selfPay":0,"ticketMoney":0,"ticketTime":0,"ticketNum":0,
			"terminalType":` + terminal + `,"payType":` + payType + `,"payTime":"2026/03/02 09:50:19","paidType":0,"remark":"O1"}`
	}
	card := store.CardFact{
		Act: "add", Card: 12, Name: "A栋", Owner: "张三", Tel: "18100000000", CarType: 2, Spaces: 2,
		FromMs: in, ToMs: store.Millis(time.Date(2027, 3, 2, 15, 59, 59, 0, time.UTC)),
		Plates: []store.CardPlateFact{{Plate: "粤B12345"}, {Etc: "E77"}},
	}
	gone := store.NewCardFact(store.Card{
		ID: 13, Owner: "李四", CarType: 3, From: entered, To: entered.AddDate(1, 0, 0), DeletedAt: entered.Add(time.Hour),
	})
	for _, tt := range []struct {
		name string
		row  row
		path string
		want string
	}{
		{
			"a blacklisted car at an entry",
			row{store.KindBlackEntry, "粤B12345", store.BlackFact{Act: "refused", Black: 5, Plate: "粤B12345", Remark: "欠费", Lane: "IN1", Place: "入口1", Image: "in.jpg", SeenMs: in}},
			"PostBlackInInfo",
			`{"parkCode":"7","blackId":5,"plateNo":"粤B12345","remark":"欠费","entryPlace":"入口1","entryTime":"2026/03/02 08:20:19"}`,
		},
		{
			"a correction",
			row{store.KindCorrect, "粤B12345", store.CorrectFact{
				Platform: "mall", Deduction: "d", Session: "1", Plate: "粤B12345", EnteredMs: in, LeftMs: out, Total: 200, Place: "出口1", Image: "out.jpg",
			}},
			"PostCarCorrect",
			`{"parkCode":"7","plateNo":"粤B12345","entryTime":"2026/03/02 08:20:19","leaveTime":"2026/03/02 09:50:19","totalMoney":200,
				"leavePlace":"出口1","imgName":"http://box/out.jpg"}`,
		},
		{
			"a card", row{store.KindCard, "card:12", card}, "PostCarCard",
			`{"parkCode":"7","cardId":"12","userName":"张三","telPhone":"18100000000","carType":2,"validFrom":"2026/03/02 08:20:19",
				"validTo":"2027/03/02 23:59:59","plateDetails":"[{\"plateNo\":\"粤B12345\",\"etcNo\":\"\"},{\"plateNo\":\"\",\"etcNo\":\"E77\"}]"}`,
		},
		{
			"a card that was deleted is valid until then", row{store.KindCard, "card:13", gone}, "PostCarCard",
			`{"parkCode":"7","cardId":"13","userName":"李四","telPhone":"","carType":3,"validFrom":"2026/03/02 08:20:19",
				"validTo":"2026/03/02 09:20:19","plateDetails":"[]"}`,
		},
		{"a stay on a monthly card", leaving(func(f *store.StayFact) { f.Card, f.CarType = 12, 2 }), "PostPayDetail", detail("0", "0", "2")},
		{
			"a stay paid from a stored-value card",
			leaving(func(f *store.StayFact) { f.Card, f.CarType, f.AtExit, f.PayMethod = 12, 3, 700, 2 }), "PostPayDetail", detail("700", "2", "3"),
		},
		{"a booked car", leaving(func(f *store.StayFact) { f.Booking, f.CarType = 3, 100 }), "PostPayDetail", detail("0", "100", "100")},
		{"a booked car by its booking alone", leaving(func(f *store.StayFact) { f.Booking = 3 }), "PostPayDetail", detail("0", "100", "100")},
		{
			"a booked car that stayed longer and paid",
			leaving(func(f *store.StayFact) { f.Booking, f.CarType, f.AtExit, f.PayMethod = 3, 100, 500, 5 }), "PostPayDetail", detail("500", "7", "100"),
		},
		{"a car that a platform deducted for", leaving(func(f *store.StayFact) { f.AtExit, f.PayMethod = 500, 6 }), "PostPayDetail", detail("500", "6", "0")},
		{
			"cash at a kiosk that owes change", payment(func(f *store.PaymentFact) { f.Terminal, f.PayMethod, f.Change = 3, 0, 500 }),
			"PostCarBillDetail", bill("500", "3", "100"),
		},
		{"cash at a kiosk at the exit", payment(func(f *store.PaymentFact) { f.Terminal, f.PayMethod = 13, 0 }), "PostCarBillDetail", bill("0", "13", "100")},
		{"a stored-value card at the exit", payment(func(f *store.PaymentFact) { f.Terminal, f.PayMethod = 2, 2 }), "PostCarBillDetail", bill("0", "2", "108")},
		{"a deduction", payment(func(f *store.PaymentFact) { f.PayMethod = 6 }), "PostCarBillDetail", bill("0", "15", "111")},
		{"a driver's code that was scanned", payment(func(f *store.PaymentFact) { f.PayMethod = 5 }), "PostCarBillDetail", bill("0", "15", "112")},
		{"a payment of before terminals were told apart", payment(func(f *store.PaymentFact) { f.Terminal = 0 }), "PostCarBillDetail", bill("0", "15", "111")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := open(t)
			appendRows(t, db, tt.row)
			site := listen(t, nil)
			cfg := config(db, site.client)
			cfg.ImageURL = func(path string) string { return "http://box/" + path }
			u, _ := start(t, cfg)
			settled(t, u, 1)
			want := message{Name: tt.path}
			if err := json.Unmarshal([]byte(tt.want), &want.JSON); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]message{want}, site.got()); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBlacklistedCarWithoutATimeIsToldWithTheRowsOwn(t *testing.T) {
	db := open(t)
	appendRows(t, db, row{store.KindBlackEntry, "京A1", store.BlackFact{Black: 1, Plate: "京A1"}})
	e, err := db.EntryAt(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	site := listen(t, nil)
	u, _ := start(t, config(db, site.client))
	settled(t, u, 1)
	if got, want := site.got()[0].JSON["entryTime"], e.At.In(shanghai).Format("2006/01/02 15:04:05"); got != want {
		t.Errorf("entryTime = %v, want %s", got, want)
	}
}
