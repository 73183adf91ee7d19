package platform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/protocol"
)

// startNasty serves a platform that behaves as badly as said. For a bubble.
func startNasty(t *testing.T, n *Nasty) (*Platform, *protocol.Client) {
	t.Helper()
	config := testConfig()
	config.Nasty = n
	return startInBubble(t, config)
}

// raw posts a message and returns the answer as it comes; status 0 means that the
// connection was cut.
func raw(t *testing.T, c *protocol.Client, name string, message any) (status int, mediaType, body string) {
	t.Helper()
	sealed, err := c.Cipher.Seal(message, protocol.DayOf(testNow, time.UTC), protocol.GBK)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/"+name, bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("user", c.User)
	request.Header.Set("pwd", c.Password)
	response, err := c.HTTP.Do(request)
	if err != nil {
		return 0, "", ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(text)
}

// inBubble runs a subtest in which time passes only while all wait for it.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func TestEachWayToSpoilAnAnswer(t *testing.T) {
	const json = "application/json; charset=utf-8"
	tests := []struct {
		name      string
		nasty     Nasty
		status    int
		mediaType string
		body      string
		booked    int
		after     time.Duration
	}{
		{"none", Nasty{}, 200, json, `{"resCode":0,"resMsg":"","data":[{"IsDensityPay":0}]}`, 1, 0},
		{"code and msg", Nasty{CodeName: 1}, 200, json, `{"code":0,"data":[{"IsDensityPay":0}],"msg":""}`, 1, 0},
		{"a code as text", Nasty{CodeText: 1}, 200, json, `{"data":[{"IsDensityPay":0}],"resCode":"0","resMsg":""}`, 1, 0},
		{"both", Nasty{CodeName: 1, CodeText: 1}, 200, json, `{"code":"0","data":[{"IsDensityPay":0}],"msg":""}`, 1, 0},
		{"data as an object", Nasty{DataObject: 1}, 200, json, `{"data":{"IsDensityPay":0},"resCode":0,"resMsg":""}`, 1, 0},
		{"data as text", Nasty{DataText: 1}, 200, json, `{"data":"[{\"IsDensityPay\":0}]","resCode":0,"resMsg":""}`, 1, 0},
		{"no data", Nasty{DataNull: 1}, 200, json, `{"data":null,"resCode":0,"resMsg":""}`, 1, 0},
		{"cut before booking", Nasty{DropBefore: 1}, 0, "", "", 0, 0},
		{"cut after booking", Nasty{DropAfter: 1}, 0, "", "", 1, 0},
		{"late before booking", Nasty{LateBefore: 1}, 200, json, `{"resCode":0,"resMsg":"","data":[{"IsDensityPay":0}]}`, 1, 5 * time.Second},
		{"late after booking", Nasty{LateAfter: 1}, 200, json, `{"resCode":0,"resMsg":"","data":[{"IsDensityPay":0}]}`, 1, 5 * time.Second},
	}
	for _, tt := range tests {
		inBubble(t, tt.name, func(t *testing.T) {
			p, c := startNasty(t, &tt.nasty)
			began := time.Now()
			status, mediaType, body := raw(t, c, "PostCarInInfo", entry("京A12345"))
			if status != tt.status || mediaType != tt.mediaType || strings.TrimSpace(body) != tt.body {
				t.Errorf("answered %d, %s:\n%s\nwant %d, %s:\n%s", status, mediaType, body, tt.status, tt.mediaType, tt.body)
			}
			if took := time.Since(began); took != tt.after {
				t.Errorf("answered after %v, want %v", took, tt.after)
			}
			if got := p.Totals().Entries; got != tt.booked {
				t.Errorf("%d entries, want %d", got, tt.booked)
			}
		})
	}
}

func TestWrongTypesAndErrorPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[string]bool{}
		for _, nasty := range []Nasty{{WrongType: 1}, {HTMLPage: 1}, {BadGateway: 1}} {
			p, c := startNasty(t, &nasty)
			for i := range 20 {
				before := p.Totals().Entries
				status, mediaType, body := raw(t, c, "PostCarInInfo", entry(fmt.Sprintf("京A1%04d", i)))
				_, err := protocol.DecodeReply([]byte(body))
				seen[fmt.Sprintf("%d %s, readable %v, booked %d", status, mediaType, err == nil, p.Totals().Entries-before)] = true
			}
		}
		want := map[string]bool{
			"200 text/html; charset=utf-8, readable true, booked 1": true, "200 application/octet-stream, readable true, booked 1": true,
			"200 text/html, readable false, booked 0": true, "200 text/html, readable false, booked 1": true,
			"502 text/html, readable false, booked 0": true, "502 text/html, readable false, booked 1": true,
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("(-want +seen):\n%s", diff)
		}
	})
}

func TestALateRequestIsBookedThoughNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := startNasty(t, &Nasty{LateBefore: 1, Slow: 500 * time.Millisecond})
		p.SetAccount("京A12345", 1000)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := c.Post(ctx, "PostCarOutInfo", carOut("京A12345", 300))
		var none *protocol.NoAnswerError
		if !errors.As(err, &none) || p.Totals().Deducted != 0 {
			t.Fatalf("error = %v, deducted %d, want no answer and nothing yet", err, p.Totals().Deducted)
		}
		<-time.After(time.Until(began.Add(500 * time.Millisecond)))
		synctest.Wait()
		if got := p.Totals().Deducted; got != 300 {
			t.Errorf("deducted %d, want 300", got)
		}
	})
}

