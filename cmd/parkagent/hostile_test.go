package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"parkagent/protocol"
	"parkagent/store"
)

// refused fails unless an answer is the envelope of a failure with a sentence.
func refused(t *testing.T, body, what string) {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		t.Errorf("%s: answered with %.200q: %v", what, body, err)
		return
	}
	data, there := members["data"]
	if members["resCode"] != 1.0 || members["resMsg"] == "" || members["resMsg"] == nil || !there || data != nil || len(members) != 3 {
		t.Errorf("%s: answered with %s, want resCode 1, a sentence and no data", what, body)
	}
}

// clientHeader returns the headers of the demo's client.
func clientHeader() http.Header {
	return http.Header{"User": {demoClientUser}, "Pwd": {demoClientPassword}, "Content-Type": {"application/json"}}
}

// sealed returns a body with parameters as the client encrypts them on a day.
func (r *runningAgent) sealed(days int, params string) string {
	return `{"data":"` + r.cipher.Encrypt(protocol.DayOf(time.Now(), r.zone).Add(days), []byte(params)) + `"}`
}

func (r *runningAgent) pathOf(name string) string {
	r.t.Helper()
	route, ok := protocol.RouteNamed(name)
	if !ok {
		r.t.Fatalf("no interface %s", name)
	}
	return route.Path()
}

// nested returns JSON objects within each other.
func nested(depth int) string {
	return strings.Repeat(`{"plateNo":`, depth) + "1" + strings.Repeat("}", depth)
}

func TestBrokenRequestsOfPlatformsChangeNothing(t *testing.T) {
	t.Parallel()
	r := startAgent(t, nil)
	good := r.sealed(0, `{"parkCode":"1","plateNo":"粤B00001"}`)
	other := must(protocol.NewCipher("another-key-of-24-chars!"))(t)
	wrongKey := `{"data":"` + other.Encrypt(protocol.DayOf(time.Now(), r.zone), []byte(`{"plateNo":"粤B00001"}`)) + `"}`
	garbage := string([]byte{0x00, 0xFF, 0xFE, 0x16, 0x03, 0x01, 0x80, 0x0A, 0x0D, 0x7B, 0x22})

	bodies := []struct {
		name, body string
		status     int
		log        string
	}{
		{"no JSON", "hello", 200, "cannot be read"},
		{"JSON cut short", good[:len(good)-3], 200, "cannot be read"},
		{"base64 cut short", `{"data":"` + good[9:20] + `"}`, 401, "cannot be decrypted"},
		{"a form without data", "user=a&pwd=b", 200, "cannot be read"},
		{"bad base64", `{"data":"!*#$%"}`, 401, "cannot be decrypted"},
		{"a wrong key", wrongKey, 401, "cannot be decrypted"},
		{"the date of five days ago", r.sealed(-5, `{"plateNo":"A"}`), 401, "cannot be decrypted"},
		{"the date in five days", r.sealed(5, `{"plateNo":"A"}`), 401, "cannot be decrypted"},
		{"nested 100 deep under the cipher", r.sealed(0, nested(100)), 401, "cannot be decrypted"},
		{"nested 100 deep", nested(100), 200, "cannot be read"},
		{"nested 100000 deep", strings.Repeat(`[`, 100_000), 200, "cannot be read"},
		{"a byte more than 1 MiB", strings.Repeat("x", 1<<20+1), 413, "too large"},
		{"nothing", "", 200, "missing"},
		{"binary garbage", garbage, 200, "cannot be read"},
		{"data that is an object", `{"data":{"plateNo":"A"}}`, 200, "cannot be read"},
		{"another car park's code", r.sealed(0, `{"parkCode":"2","plateNo":"粤B00001"}`), 200, "wrong park code"},
		{"a code that is a list", r.sealed(0, `{"parkCode":["1"]}`), 200, "parkCode"},
	}
	for _, name := range []string{"GetParkingPaymentInfo", "PayParkingFee", "GetPaymentStatus", "GetCarInOutInfoByPlate", "GateControl", "ShowLedMsg"} {
		path := r.pathOf(name)
		for _, tt := range bodies {
			what := name + ", " + tt.name
			lines, before := len(r.log.answers()), r.kept()
			status, header, body := r.send(httpCall{path: path, header: clientHeader(), body: strings.NewReader(tt.body)})
			if status != tt.status || header.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("%s: answered with %d, %s, want %d and JSON", what, status, header.Get("Content-Type"), tt.status)
			}
			refused(t, body, what)
			r.logged(lines, tt.log, what)
			if known := tt.status != http.StatusRequestEntityTooLarge; known && (name == "GateControl" || name == "ShowLedMsg") {
				before.Rows = append(before.Rows, r.lastRefusal(what)) // who wanted to move something is kept
			}
			r.sameAs(before, what)
		}
	}

	what := "a body that never ends"
	lines, before := len(r.log.answers()), r.kept()
	status, body := r.sendCut(httpCall{path: r.pathOf("PayParkingFee"), header: clientHeader(), body: strings.NewReader(good)}, 10_000)
	if status != http.StatusOK {
		t.Errorf("%s: answered with %d, want 200", what, status)
	}
	refused(t, body, what)
	r.logged(lines, "cannot be read", what)
	r.sameAs(before, what)
	r.stillWorks("粤B00002")
}

