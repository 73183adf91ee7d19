package uplink_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestAnswersAreReadTolerantly(t *testing.T) {
	price, deduct, code, scan := deeds()[0], deeds()[1], deeds()[2], deeds()[3]
	for _, tt := range []struct {
		name string
		deed deed
		body string
		end  string
		want string
	}{
		{"the other name", deduct, `{"resCode":0,"data":[{"densityMoney":150}]}`, "answered", "150"},
		{"an object", deduct, `{"resCode":"0","data":{"deductMoney":"150"}}`, "answered", "150"},
		{"a string of JSON", deduct, `{"code":0,"data":"[{\"DeductMoney\":150.00}]"}`, "answered", "150"},
		{"another name of the code", price, `{"error_code":"0","data":{"payMoney":0}}`, "answered", `{"Due":0,"By":"mall"}`},
		{"nothing deducted", deduct, `{"resCode":0,"data":[{"deductMoney":0}]}`, "answered", "0"},
		{"more than was asked for", deduct, `{"resCode":0,"data":[{"deductMoney":900}]}`, "answered", "900"},
		{"a configured code", price, `{"resCode":200,"data":{"payMoney":30}}`, "answered", `{"Due":30,"By":"mall"}`},
		{"a code to show by a wallet in words", code, `{"resCode":0,"data":[{"qrcode":"q","orderNo":"P1","payType":"微信"}]}`, "answered", `{"Content":"q","Platform":"mall","PlatformOrder":"P1","PayType":0}`},
		{"a code for a scan without a row", scan, `{"resCode":0,"resMsg":"","data":null}`, "answered", `{"Platform":"mall","PlatformOrder":"","PayType":0}`},
		{"a code for a scan with an odd row", scan, `{"resCode":0,"data":[{"payType":"微信"}]}`, "answered", `{"Platform":"mall","PlatformOrder":"","PayType":0}`},

		{"a refusal to deduct", deduct, `{"resCode":1,"resMsg":"余额不足","data":null}`, "refused", "0"},
		{"a refusal with no amount", deduct, `{"resCode":1,"resMsg":"","data":[{"deductMoney":0}]}`, "refused", "0"},
		{"a refusal with an amount, which may be a success by another code", deduct, `{"resCode":1,"resMsg":"","data":[{"deductMoney":200}]}`, "unknown", "0"},
		{"a refusal that a report would take for a duplicate", scan, `{"resCode":1,"resMsg":"已存在"}`, "refused", ""},
		{"a refusal of the price", price, `{"resCode":"9","resMsg":"no"}`, "refused", ""},
		{"a refusal of a code", code, `{"resCode":1}`, "refused", ""},

		{"no row", deduct, `{"resCode":0,"resMsg":"","data":null}`, "unknown", "0"},
		{"no data", price, `{"resCode":0}`, "unknown", ""},
		{"an empty array", price, `{"resCode":0,"data":[]}`, "unknown", ""},
		{"an empty row", deduct, `{"resCode":0,"data":[{}]}`, "unknown", "0"},
		{"an empty amount", deduct, `{"resCode":0,"data":[{"deductMoney":""}]}`, "unknown", "0"},
		{"a negative amount", deduct, `{"resCode":0,"data":[{"deductMoney":-200}]}`, "unknown", "0"},
		{"a negative price", price, `{"resCode":0,"data":[{"payMoney":-1}]}`, "unknown", ""},
		{"half a fen", price, `{"resCode":0,"data":[{"payMoney":0.5}]}`, "unknown", ""},
		{"words for an amount", deduct, `{"resCode":0,"data":[{"deductMoney":"two yuan"}]}`, "unknown", "0"},
		{"an amount beyond belief", price, `{"resCode":0,"data":[{"payMoney":99999999999999999999}]}`, "unknown", ""},
		{"a bare number", deduct, `{"resCode":0,"data":200}`, "unknown", "0"},
		{"a code without what it says", code, `{"resCode":0,"data":[{"qrcode":" ","orderNo":"P1"}]}`, "unknown", ""},
		{"no JSON", scan, `<html>busy</html>`, "unknown", ""},
		{"no result code", deduct, `{"data":[{"deductMoney":200}]}`, "unknown", "0"},
		{"an empty body", deduct, ``, "unknown", "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			site := answers(t, tt.body)
			site.client.Accepted = []string{"0", "200"}
			p := asked("mall", site.client)
			got, err := tt.deed.ask(t.Context(), questions(t, p))
			if ended(err) != tt.end {
				t.Errorf("%s: %v, want it %s", tt.deed.name, err, tt.end)
			}
			if tt.want != "" && got != tt.want {
				t.Errorf("%s = %s, want %s", tt.deed.name, got, tt.want)
			}
			if n := len(site.got()); n != 1 {
				t.Errorf("asked %d times, want once", n)
			}
		})
	}
}

func TestHTTPErrorsLeaveTheOutcomeOpen(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 405, 413, 429, 500, 502, 503, 302, 204} {
		site := listen(t, func(w http.ResponseWriter, _ string) bool {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				_, _ = io.WriteString(w, `{"resCode":1,"resMsg":"no"}`)
			}
			return true
		})
		for _, d := range deeds() {
			if _, err := d.ask(t.Context(), questions(t, asked("mall", site.client))); ended(err) != "unknown" {
				t.Errorf("%s with HTTP status %d: %v, want unknown", d.name, status, err)
			}
		}
	}
}

// Whatever a platform answers, a sum is never less than nothing, a result always
// says what it must, and the driver's code is in no error.
func FuzzAnswersToQuestions(f *testing.F) {
	for _, body := range []string{
		`{"resCode":0,"data":[{"payMoney":1,"deductMoney":1,"qrcode":"x"}]}`, `{"resCode":0,"data":"{\"payMoney\":\"7\"}"}`,
		`{"resCode":1,"resMsg":"` + authCode + `"}`, `{"code":"` + authCode + `","msg":{"a":"` + authCode + `"}}`,
		`{"resCode":0,"data":[{"orderNo":"` + authCode + `"}]}`, `{"resCode":0,"data":[[[]]]}`, `null`, `{"resCode":0,"data":[{"payMoney":-1}]}`,
	} {
		f.Add(body)
	}
	var mu sync.Mutex
	body := ""
	site := listen(f, func(w http.ResponseWriter, _ string) bool {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.WriteString(w, body)
		return true
	})
	q := questions(f, asked("mall", site.client))
	f.Fuzz(func(t *testing.T, answer string) {
		mu.Lock()
		body = answer
		mu.Unlock()
		if due, by, err := q.Price(t.Context(), stay(), "", leaving); due < 0 || err == nil && by != "mall" || err != nil && due != 0 {
			t.Errorf("Price = %d, %q, %v", due, by, err)
		}
		if taken, err := q.Deduct(t.Context(), "mall", stay(), 100, leaving); taken < 0 || err != nil && taken != 0 {
			t.Errorf("Deduct = %d, %v", taken, err)
		}
		if code, err := q.Code(t.Context(), order(), stay(), "K1", leaving); (strings.TrimSpace(code.Content) == "") != (err != nil) {
			t.Errorf("Code = %+v, %v", code, err)
		}
		scanned, err := q.PayScanned(t.Context(), order(), stay(), "K1", authCode, leaving)
		if (scanned.Platform == "") != (err != nil) || strings.Contains(scanned.PlatformOrder, authCode) {
			t.Errorf("PayScanned = %+v, %v", scanned, err)
		}
		if err != nil && strings.Contains(err.Error(), authCode) {
			t.Errorf("the driver's code is in the error %q", err)
		}
	})
}
