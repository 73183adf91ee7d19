package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"parkagent/protocol"
	"parkagent/store"
)

// repeatable are the rows of the guide's table "Calling twice", and whether the
// story's request of their interfaces is sent again here. Reading is no deed, so the
// first needs no test. The others that are not are about gates: 2.1 with its 10 s and
// 30 s is in TestDecideScan of agent/lane, 2.2 to 2.5 do what they are told again. How
// long the body of 3.3 and of 4.6 counts as the same is in
// TestADiscountSentAgainIsOneDiscount and TestARechargeWithoutAnOrderSentAgainIsOneRecharge
// of agent/downlink, and that a booking whose one visit is over is another one in
// TestAVisitIsBookedAgainWhenTheFirstIsOver of agent/access.
func repeatable() map[string]bool {
	return map[string]bool{
		"1.x, 3.1, 3.4, 3.5, 3.7, 4.5, 4.7, 4.9, 5.3": false, "2.1": false, "2.2, 2.3, 2.4, 2.5, GetPhoto": false,
		"3.2": true, "3.3": true, "3.6": true, "4.1": true, "4.2, 4.4": true, "4.3": true, "4.6": true, "4.8": true, "5.1": true, "5.2": true,
	}
}

// TestGuideCallsMayBeRepeated plays the guide's story and sends again, after each
// request, what the table "Calling twice" is about: the answer is like the first,
// and nothing more is done.
func TestGuideCallsMayBeRepeated(t *testing.T) {
	t.Parallel()
	said := repeatable()
	twice := map[string]bool{} // by number
	for _, row := range guideTable(t, "| downlink | the same again | what happens |") {
		again, known := said[row[0]]
		if !known {
			t.Errorf("the guide says of %s what no test knows", row[0])
		}
		delete(said, row[0])
		for number := range strings.SplitSeq(row[0], ", ") {
			twice[number] = again
		}
	}
	for row := range said {
		t.Errorf("the guide says no more of %s what happens twice", row)
	}
	repeated := 0
	tell(t, func(s *guideStory, c guided, request json.RawMessage, first protocol.Reply, _ []string) {
		route, _ := protocol.RouteNamed(c.name)
		if !twice[route.Number] {
			return
		}
		repeated++
		before := s.deeds()
		again, err := s.mall.Call(t.Context(), c.name, request)
		if err != nil {
			t.Errorf("%s twice: %v", c.name, err)
		}
		if diff := gocmp.Diff(first.Rows, again.Rows); diff != "" {
			t.Errorf("%s twice (-first +again):\n%s", c.name, diff)
		}
		if c.name == "PayParkingFee" {
			_, err := s.mall.Call(t.Context(), c.name, edited(t, request, "amount", 1))
			s.refused(err, "订单已支付，且金额与本次不一致")
		}
		if diff := gocmp.Diff(before, s.deeds()); diff != "" {
			t.Errorf("%s twice did more (-once +twice):\n%s", c.name, diff)
		}
		if c.name == "ModifyCarCardNo" {
			s.removesOnce()
		}
	})
	if repeated != 11 {
		t.Errorf("%d requests were repeated, want the 11 of the table", repeated)
	}
}

// edited is a request with another value.
func edited(t *testing.T, request json.RawMessage, name string, value any) map[string]any {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(request, &members); err != nil {
		t.Fatal(err)
	}
	members[name] = value
	return members
}

// deeds are the journal's rows of what the repeated requests do. A change of a card
// or a booking is noted again, as it is, because somebody asked for it again.
func (s *guideStory) deeds() []string {
	s.t.Helper()
	kinds := []store.Kind{store.KindOrder, store.KindPayment, store.KindChange, store.KindCard, store.KindRecharge, store.KindBlack, store.KindBooking}
	var rows []string
	for _, e := range must(s.books.After(s.t.Context(), 0, 10_000))(s.t) {
		row := fmt.Sprintf("%s %s %s", e.Kind, e.Key, e.Body)
		again := (e.Kind == store.KindCard || e.Kind == store.KindBooking) && slices.Contains(rows, row)
		if slices.Contains(kinds, e.Kind) && !again {
			rows = append(rows, row)
		}
	}
	return rows
}

// removesOnce gives the story's card a plate and removes it twice, by 4.2 and by 4.4.
func (s *guideStory) removesOnce() {
	s.t.Helper()
	const no = "粤A11116"
	edit := func(kind int) error {
		_, err := s.mall.Call(s.t.Context(), "ModifyCarCardNo", map[string]any{"cardId": 1, "plateDetails": []any{map[string]any{"plateNo": no, "type": kind}}})
		return err
	}
	remove := map[string]func() error{
		"4.2": func() error { return edit(protocol.PlateRemove) },
		"4.4": func() error {
			_, err := s.mall.Call(s.t.Context(), "CarCardNoManage", map[string]any{"cardId": 1, "oldplateNo": no, "modifyType": protocol.EditDelete})
			return err
		},
	}
	for number, remove := range remove {
		if err := errors.Join(edit(protocol.PlateAdd), remove()); err != nil {
			s.t.Errorf("%s: %v", number, err)
		}
		before := s.deeds()
		s.refused(remove(), "该卡片没有此车牌")
		if diff := gocmp.Diff(before, s.deeds()); diff != "" {
			s.t.Errorf("%s that removes twice did more (-once +twice):\n%s", number, diff)
		}
	}
}
