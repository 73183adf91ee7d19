package slips_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"parkagent/agent/slips"
	"parkagent/drivers"
)

func TestTemplatesBecomeDocuments(t *testing.T) {
	values := slips.Values{"park": "演示车场", "card": "9026", "barcode": "9026", "qr": "http://x/", "link": "http://x/", "time": "10:00"}
	for _, tt := range []struct {
		name     string
		template slips.Template
		values   slips.Values
		want     []drivers.Part
	}{
		{"headings", slips.Template{"# {park}", "## 停车票", "text"}, values, []drivers.Part{
			{Text: "演示车场", Large: true, Centred: true}, {Text: "停车票", Centred: true}, {Text: "text"},
		}},
		{"codes with and without a text below", slips.Template{"{barcode}", "{qr} 扫码 {time}", "{qr}"}, values, []drivers.Part{
			{Barcode: "9026"}, {QR: "http://x/"}, {Text: "扫码 10:00", Centred: true}, {QR: "http://x/"},
		}},
		{"without a link there is no code, and no text below it", slips.Template{"a", "{qr} 扫码", "b"}, slips.Values{}, []drivers.Part{{Text: "a"}, {Text: "b"}}},
		{"a line about nothing is left out", slips.Template{"车牌：{plate}", "{plate} {card}", ""}, values, []drivers.Part{{Text: " 9026"}, {}}},
		{"a value is no template", slips.Template{"{card}"}, slips.Values{"card": "{park}", "park": "x"}, []drivers.Part{{Text: "{park}"}}},
	} {
		if diff := cmp.Diff(drivers.Document{Parts: tt.want}, tt.template.Document(tt.values)); diff != "" {
			t.Errorf("%s: documents differ (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestMistakesInTemplatesAreFound(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind slips.Kind
		line string
		want string // empty: no mistake
	}{
		{"plain text", slips.Ticket, "# 停车票", ""},
		{"a placeholder", slips.Ticket, "票号 {card}", ""},
		{"a placeholder of another kind", slips.Ticket, "{amount}", "line 2: unknown placeholder {amount}"},
		{"the same where it belongs", slips.Change, "{amount}", ""},
		{"a slip", slips.Ticket, "{crad}", "line 2: unknown placeholder {crad}"},
		{"a brace alone", slips.Ticket, "{card", "line 2: a brace { or } without the other"},
		{"a code that is not at the beginning", slips.Ticket, "x {qr}", "line 2: unknown placeholder {qr}"},
		{"a code with a mistake below it", slips.Ticket, "{qr} {crad}", "line 2: unknown placeholder {crad}"},
	} {
		got := ""
		if err := tt.kind.Check(slips.Template{"first", tt.line}); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: Check(%q) = %q, want %q", tt.name, tt.line, got, tt.want)
		}
	}
	for _, language := range []string{"zh-CN", "en"} {
		for _, k := range []slips.Kind{slips.Ticket, slips.Change, slips.Receipt} {
			if err := k.Check(k.Of(language)); err != nil {
				t.Errorf("the program's own %s in %s: %v", k, language, err)
			}
		}
	}
}

// What is accepted is printed as it is meant: no brace reaches the paper, and nothing of
// a template gets lost but lines about nothing.
func TestAcceptedTemplatesLeaveNoBraces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := []string{"{qr}", "{barcode}", "{park}", "{card}", "{amount}", "{x}", "{", "}", "# ", "## ", "票", " ", "a"}
		line := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(t, "line"), "")
		kind := rapid.SampledFrom([]slips.Kind{slips.Ticket, slips.Change, slips.Receipt}).Draw(t, "kind")
		if kind.Check(slips.Template{line}) != nil {
			return
		}
		v := slips.Values{"qr": "http://x/", "barcode": "90", "park": "P", "card": "90", "amount": "1.00"}
		d := slips.Template{line}.Document(v)
		if len(d.Parts) == 0 || len(d.Parts) > 2 {
			t.Fatalf("%q has become %+v", line, d)
		}
		for _, p := range d.Parts {
			if strings.ContainsAny(p.Text+p.QR+p.Barcode, "{}") {
				t.Fatalf("%q is printed as %+v", line, p)
			}
		}
	})
}

// A fakePrinter keeps what it was given.
type fakePrinter struct {
	mu    sync.Mutex
	docs  []drivers.Document
	err   error
	takes time.Duration
}

func (p *fakePrinter) Print(ctx context.Context, d drivers.Document) error {
	select {
	case <-time.After(p.takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.docs = append(p.docs, d)
	return p.err
}

func (p *fakePrinter) Check(context.Context) error { return nil }

func (p *fakePrinter) printed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.docs)
}

