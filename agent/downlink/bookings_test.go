package downlink_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/protocol"
	"parkagent/store"
)

// reserve adds a booking and returns its number.
func (p *park) reserve(params string) int64 {
	p.t.Helper()
	return rowOf[protocol.BookingID](p.t, p.ask(book, params)).BookID
}

func TestABookingIsAddedAsItIsMeant(t *testing.T) {
	from, to := time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 15, 59, 59, 999e6, time.UTC)
	tests := []struct {
		name, params string
		want         store.Booking
	}{
		{
			"everything given", `"plateNo":"闽D02000","preMoney":100,"validFrom":"2026-03-01 00:00:00","validTo":"2026-03-01 23:59:59","bookType":1,"promptly":1`,
			store.Booking{Plate: "闽D02000", PreMoney: 100, Type: store.BookOnce},
		},
		{"as real clients leave it out", `"plateNum":"闽d·02001","ValidForm":"2026-03-01","ValidTo":"2026/3/1"`, store.Booking{Plate: "闽D02001"}},
		{"numbers as strings", `"plateNo":"D02002","preMoney":"5","validFrom":"2026-03-01T00:00:00","validTo":"2026-03-01 23:59:59","bookType":"0","promptly":"0"`, store.Booking{Plate: "D02002", PreMoney: 5}},
	}
	p := open(t, nil)
	for _, tt := range tests {
		body := p.ask(book, `{"parkCode":"1",`+tt.params+`}`)
		id := rowOf[protocol.BookingID](t, body).BookID
		if want := fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"bookId":%d}]}`, id); body != want || id <= 0 {
			t.Errorf("%s: answer = %s, want %s", tt.name, body, want)
		}
		got, err := p.db.Booking(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		tt.want.From, tt.want.To, tt.want.Client, tt.want.CreatedAt = from, to, "mall", p.clock()
		if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(store.Booking{}, "ID")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestABookingAddedAgainIsTheSameBooking(t *testing.T) {
	p := open(t, nil)
	first := p.ask(book, booked("闽D02000"))
	p.after(time.Hour)
	if again := p.ask(book, booked("闽D02000")); again != first {
		t.Errorf("the same booking again = %s, want %s", again, first)
	}
	if list := rowsOf[protocol.BookingInfo](t, p.ask(bookings, `{"plateNo":"闽D02000"}`)); len(list) != 1 {
		t.Errorf("bookings = %v, want one", list)
	}
}

func TestABookingBecomesThatOfACarInsideOnlyWhenAsked(t *testing.T) {
	for _, tt := range []struct {
		name, promptly string
		want           bool
	}{
		{"at once", `,"promptly":0`, true},
		{"at once, as a string", `,"promptly":"0"`, true},
		{"from the next visit", `,"promptly":1`, false},
		{"not said", ``, false},
		{"not said, in two words", `,"promptly":""`, false},
	} {
		p := open(t, nil)
		car := p.enter("闽D02000")
		p.after(time.Minute)
		id := p.reserve(`{"plateNo":"闽D02000","preMoney":0,"validFrom":"2026-03-01","validTo":"2026-03-01"` + tt.promptly + `}`)
		s, err := p.db.Session(t.Context(), car.ID)
		if err != nil || (s.Booking == id) != tt.want {
			t.Errorf("%s: the car is inside on booking %d, %v; booked was %d", tt.name, s.Booking, err, id)
		}
		in := 0
		if tt.want {
			in = 1
		}
		if got := rowOf[protocol.BookingInfo](t, p.ask(bookings, `{"plateNo":"闽D02000"}`)).IsCarIn; got != in {
			t.Errorf("%s: isCarIn = %d, want %d", tt.name, got, in)
		}
	}
}

func TestABookingThatCannotBeIsRefused(t *testing.T) {
	p := open(t, nil)
	const day = `"validFrom":"2026-03-01","validTo":"2026-03-01"`
	p.walk([]step{
		{"no plate", book, `{"preMoney":0,` + day + `}`, "缺少必填参数 plateNo"},
		{"a plate of nothing", book, `{"plateNo":".",` + day + `}`, "参数 plateNo 取值无效"},
		{"no start", book, `{"plateNo":"闽D02000","validTo":"2026-03-01"}`, "缺少必填参数 validFrom"},
		{"no end", book, `{"plateNo":"闽D02000","validFrom":"2026-03-01"}`, "缺少必填参数 validTo"},
		{"an end before the start", book, `{"plateNo":"闽D02000","validFrom":"2026-03-02","validTo":"2026-03-01"}`, "结束时间不能早于开始时间"},
		{"less than nothing paid", book, `{"plateNo":"闽D02000","preMoney":-1,` + day + `}`, "参数 preMoney 取值无效"},
		{"another type", book, `{"plateNo":"闽D02000","bookType":2,` + day + `}`, "参数 bookType 取值无效"},
		{"another promptly", book, `{"plateNo":"闽D02000","promptly":2,` + day + `}`, "参数 promptly 取值无效"},
		{"nothing was booked", bookings, `{"plateNo":"闽D02000"}`, `{"resCode":0,"resMsg":"","data":[]}`},
		{"whose bookings", bookings, `{}`, "缺少必填参数 plateNo"},
		{"of nothing that is a plate", bookings, `{"plateNo":"-"}`, "参数 plateNo 取值无效"},
	})
}

func TestABookingIsChangedAndCancelled(t *testing.T) {
	p := open(t, nil)
	id := p.reserve(booked("闽D02000"))
	edit := func(params string) string { return fmt.Sprintf(`{"parkCode":"1","bookid":%d,%s}`, id, params) }
	same := fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"bookId":%d}]}`, id)
	listed := func(from, to string, kind int) string {
		return fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"bookId":%d,"plateNo":"闽D02000","preMoney":100,"validFrom":%q,"validTo":%q,"bookType":%d,"isCarIn":0}]}`, id, from, to, kind)
	}
	const whose = `{"parkCode":"1","plateNo":"闽d02000"}`
	p.walk([]step{
		{"as it was added", bookings, whose, listed("2026-03-01 00:00:00", "2026-03-01 23:59:59", 0)},
		{"the end", editBook, edit(`"validTo":"2026-03-02 12:00:00","modifyType":0`), same},
		{"the start, without saying what to do", editBook, edit(`"validFrom":"2026-03-01 08:00:00"`), same},
		{"the type, by the other name of the number", editBook, fmt.Sprintf(`{"bookId":"%d","bookType":1,"promptly":1}`, id), same},
		{"as it was changed", bookings, whose, listed("2026-03-01 08:00:00", "2026-03-02 12:00:00", 1)},
		{"an end before the start", editBook, edit(`"validTo":"2026-02-01","modifyType":0`), "结束时间不能早于开始时间"},
		{"an end that is no time", editBook, edit(`"validTo":"later","modifyType":0`), "参数 validTo 格式错误"},
		{"another act", editBook, edit(`"modifyType":2`), "参数 modifyType 取值无效"},
		{"another type", editBook, edit(`"bookType":2`), "参数 bookType 取值无效"},
		{"no number", editBook, `{"modifyType":1}`, "缺少必填参数 bookid"},
		{"an unknown booking", editBook, `{"bookid":99,"validTo":"2026-03-02"}`, "预约不存在"},
		{"cancelled", editBook, edit(`"modifyType":1`), same},
		{"it is not listed", bookings, whose, `{"resCode":0,"resMsg":"","data":[]}`},
		{"changed when it is gone", editBook, edit(`"validTo":"2026-03-03"`), "预约不存在"},
	})
}

func TestFiveBookingsAreListedAtMost(t *testing.T) {
	p := open(t, nil)
	for i := range 7 {
		p.reserve(strings.Replace(booked("闽D02000"), "23:59:59", fmt.Sprintf("23:59:5%d", i), 1))
	}
	p.reserve(`{"plateNo":"闽D02000","validFrom":"2026-03-02","validTo":"2026-03-02"}`) // not in effect yet
	if list := rowsOf[protocol.BookingInfo](t, p.ask(bookings, `{"plateNo":"闽D02000"}`)); len(list) != 5 {
		t.Errorf("bookings = %v, want five", list)
	}
}
