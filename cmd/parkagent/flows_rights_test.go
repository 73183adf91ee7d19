package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parkagent/protocol"
	"parkagent/store"
)

// at writes a time as requests do.
func (p *wholePark) at(d time.Duration) string {
	return p.clock.Now().Add(d).In(p.zone).Format(time.DateTime)
}

func (p *wholePark) addCard(carType protocol.CarType, spaces int, from, to time.Duration, plates ...string) int64 {
	p.t.Helper()
	add := protocol.CardAdd{
		CardName: "张三", UseName: "张三", Tel: "13800000000", RoomID: "X-521", CarType: protocol.IntOf(carType),
		SpaceNum: protocol.IntOf(spaces), ValidFrom: p.at(from), ValidTo: p.at(to),
	}
	for _, no := range plates {
		add.PlateDetails = append(add.PlateDetails, protocol.PlateDetail{PlateNo: no})
	}
	first := must(p.mall.AddCard(p.t.Context(), add))(p.t)
	if again := must(p.mall.AddCard(p.t.Context(), add))(p.t); again != first {
		p.t.Errorf("the same card again is number %d, want %d", again, first)
	}
	return first
}

// carType is what 1.3 says of a car.
func (p *wholePark) carType(no string) protocol.CarType {
	p.t.Helper()
	cars := must(p.mall.Inside(p.t.Context(), no))(p.t)
	if len(cars) != 1 {
		p.t.Fatalf("%s is inside %d times", no, len(cars))
	}
	return cars[0].CarType
}

// Flow 6: cards.
func TestFlowCards(t *testing.T) {
	day := 24 * time.Hour
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		// Two plates, one place: the second car is a temporary one.
		card := p.addCard(protocol.CarMonthly, 1, -day, 30*day, "粤C10001", "C10002") // the second without its province
		step()
		p.enter("粤C10001")
		p.enter("粤C10002")
		if one, two := p.carType("粤C10001"), p.carType("粤C10002"); one != protocol.CarMonthly || two != protocol.CarTemporary {
			t.Errorf("the two cars of a card with one place are of type %d and %d, want 2 and 0", one, two)
		}
		step()
		p.later(flowStay)
		p.leave("粤C10001")
		before := p.opened("OUT1")
		p.drive("OUT1", "粤C10002")
		p.shows("L2", "7.00")
		p.payAtExit("粤C10002", flowFee, before)

		// A plate belongs to one card; it moves.
		other := p.addCard(protocol.CarVIP, 1, -day, 30*day, "粤C10003")
		p.refused(p.mall.EditPlate(t.Context(), protocol.CardPlateEdit{CardID: other, PlateNo: "粤C10001", ModifyType: protocol.EditAdd, IsCard: protocol.IntOf(1)}), "粤C10001")
		for _, e := range []protocol.CardPlateEdit{
			{CardID: card, OldPlateNo: "粤C10001", ModifyType: protocol.EditDelete, IsCard: protocol.IntOf(1)},
			{CardID: other, PlateNo: "粤C10001", ModifyType: protocol.EditAdd, IsCard: protocol.IntOf(1)},
		} {
			if err := p.mall.EditPlate(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		step()
		p.refused(p.mall.EditPlate(t.Context(), protocol.CardPlateEdit{CardID: card, OldPlateNo: "C10002", ModifyType: protocol.EditDelete, IsCard: protocol.IntOf(1)}), "只剩一个车牌")
		p.later(time.Minute) // to drive round to the entry
		p.enter("粤C10001")
		if got := p.carType("粤C10001"); got != protocol.CarVIP {
			t.Errorf("the car whose plate moved is of type %d, want 1", got)
		}

		// It expires in mid-stay: what comes after is charged as temporary. 110
		// minutes cost 5 yuan and two half hours.
		expiring := p.addCard(protocol.CarMonthly, 1, -day, 10*time.Minute, "粤C10004")
		p.enter("粤C10004")
		step()
		p.later(2 * time.Hour)
		if got := p.bill("粤C10004"); got.Payable != 900 {
			t.Errorf("a stay of two hours on a card that ended after ten minutes costs %d, want 900", got.Payable)
		}
		// Renewed while it is inside, it is free again.
		renewal := protocol.CardPayment{CardID: expiring, OrderNo: "R-1", Amount: 30000, ValidFrom: p.at(-115 * time.Minute), ValidTo: p.at(30 * day)}
		for range 2 {
			if err := p.mall.PayCard(t.Context(), renewal); err != nil {
				t.Fatal(err)
			}
		}
		if info := must(p.mall.Cards(t.Context(), protocol.CardQuery{CardID: protocol.IntOf(expiring)}))(t); len(info) != 1 || info[0].ValidTo != renewal.ValidTo {
			t.Errorf("4.5 lists the renewed card as %+v, want it valid to %s", info, renewal.ValidTo)
		}
		renewal.Amount = 1
		if err := p.mall.PayCard(t.Context(), renewal); err == nil {
			t.Error("the same order with another amount was taken")
		}
		step()
		p.leave("粤C10004")

		// A stored-value card pays by itself, and is recharged; the same order
		// counts once.
		stored := p.addCard(protocol.CarStored, 1, -day, 30*day, "粤C10005")
		recharge := protocol.CardPayment{CardID: stored, OrderNo: "R-2", Amount: 1000, ValidFrom: p.at(-day), ValidTo: p.at(30 * day)}
		for range 2 {
			if err := p.mall.PayCard(t.Context(), recharge); err != nil {
				t.Fatal(err)
			}
			step()
		}
		p.enter("粤C10005")
		step()
		p.later(flowStay)
		p.leave("粤C10005")
		info := must(p.mall.Cards(t.Context(), protocol.CardQuery{CardID: protocol.IntOf(stored)}))(t)
		if len(info) != 1 || info[0].ValidValue != 1000-flowFee {
			t.Errorf("after a stay of 7 yuan the card is %+v, want 3 yuan left", info)
		}

		// Gone is gone, however often it is said.
		for range 2 {
			if err := p.mall.DeleteCard(t.Context(), other); err != nil {
				t.Fatal(err)
			}
		}
		left := must(p.mall.Cards(t.Context(), protocol.CardQuery{}))(t)
		if len(left) != 3 {
			t.Errorf("4.5 lists %d cards, want 3", len(left))
		}
		step()
		p.eventually("the platform knows the cards as they are, and the end of the one that is gone", func() bool {
			ends := map[string]string{}
			for _, c := range p.platforms["mall"].Cards() {
				ends[c.CardID] = strings.ReplaceAll(c.ValidTo, "/", "-")
			}
			gone := ends[fmt.Sprint(other)]
			delete(ends, fmt.Sprint(other))
			for _, c := range left {
				if ends[fmt.Sprint(c.CardID)] != c.ValidTo {
					return false
				}
			}
			return len(ends) == len(left) && gone != "" && gone <= p.at(0)
		})
	})
}

