package protocol

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

func TestAPaymentCodeIsNeverPrinted(t *testing.T) {
	const secret = "134567890123456789"
	question := ScanPay{OrderNo: "o1", Amount: 300, AuthCode: secret}
	type wrapped struct{ Asked ScanPay }
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("asked", "question", question, "pointer", &question)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%X", "%q"} {
		fmt.Fprintf(&log, verb+"\n", question)
		fmt.Fprintf(&log, verb+"\n", &question)
		fmt.Fprintf(&log, verb+"\n", wrapped{question})
		fmt.Fprintf(&log, verb+"\n", []ScanPay{question})
	}
	text := log.String()
	if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) || strings.Contains(text, fmt.Sprintf("%X", secret)) {
		t.Errorf("the code is in\n%s", text)
	}
	if strings.Count(text, "o1") == 0 || strings.Count(text, "300") == 0 {
		t.Errorf("the order is not in\n%s", text)
	}
	sent, err := marshal(question)
	if err != nil || !strings.Contains(string(sent), secret) {
		t.Errorf("sent is %s, %v, want it with the code", sent, err)
	}
}

func TestEncodePlate(t *testing.T) {
	for plate, want := range map[string]string{
		"粤B12345":  "%E7%B2%A4B12345",
		"空000123":  "%E7%A9%BA000123",
		"A 1+2/3&": "A%201%2B2%2F3%26",
		"":         "",
	} {
		if got := EncodePlate(plate); got != want {
			t.Errorf("EncodePlate(%s) = %s, want %s", plate, got, want)
		}
	}
}

func TestLinksKeepWhatTheirBaseHas(t *testing.T) {
	tests := []struct{ name, got, want string }{
		{"a bare address", TicketLink("http://platform.example/pay", "1"), "http://platform.example/pay?parkCode=1"},
		{"a host alone", TicketLink("http://platform.example", "1"), "http://platform.example?parkCode=1"},
		{"a query of its own", TicketLink("http://platform.example/pay?from=ticket", "1"), "http://platform.example/pay?from=ticket&parkCode=1"},
		{"a question mark at the end", TicketLink("http://platform.example/pay?", "1"), "http://platform.example/pay?parkCode=1"},
		{"an ampersand at the end", TicketLink("http://platform.example/pay?a=b&", "1"), "http://platform.example/pay?a=b&parkCode=1"},
		{"a fragment", TicketLink("http://platform.example/#/pay", "1"), "http://platform.example/?parkCode=1#/pay"},
		{"a code that needs escapes", TicketLink("http://platform.example/pay", "A&B 号"), "http://platform.example/pay?parkCode=A%26B%20%E5%8F%B7"},
		{"a change order", ChangeLink("http://platform.example/change?v=2", "1", "20190225C"), "http://platform.example/change?v=2&parkCode=1&orderNo=20190225C"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("link = %s, want %s", tt.got, tt.want)
			}
		})
	}
}

// FuzzLinks makes links with any codes: who opens one gets them back as they were.
func FuzzLinks(f *testing.F) {
	f.Add("1", "000120181212173448477D02000")
	f.Add("A&B=号", "#?/+% ")
	f.Fuzz(func(t *testing.T, parkCode, orderNo string) {
		u, err := url.Parse(ChangeLink("http://platform.example/change?v=2#top", parkCode, orderNo))
		if err != nil {
			t.Fatal(err)
		}
		query, err := url.ParseQuery(u.RawQuery)
		if err != nil || query.Get("parkCode") != parkCode || query.Get("orderNo") != orderNo || query.Get("v") != "2" || len(query) != 3 || u.Fragment != "top" {
			t.Errorf("%s says %v, %v", u, query, err)
		}
		plain, err := url.PathUnescape(EncodePlate(orderNo))
		if err != nil || plain != orderNo {
			t.Errorf("EncodePlate(%q) is read as %q, %v", orderNo, plain, err)
		}
	})
}