// lastRefusal returns the last row of the journal, which must tell of a command
// that was refused.
func (r *runningAgent) lastRefusal(what string) string {
	r.t.Helper()
	rows := r.kept().Rows
	last := rows[len(rows)-1]
	if !strings.HasPrefix(last, string(store.KindCommand)) || !strings.Contains(last, `"refused: `) {
		r.t.Errorf("%s: the journal ends with %s, want a refused command", what, last)
	}
	return last
}

func TestStrangersChangeNothing(t *testing.T) {
	t.Parallel()
	r := startAgent(t, nil)
	as := func(user, password string) http.Header { return http.Header{"User": {user}, "Pwd": {password}} }
	good := r.sealed(0, `{"plateNo":"粤B00001"}`)
	bill := r.pathOf("GetParkingPaymentInfo")
	tests := []struct {
		name   string
		call   httpCall
		status int
		log    string
	}{
		{"a wrong user", httpCall{path: bill, header: as("x", demoClientPassword)}, 401, "bad credentials"},
		{"a wrong password", httpCall{path: bill, header: as(demoClientUser, "x")}, 401, "bad credentials"},
		{"another client's password", httpCall{path: bill, header: as(demoClientUser, "far-password-9")}, 401, "bad credentials"},
		{"nobody, for a gate", httpCall{path: r.pathOf("GateControl")}, 401, "bad credentials"},
		{"a client at another address", httpCall{path: bill, header: as("far-user", "far-password-9")}, 403, "address not allowed"},
		{"GET", httpCall{method: "GET", path: bill, header: clientHeader()}, 405, "not a POST"},
		{"DELETE of a stay", httpCall{method: "DELETE", path: r.pathOf("SearchParkingInfo"), header: clientHeader()}, 405, "not a POST"},
		{"an unknown interface", httpCall{path: "/api/ParkingPay/GetMoney", header: clientHeader()}, 404, "no such interface"},
		{"an interface of another group", httpCall{path: "/api/ParkingCard/GateControl", header: clientHeader()}, 404, "no such interface"},
		{"no interface at all", httpCall{path: "/", header: clientHeader()}, 404, "no such interface"},
		{"a path out of the folder", httpCall{path: "/api/../../etc/passwd", header: clientHeader()}, 404, "no such interface"},
		{"a path with a line in it", httpCall{path: "/api/x%0Alevel=ERROR", header: clientHeader()}, 404, "no such interface"},
	}
	for _, tt := range tests {
		lines, before := len(r.log.answers()), r.kept()
		tt.call.body = strings.NewReader(good)
		status, _, body := r.send(tt.call)
		if status != tt.status {
			t.Errorf("%s: answered with %d, want %d", tt.name, status, tt.status)
		}
		refused(t, body, tt.name)
		r.logged(lines, tt.log, tt.name)
		r.sameAs(before, tt.name)
	}
	r.stillWorks("粤B00002")
}