// The first contact with a platform tells it of all valid cards, and of no car
// that is long gone; then only changes.
func TestFlowFirstContact(t *testing.T) {
	day := 24 * time.Hour
	t.Parallel()
	p := openPark(t, parkPlan{platforms: []string{"mall", "late"}, without: "late"})
	late := p.platforms["late"]
	p.addCard(protocol.CarMonthly, 1, -day, 30*day, "粤C20001")
	p.addCard(protocol.CarMonthly, 1, -2*day, -day, "粤C20002") // expired
	p.enter("粤C20003")
	p.leave("粤C20003")
	knows := func(name string, want ...string) {
		t.Helper()
		p.eventually(fmt.Sprintf("%s knows the cards of %v", name, want), func() bool {
			var got []string // cards have no key: one told again after a restart is no other
			for _, c := range p.platforms[name].Cards() {
				got = append(got, c.PlateDetails[0].PlateNo)
			}
			return slices.Equal(got, want)
		})
	}
	knows("mall", "粤C20001", "粤C20002")
	p.stop()
	p.text = p.whole
	p.start()
	knows("late", "粤C20001")
	rows := len(p.journal(store.KindCard))
	p.restart()
	if got := len(p.journal(store.KindCard)); got != rows {
		t.Errorf("a restart after the first contact made %d rows about cards, want none", got-rows)
	}
	p.addCard(protocol.CarMonthly, 1, -day, 30*day, "粤C20004")
	p.enter("粤C20005")
	reported[protocol.CarIn](p, "late", 1)
	knows("late", "粤C20001", "粤C20004")
	knows("mall", "粤C20001", "粤C20002", "粤C20004")
	if got := late.Totals(); got.Exits != 0 {
		t.Errorf("the new platform was told of %d cars that left before it was there", got.Exits)
	}
}