// press runs one with a printer at IN1 in a bubble.
func press(t *testing.T, printer *fakePrinter, run func(t *testing.T, p *slips.Press, failed *[]string)) {
	synctest.Test(t, func(t *testing.T) {
		var failed []string
		p, err := slips.New(slips.Config{
			Lanes: []slips.Lane{{Code: "IN1", Name: "入口1", Device: "P1", Printer: printer}}, Park: "演示车场", Zone: time.FixedZone("", 8*3600),
			Failed: func(device string, err error) { failed = append(failed, device+": "+err.Error()) },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		run(t, p, &failed)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
}

func entry(card string) slips.Entry {
	return slips.Entry{CardNo: card, Plate: "空123456", At: time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), Link: "http://x/?parkCode=1"}
}

func TestATicketHasWhatADriverNeeds(t *testing.T) {
	printer := &fakePrinter{}
	press(t, printer, func(t *testing.T, p *slips.Press, _ *[]string) {
		if err := p.PrintTicket(t.Context(), "IN1", entry("902603021234567890")); err != nil {
			t.Fatal(err)
		}
		want := drivers.Document{Parts: []drivers.Part{
			{Text: "演示车场", Large: true, Centred: true}, {Text: "停车票", Centred: true}, {}, {Text: "入口：入口1"}, {Text: "入场时间：2026-03-02 10:00:00"},
			{Text: "临时车号：空123456"}, {Barcode: "902603021234567890"}, {QR: "http://x/?parkCode=1"}, {Text: "扫码缴费", Centred: true}, {Text: "请妥善保管，凭条码出场。"},
		}}
		if diff := cmp.Diff(want, printer.docs[0]); diff != "" {
			t.Errorf("the ticket differs (-want +got):\n%s", diff)
		}
		if err := p.PrintChange(t.Context(), "IN1", slips.Owed{Order: "7", Plate: "粤B12345", Amount: 305, Link: "http://x/?orderNo=7"}); err != nil {
			t.Fatal(err)
		}
		want = drivers.Document{Parts: []drivers.Part{
			{Text: "演示车场", Large: true, Centred: true}, {Text: "找零凭条", Centred: true}, {}, {Text: "车牌：粤B12345"}, {Text: "找零金额：3.05元"},
			{Text: "单号：7"}, {QR: "http://x/?orderNo=7"}, {Text: "微信、支付宝扫码领取找零", Centred: true},
		}}
		if diff := cmp.Diff(want, printer.docs[1]); diff != "" {
			t.Errorf("the slip differs (-want +got):\n%s", diff)
		}
		at := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
		if err := p.PrintReceipt(t.Context(), "IN1", slips.Paid{Order: "7", Plate: "粤B12345", Amount: 500, Entered: at, At: at.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		want = drivers.Document{Parts: []drivers.Part{
			{Text: "演示车场", Large: true, Centred: true}, {Text: "停车缴费凭据", Centred: true}, {}, {Text: "车牌：粤B12345"}, {Text: "入场时间：2026-03-02 10:00:00"},
			{Text: "缴费时间：2026-03-02 11:00:00"}, {Text: "实缴金额：5.00元"}, {Text: "单号：7"},
		}}
		if diff := cmp.Diff(want, printer.docs[2]); diff != "" {
			t.Errorf("the receipt differs (-want +got):\n%s", diff)
		}
	})
}

func TestATicketComesOutOnce(t *testing.T) {
	printer := &fakePrinter{}
	press(t, printer, func(t *testing.T, p *slips.Press, failed *[]string) {
		printer.err = errors.New("jam")
		for range 2 { // one that failed is tried again
			if err := p.PrintTicket(t.Context(), "IN1", entry("1")); err == nil || err.Error() != "jam" {
				t.Errorf("PrintTicket = %v, want the printer's error", err)
			}
		}
		printer.err = nil
		printer.takes = time.Second
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() {
				if err := p.PrintTicket(t.Context(), "IN1", entry("1")); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		if err := p.PrintTicket(t.Context(), "IN1", entry("1")); err != nil {
			t.Error(err)
		}
		if got := printer.printed(); got != 3 {
			t.Errorf("the printer was given %d tickets, want two that failed and one that came out", got)
		}
		again := entry("1")
		again.Again = true
		if err := p.PrintTicket(t.Context(), "IN1", again); err != nil || printer.printed() != 4 {
			t.Errorf("PrintTicket of a lost ticket = %v, %d were printed, want one more", err, printer.printed())
		}
		if diff := cmp.Diff([]string{"P1: jam", "P1: jam"}, *failed); diff != "" {
			t.Errorf("what was told of failures differs (-want +got):\n%s", diff)
		}
		if err := p.PrintTicket(t.Context(), "OUT1", entry("1")); !errors.Is(err, slips.ErrNoPrinter) {
			t.Errorf("PrintTicket at a lane without a printer = %v, want ErrNoPrinter", err)
		}
	})
}

// Whoever waits no longer has not asked for nothing: a ticket that a printer works on
// still comes out, and one that waits for it does not.
func TestAPrinterThatHangsHoldsNobodyUp(t *testing.T) {
	printer := &fakePrinter{takes: 10 * time.Second}
	press(t, printer, func(t *testing.T, p *slips.Press, _ *[]string) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var calls sync.WaitGroup
		for _, card := range []string{"1", "2"} {
			calls.Go(func() {
				if err := p.PrintTicket(ctx, "IN1", entry(card)); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("PrintTicket = %v, want that the time is over", err)
				}
			})
		}
		calls.Wait()
		<-time.After(time.Minute)
		if got := printer.printed(); got != 1 {
			t.Errorf("%d tickets came out, want the one that was begun", got)
		}
	})
}

// A stop in the middle of a slip lets it come out, but waits for no printer that hangs.
func TestAStopEndsTheSlipThatHasBegun(t *testing.T) {
	for takes, want := range map[time.Duration]error{2 * time.Second: nil, 10 * time.Second: context.Canceled} {
		synctest.Test(t, func(t *testing.T) {
			printer := &fakePrinter{takes: takes}
			p, err := slips.New(slips.Config{Lanes: []slips.Lane{{Code: "IN1", Device: "P1", Printer: printer}}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			var all sync.WaitGroup
			all.Go(func() {
				if err := p.PrintTicket(t.Context(), "IN1", entry("1")); !errors.Is(err, want) {
					t.Errorf("PrintTicket of a slip that takes %v = %v, want %v", takes, err, want)
				}
			})
			all.Go(func() {
				began := time.Now()
				if err := p.Run(ctx); err != nil || time.Since(began) > 4*time.Second {
					t.Errorf("Run = %v after %v, want nil within 4s", err, time.Since(began))
				}
			})
			<-time.After(time.Second)
			stop()
			all.Wait()
		})
	}
}
