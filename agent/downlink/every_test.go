package downlink_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parkagent/agent/downlink"
	"parkagent/protocol"
	"parkagent/store"
)

// A question is one interface with parameters that it answers with success, however
// often it is asked.
type question struct {
	path, params string
	// example is what the document shows as the data of the answer; of 3.5 and 3.7
	// what it shows in resMsg.
	example string
}

// everything is a park in which every interface has something to answer.
func everything(t testing.TB) (*park, []question) {
	t.Helper()
	p := open(t, nil)
	gone := p.enter("空818494")
	p.after(time.Hour)
	p.leave(gone)
	p.enter("闽D02000")
	p.save(store.Session{
		ID: store.NewID(start), Plate: "空000001", CardNo: "0000000000042", State: store.Inside, EnteredAt: start, EntryPlace: "入口",
	})
	p.after(30 * time.Minute)
	order := rowOf[protocol.Bill](t, p.ask(bill, `{"plateNo":"闽D02000"}`)).OrderNo
	owed := p.owe("闽D02000", 1100, 15000)
	card := rowOf[protocol.CardID](t, p.ask(addCard, monthly("闽D02000", "闽D02001"))).CardID
	doomed := rowOf[protocol.CardID](t, p.ask(addCard, monthly("闽D09999"))).CardID
	booking := rowOf[protocol.BookingID](t, p.ask(book, booked("闽D02000"))).BookID

	const day = `"startTime":"2026-03-01 00:00:00","endTime":"2026-03-01 23:59:59","pageIndex":1,"pageCount":10`
	const stay = `[{"totalNum":"2","detail":[{"id":"1","plateNo":"空818494","entryTime":"2018/12/11 15:53:54","entryPlace":"172.19.8.242",
		"leaveTime":"2018/12/11 16:54:54","leavePlace":"172.19.8.243","imgName":"http://172.19.8.211:8099/KT_ServerSoft/a.jpg",
		"payable":"100","cashUser":"Admin","cashTime":"2018/12/11 16:54:54"}]}]`
	return p, []question{
		{stays, `{"parkCode":"1","plateNo":"8184",` + day + `}`, stay},
		{places, `{"parkCode":"1","entryPlace":"入口","leavePlace":"",` + day + `}`, stay},
		{inside, `{"parkCode":"1","plateNo":"","cardNo":"0000000000042"}`, `[{"plateNo":"闽D02000","cardNo":"000001",
			"entryTime":"2018-01-01 00:00:00","entryPlace":"入口","carType":1,"imgName":"http://ip:port/a.jpg"}]`},
		{scan, `{"parkCode":"1","deviceCode":"G1","deviceType":0,"cardNo":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M"}`, `null`},
		{spaces, `{"parkCode":"1","areaCode":1,"freeSpaceNum":20}`, `null`},
		{gate, `{"parkCode":"1","deviceCode":"G1","deviceType":"0","controlType":"1"}`, `null`},
		{led, `{"parkCode":"1","deviceCode":"L1","deviceType":0,"showInfo":"ABC|DEF"}`, `null`},
		{seamless, `{"parkCode":"1","plateNo":"闽D02000"}`, `null`},
		{photo, `{"parkCode":"1","deviceCode":"C1","deviceType":0}`, `[{"imageUrl":"http://ip:port/a.jpg"}]`},
		{bill, `{"parkCode":"1","plateNo":"闽D02000"}`, `[{"orderNo":"000120181212173448477D02000","plateNo":"闽D02000",
			"entryTime":"2018-12-10 09:59:12","payTime":"2018-12-12 17:34:48","elapsedTime":3336,"imgName":"http://172.19.8.211:8080/a.jpg",
			"payable":22600,"delayTime":10,"totalFee":23600,"payedFee":1000,"outTime":"2018-12-12 17:34:48"}]`},
		{pay, `{"parkCode":"1","orderNo":"` + order + `","amount":0,"payType":4}`, `[{"parkingTime":150}]`},
		{free, `{"parkCode":"1","plateNo":"闽D02000","cardNo":"","freeMoney":100,"freeTime":0,"payType":4,"payMethod":4,"remark":"coupon"}`, `[{"orderNo":123456789}]`},
		{status, `{"parkCode":"1","orderNo":"` + order + `"}`, `[{"status":"1"}]`},
		{change, `{"parkCode":"1","orderNo":"` + owed + `"}`, `[{"orderNo":"0215646456465","plateNo":"闽A12344",
			"comeTime":"1972-01-01 00:00:00","payMoney":1100,"paidAmount":15000,"ifCharge":1}]`},
		{changed, `{"parkCode":"1","orderNo":"` + owed + `","chargeType":"0","UserAccount":"123123123123"}`, `[{"orderNo":"0215646456465"}]`},
		{changes, `{"parkCode":"1",` + day + `}`, `[{"orderNo":"0215646456465","payMoney":1200,"paidAmount":1500,"ifCharge":0,"chargeType":0,
			"userAccount":"123123123123","paidTime":"2019-01-01 00:00:00","chargeTime":"2019-01-01 00:00:00","remark":""}]`},
		{addCard, monthly("闽D02000", "闽D02001"), `[{"cardId":5}]`},
		{editCard, fmt.Sprintf(`{"parkCode":"1","cardId":"%d","plateDetails":"","totalSPNum":2}`, card), `null`},
		{dropCard, fmt.Sprintf(`{"parkCode":"1","cardId":%d}`, doomed), `null`},
		{cardPlate, fmt.Sprintf(`{"parkCode":"1","cardId":%d,"plateNo":"闽D02001","oldplateNo":"","modifyType":0,"isCard":0}`, card), `null`},
		{cards, `{"parkCode":"1","plateNo":"闽D02000"}`, `[{"cardId":5,"carType":1,"cardName":"某某","tel":"186********","roomId":"X-521",
			"areaList":["地库","地面"],"plateDetails":"[{\"plateNo\":\"A12345\",\"etcNo\":null},{\"plateNo\":null,\"etcNo\":\"AJSD5646SD\"}]",
			"validForm":"2018-01-01 00:00:00","validTo":"2018-12-30 23:59:59","lastUpdateTime":"2018-12-30 23:59:59"}]`},
		{recharge, fmt.Sprintf(`{"parkCode":"1","cardId":%d,"orderNo":"R1","amount":30000,"validFrom":"2026-03-01","validTo":"2026-04-30"}`, card), `null`},
		{products, `{"parkCode":"1","carType":2}`, `[{"ruleName":"月租","rechargeAmount":1,"rechargeType":1,"sentAmount":1,"snetType":1}]`},
		{editBlack, `{"parkCode":"1","blackId":0,"plateNo":"闽A12345","remark":"违章停车","controlType":0}`, `[{"blackId":1}]`},
		{blacks, `{"parkCode":"1","plateNo":"闽A12345"}`, `[{"blackId":1,"plateNo":"闽A12345","remark":"违章停车"}]`},
		{book, booked("闽D02000"), `[{"bookId":1}]`},
		{editBook, fmt.Sprintf(`{"parkCode":"1","bookid":%d,"validTo":"2026-03-02 23:59:59","modifyType":0}`, booking), `[{"bookId":1}]`},
		{bookings, `{"parkCode":"1","plateNo":"闽D02000"}`, `[{"bookid":1,"plateNo":"闽D02000","preMoney":100,
			"ValidFrom":"2018-08-01 00:00:00","ValidTo":"2018-08-31 23:59:59","bookType":1}]`},
	}
}