// Flow 7: bookings.
func TestFlowBookings(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		book := func(no string, kind, promptly int, from, to time.Duration) int64 {
			t.Helper()
			q := protocol.BookingAdd{
				PlateNo: no, PreMoney: 0, ValidFrom: p.at(from), ValidTo: p.at(to),
				BookType: protocol.IntOf(kind), Promptly: protocol.IntOf(promptly),
			}
			first := must(p.mall.Book(t.Context(), q))(t)
			if again := must(p.mall.Book(t.Context(), q))(t); again != first {
				t.Errorf("the same booking again is number %d, want %d", again, first)
			}
			return first
		}
		// One visit.
		book("粤D10001", 1, 1, -time.Hour, 10*time.Hour)
		step()
		p.enter("粤D10001")
		if got := p.carType("粤D10001"); got != protocol.CarBooked {
			t.Errorf("a booked car is of type %d, want 100", got)
		}
		if got := must(p.mall.Bookings(t.Context(), "粤D10001"))(t); len(got) != 1 || got[0].IsCarIn != 1 {
			t.Errorf("5.3 lists %+v, want the booking in use", got)
		}
		p.later(flowStay)
		p.leave("粤D10001")
		step()
		p.later(time.Minute)
		p.enter("粤D10001")
		if got := p.carType("粤D10001"); got != protocol.CarTemporary {
			t.Errorf("the second visit on a booking for one is of type %d, want 0", got)
		}

		// Many visits.
		many := book("粤D10002", 0, 1, -time.Hour, 10*time.Hour)
		for range 2 {
			p.enter("粤D10002")
			step()
			p.later(flowStay)
			p.leave("粤D10002")
			p.later(time.Minute)
		}
		if err := p.mall.EditBooking(t.Context(), protocol.BookingEdit{BookID: many, ModifyType: protocol.IntOf(1)}); err != nil {
			t.Fatal(err)
		}
		if got := must(p.mall.Bookings(t.Context(), "粤D10002"))(t); len(got) != 0 {
			t.Errorf("5.3 lists %+v after it was cancelled", got)
		}

		// At once: the car is inside already.
		p.enter("粤D10003")
		p.later(flowStay)
		if got := p.bill("粤D10003"); got.Payable != flowFee {
			t.Errorf("before the booking the stay costs %d, want %d", got.Payable, flowFee)
		}
		book("粤D10003", 1, 0, -2*flowStay, 10*time.Hour)
		step()
		if got := p.bill("粤D10003"); got.Payable != 0 {
			t.Errorf("after the booking the stay costs %d, want nothing", got.Payable)
		}
		p.leave("粤D10003")
		exits := reported[protocol.PayDetail](p, "mall", 4)
		if last := exits[3]; last.CarType != protocol.CarBooked {
			t.Errorf("the booked car is reported as %+v, want car type 100", last)
		}
	})
}

// Flow 8: the blacklist.
func TestFlowBlacklist(t *testing.T) {
	flow(t, parkPlan{}, func(t *testing.T, p *wholePark, step func()) {
		add := protocol.BlackEdit{PlateNo: "E10001", Remark: "违章停车", BlackID: protocol.IntOf(0), ControlType: protocol.IntOf(0)}
		id := must(p.mall.EditBlack(t.Context(), add))(t)
		if again := must(p.mall.EditBlack(t.Context(), add))(t); again != id {
			t.Errorf("the same plate again is number %d, want %d", again, id)
		}
		step()
		p.drive("IN1", "粤E10001")
		p.shows("L1", "禁止入场")
		if got := p.opened("IN1"); got != 0 {
			t.Errorf("the entry was opened %d times for a blacklisted car", got)
		}
		step()
		told := reported[protocol.BlackIn](p, "mall", 1)[0]
		if told.BlackID != id || told.PlateNo != "粤E10001" || told.Remark != "违章停车" || told.EntryPlace != "入口1" {
			t.Errorf("2.4 tells %+v", told)
		}
		if got := must(p.mall.Blacks(t.Context(), ""))(t); len(got) != 1 || got[0].BlackID != id {
			t.Errorf("4.9 lists %+v", got)
		}
		gone := protocol.BlackEdit{BlackID: protocol.IntOf(id), ControlType: protocol.IntOf(2)}
		for range 2 {
			if _, err := p.mall.EditBlack(t.Context(), gone); err != nil {
				t.Fatal(err)
			}
		}
		step()
		p.later(time.Minute)
		p.enter("粤E10001")
	})
}
