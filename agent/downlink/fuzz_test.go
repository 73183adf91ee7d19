package downlink_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parkagent/protocol"
)

// Whatever a client with the right password sends, encrypted or not, it gets the
// envelope and it is never our fault.
func FuzzAnswer(f *testing.F) {
	p := open(f, nil)
	p.enter("闽D02000")
	paths := []string{stays, inside, gate, led, bill, pay, status, "pay2/Nothing"}
	for i := range paths {
		f.Add(uint8(i), true, []byte(`{"parkCode":"1","plateNo":"闽D02000","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":10}`))
		f.Add(uint8(i), true, []byte(`{"orderNo":"1","amount":"1","freeDetail":[{"type":0}],"deviceCode":"G1","deviceType":0,"controlType":11,"showInfo":"A|B"}`))
	}
	f.Add(uint8(4), true, []byte(`{"plateNo":"\u0000%_","cardNo":{}}`))
	f.Add(uint8(0), true, []byte("{\"plateNo\":\"\xff\xfe\",\"startTime\":\"2026-03-01\",\"endTime\":\"2026-03-01\",\"pageIndex\":1,\"pageCount\":1}"))
	f.Add(uint8(4), false, []byte(`{"data":"AAAA"}`))
	f.Add(uint8(4), false, []byte(`data=%zz`))
	cipher := cipherOf(f, key)
	f.Fuzz(func(t *testing.T, path uint8, encrypted bool, body []byte) {
		text := string(body)
		if encrypted {
			text = `{"data":"` + cipher.Encrypt(p.today(), body) + `"}`
		}
		r := httptest.NewRequest(http.MethodPost, "/api/"+paths[int(path)%len(paths)], strings.NewReader(text))
		r.Header = http.Header{"User": {user}, "Pwd": {password}}
		w := httptest.NewRecorder()
		p.server.ServeHTTP(w, r)
		if w.Code == http.StatusInternalServerError {
			t.Errorf("HTTP status = 500: %s", p.log.String())
		}
		var answer protocol.Response
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("answer %q: %v", w.Body, err)
		}
		if (answer.ResCode == protocol.Success) != (answer.ResMsg == "") || answer.ResCode == protocol.Failure && answer.Data != nil {
			t.Errorf("answer = %s, want success without a sentence, or a failure with one and no data", w.Body)
		}
	})
}