// monthly are the parameters of 4.1 for a card of these plates, for March.
func monthly(plates ...string) string {
	var details []string
	for _, no := range plates {
		details = append(details, `{\"plateNo\":\"`+no+`\",\"etcNo\":\"\"}`)
	}
	return `{"parkCode":"1","cardName":"月卡","useName":"张三","tel":"13800000000","roomId":"X-521","plateDetails":"[` +
		strings.Join(details, ",") + `]","carType":2,"spaceNum":"2","ValidFrom":"2026-03-01 00:00:00","ValidTo":"2026-03-31 23:59:59"}`
}

// booked are the parameters of 5.1 for a plate, for the first of March.
func booked(plate string) string {
	return `{"parkCode":"1","plateNo":"` + plate + `","preMoney":100,"validFrom":"2026-03-01 00:00:00","validTo":"2026-03-01 23:59:59","bookType":0,"promptly":1}`
}

func TestEveryInterfaceOfTheDocumentIsAskedHere(t *testing.T) {
	_, all := everything(t)
	var asked, routes []string
	for _, q := range all {
		asked = append(asked, "/api/"+q.path)
	}
	for _, r := range protocol.Routes() {
		routes = append(routes, r.Path())
	}
	slices.Sort(asked)
	slices.Sort(routes)
	if !slices.Equal(asked, routes) || len(asked) != 28 {
		t.Errorf("asked are %d: %v; routes are %d: %v", len(asked), asked, len(routes), routes)
	}
}