func TestDuplicatesAreRefusedByTheirShare(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		share      float64
		want       string // "" for accepted
	}{
		{"none", "记录重复", 0, ""},
		{"all, in the configured words", "记录重复", 1, "记录重复"},
		{"all, in words of its own", "", 1, "记录已存在"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := testConfig()
			config.Duplicate, config.Nasty = tt.text, &Nasty{Duplicates: tt.share}
			_, c := start(t, config)
			mustPost(t, c, "PostCarInInfo", entry("京A12345"))
			if tt.want == "" {
				mustPost(t, c, "PostCarInInfo", entry("京A12345"))
				return
			}
			mustRefuse(t, c, "PostCarInInfo", entry("京A12345"), tt.want)
		})
	}
}

// fates posts n entries and returns what became of each. If others is set, exits
// are posted between them.
func fates(t *testing.T, seed uint64, n int, others bool) []string {
	t.Helper()
	nasty := NewNasty(seed)
	_, c := startNasty(t, nasty)
	var list []string
	for i := range n {
		plate := fmt.Sprintf("京A1%04d", i)
		if others {
			plate = fmt.Sprintf("京B1%04d", i) // what a request says changes nothing
			raw(t, c, "PostPayDetail", exit(plate, 0, 300))
		}
		status, mediaType, body := raw(t, c, "PostCarInInfo", entry(plate))
		list = append(list, fmt.Sprintf("%d %s %s", status, mediaType, body))
	}
	return list
}

func TestTheSameSeedHasTheSameFates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 60
		first := fates(t, 7, n, false)
		if diff := cmp.Diff(first, fates(t, 7, n, true)); diff != "" {
			t.Errorf("another run (-first +second):\n%s", diff)
		}
		if cmp.Equal(first, fates(t, 8, n, false)) {
			t.Error("another seed has the same fates")
		}
	})
}

// patience is how long a car park waits for an answer here, less than late ones take.
const patience = 3 * time.Second

// deliver posts a report as a car park does: again and again until it is accepted,
// or refused as a duplicate.
func deliver(ctx context.Context, c *protocol.Client, name string, message any) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, patience)
		_, err := c.Post(attempt, name, message)
		cancel()
		var refused *protocol.RefusedError
		if err == nil || errors.As(err, &refused) && strings.Contains(refused.Reply.Msg, "已存在") {
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
	}
}

// deduct asks for a deduction until there is an answer with an amount.
func deduct(ctx context.Context, c *protocol.Client, question protocol.CarOut) (int64, error) {
	for {
		attempt, cancel := context.WithTimeout(ctx, patience)
		reply, err := c.Post(attempt, "PostCarOutInfo", question)
		cancel()
		if row, ok, rowErr := protocol.FirstOf[protocol.CarOutAnswer](reply); err == nil && ok && rowErr == nil {
			return row.Taken().N, nil
		}
		if ctx.Err() != nil {
			return 0, err
		}
	}
}

func TestANastyPlatformBooksEverythingOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := startNasty(t, NewNasty(1))
		const cars = 60
		for i := range cars {
			p.SetAccount(fmt.Sprintf("京A1%04d", i), 10_000)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		// One car's messages come in order, cars come at the same time.
		visit := func(plate string) error {
			if err := deliver(ctx, c, "PostCarInInfo", entry(plate)); err != nil {
				return err
			}
			fen, err := deduct(ctx, c, carOut(plate, 300))
			if err != nil || fen != 300 {
				return fmt.Errorf("deducted %d, %w", fen, err)
			}
			if err := deliver(ctx, c, "PostCarBillDetail", bill(plate, "o"+plate, fen)); err != nil {
				return err
			}
			return deliver(ctx, c, "PostPayDetail", exit(plate, 0, fen))
		}
		var group sync.WaitGroup
		for lane := range 4 {
			group.Go(func() {
				for i := lane; i < cars; i += 4 {
					if err := visit(fmt.Sprintf("京A1%04d", i)); err != nil {
						t.Errorf("car %d: %v", i, err)
					}
				}
			})
		}
		group.Wait()
		got := p.Totals()
		if got.Duplicates == 0 || got.Questions <= cars {
			t.Errorf("the platform was not nasty: %+v", got)
		}
		got.Duplicates, got.Questions = 0, 0
		want := Totals{Entries: cars, Exits: cars, Bills: cars, Charged: 300 * cars, Paid: 300 * cars, Reports: 3 * cars, Deductions: cars, Deducted: 300 * cars}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Totals (-want +got):\n%s", diff)
		}
		for i := range cars {
			mustHave(t, p, fmt.Sprintf("京A1%04d", i), 9_700)
		}
		if books := p.Books(); len(books) != cars || len(books.Over()) > 0 || len(books.Under()) > 0 || books.Taken() != 300*cars {
			t.Errorf("%d stays, taken %d, over %+v, under %+v", len(books), books.Taken(), books.Over(), books.Under())
		}
	})
}

func TestSharesAreChecked(t *testing.T) {
	for _, nasty := range []Nasty{
		{DropAfter: -0.1}, {CodeName: 1.5}, {LateBefore: 0.6, DropAfter: 0.6}, {DataNull: 0.6, DataText: 0.6}, {Slow: -time.Second},
	} {
		config := testConfig()
		config.Nasty = &nasty
		if _, err := New(config); err == nil {
			t.Errorf("New with %+v succeeded", nasty)
		}
	}
}
