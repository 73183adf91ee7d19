package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parkagent/protocol/platform"
	"parkagent/store"
)

// A platform that answers late, wrong, or not at all, loses and doubles nothing.
func TestFlowNastyPlatform(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			nastyDay(t, seed)
		})
	}
}

func nastyDay(t *testing.T, seed uint64) {
	const cars = 12
	nasty := platform.NewNasty(seed)
	nasty.Slow = 1200 * time.Millisecond // later than the agent waits
	p := openPark(t, parkPlan{nasty: nasty, settings: map[string]string{"mall": "duplicates = [\"已存在\"]\nmax_refusals = 1000\n"}})
	mall := p.platforms["mall"]
	for i := range cars {
		no := fmt.Sprintf("粤H%05d", 10000+i)
		if i%3 == 0 {
			mall.SetSeamless(no, true)
			mall.SetAccount(no, 5000)
		}
		p.enter(no)
	}
	p.later(flowStay)
	for i := range cars {
		no := fmt.Sprintf("粤H%05d", 10000+i)
		if i%3 == 1 {
			if _, err := p.mall.PayBill(t.Context(), p.bill(no)); err != nil {
				t.Fatal(err)
			}
		}
		before := p.opened("OUT1")
		p.drive("OUT1", no)
		p.eventually(no+" is let out, by whatever way", func() bool {
			if p.opened("OUT1") > before {
				return true
			}
			if bill, err := p.mall.BillAt(t.Context(), "C2"); err == nil && bill.PlateNo == no && bill.Payable > 0 && i%3 != 0 {
				_, _ = p.mall.PayBill(t.Context(), bill)
			}
			if strings.Contains(strings.Join(p.site.Display("L2").Lines(), "|"), "7.00") { // the deduction has failed
				if bill, err := p.mall.BillAt(t.Context(), "C2"); err == nil && bill.PlateNo == no && bill.Payable > 0 {
					_, _ = p.mall.PayBill(t.Context(), bill)
				}
			}
			return false
		})
		p.leaves(no, before)
	}
	// Each answer that is none makes the agent wait longer before the next try.
	p.within(90*time.Second, "the platform was told everything", func() bool {
		t := mall.Totals()
		return t.Entries == cars && t.Exits == cars && t.Charged == t.Paid && t.Charged == cars*flowFee
	})
	p.eventually("all that was taken twice was given back", func() bool { return len(mall.Books().Over()) == 0 })
	var books store.Books
	p.look(func(v *store.View) { books = must(v.Books(t.Context()))(t) })
	if books.Paid != cars*flowFee || books.Unpaid != 0 || books.Orphans != 0 {
		t.Errorf("the books hold %+v, want %d fen paid", books, cars*flowFee)
	}
}