func TestEveryInterfaceAnswersAtItsOldAndOddPaths(t *testing.T) {
	p, all := everything(t)
	legacy := map[string][]string{"ParkingCard": {"card2"}, "ParkingBook": {"book"}}
	for _, q := range all {
		group, name, _ := strings.Cut(q.path, "/")
		old := legacy[group]
		if old == nil {
			old = []string{"pay2", "pay"}
		}
		paths := []string{q.path, strings.ToLower(q.path), strings.ToUpper(old[0] + "/" + name), q.path + "/"}
		for _, group := range old {
			paths = append(paths, group+"/"+name)
		}
		for _, path := range paths {
			if body := p.ask(path, q.params); !strings.HasPrefix(body, `{"resCode":0,"resMsg":"","data":`) {
				t.Errorf("%s = %s, want success", path, body)
			}
		}
		for _, foreign := range []string{"pay2", "card2", "book"} {
			if slices.Contains(old, foreign) {
				continue
			}
			if code, body := p.post(foreign+"/"+name, p.sealed(q.params), nil); code != http.StatusNotFound {
				t.Errorf("%s/%s = %d %s, want 404: it is not its group", foreign, name, code, body)
			}
		}
	}
}

// Names and JSON types are what clients were built for. A name that the document
// writes in several cases is compared without.
func TestEveryAnswerHasTheShapeOfTheDocumentsExample(t *testing.T) {
	p, all := everything(t)
	for _, q := range all {
		var answer struct{ Data any }
		var example any
		body := p.ask(q.path, q.params)
		for text, into := range map[string]any{body: &answer, q.example: &example} {
			decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
			decoder.UseNumber()
			if err := decoder.Decode(into); err != nil {
				t.Fatalf("%s: %s: %v", q.path, text, err)
			}
		}
		if lacks := compare("data", example, answer.Data); lacks != "" {
			t.Errorf("%s = %s, but %s, as in %s", q.path, body, lacks, q.example)
		}
	}
}

// compare says what an answer lacks of an example, "" if nothing.
func compare(at string, example, answer any) string {
	switch want := example.(type) {
	case []any:
		got, ok := answer.([]any)
		if !ok || len(got) == 0 {
			return at + " should be an array that is not empty"
		}
		return compare(at+"[0]", want[0], got[0])
	case map[string]any:
		got, ok := answer.(map[string]any)
		if !ok {
			return at + " should be an object"
		}
		for name, value := range want {
			found := false
			for other, given := range got {
				if strings.EqualFold(name, other) {
					found = true
					if lacks := compare(at+"."+name, value, given); lacks != "" {
						return lacks
					}
				}
			}
			if !found {
				return at + " should have " + name
			}
		}
		return ""
	}
	if want, got := fmt.Sprintf("%T", example), fmt.Sprintf("%T", answer); want != got {
		return at + " should be a " + want + ", not a " + got
	}
	return ""
}

func TestEveryInterfaceAsksForItsPermission(t *testing.T) {
	all := []protocol.Permission{protocol.PermitQuery, protocol.PermitPay, protocol.PermitManage, protocol.PermitCard, protocol.PermitBook}
	p := open(t, func(cfg *downlink.Config) {
		for _, one := range all {
			c := mall()
			c.Name, c.User, c.Permissions = string(one), string(one), []protocol.Permission{one}
			cfg.Clients = append(cfg.Clients, c)
		}
	})
	for _, r := range protocol.Routes() {
		for _, one := range all {
			code, body := p.post(strings.TrimPrefix(r.Path(), "/api/"), "", http.Header{"User": {string(one)}, "Pwd": {password}})
			if allowed := code != http.StatusForbidden; allowed != (one == r.Permission) {
				t.Errorf("%s with permission %s = %d %s", r.Name, one, code, body)
			}
		}
	}
}
