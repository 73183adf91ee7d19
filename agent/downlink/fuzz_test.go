package downlink_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parkagent/protocol"
)

// Whatever a client with the right password sends to any interface, encrypted or
// not, it gets the envelope and it is never our fault.
func FuzzAnswer(f *testing.F) {
	p, all := everything(f)
	paths := []string{"pay2/Nothing"}
	for i, q := range all {
		paths = append(paths, q.path)
		f.Add(uint8(i+1), true, []byte(q.params))
	}
	for i := range paths {
		f.Add(uint8(i), true, []byte(`{"parkCode":"1","plateNo":"闽D02000","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":10}`))
		f.Add(uint8(i), true, []byte(`{"orderNo":"1","amount":"1","freeDetail":[{"type":0}],"deviceCode":"G1","deviceType":0,"controlType":11,"showInfo":"A|B"}`))
		f.Add(uint8(i), true, []byte(`{"plateNo":"\u0000%_","cardNo":{}}`))
	}
	f.Add(uint8(1), true, []byte("{\"plateNo\":\"\xff\xfe\",\"startTime\":\"2026-03-01\",\"endTime\":\"2026-03-01\",\"pageIndex\":1,\"pageCount\":1}"))
	f.Add(uint8(10), false, []byte(`{"data":"AAAA"}`))
	f.Add(uint8(10), false, []byte(`data=%zz`))
	f.Add(uint8(17), true, []byte(`{"plateDetails":"[{\"plateNo\":\"\u0000\",\"etcNo\":\"\u0000\"}]","carType":2,"spaceNum":2147483647,"validFrom":"0001-01-01","validTo":"9999-12-31"}`))
	f.Add(uint8(22), true, []byte(`{"cardId":1,"amount":1000000000000000,"validFrom":"9999-12-31","validTo":"9999-12-31"}`))
	f.Add(uint8(26), true, []byte(`{"plateNo":"\u0000","preMoney":1000000000000000,"validFrom":"0001-01-01","validTo":"9999-12-31","promptly":0}`))
	cipher := cipherOf(f, key)
	f.Fuzz(func(t *testing.T, path uint8, encrypted bool, body []byte) {
		p.after(time.Millisecond) // more orders than there are numbers in one
		p.log.reset()
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
