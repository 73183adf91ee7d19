package downlink_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"parkagent/agent/config"
	"parkagent/agent/downlink"
	"parkagent/protocol"
)

// unverified is the answer to whatever is wrong with user, password, key or date.
const unverified = "无法验证身份，请核对 user、pwd、密钥和日期"

func TestHTTPStatusTellsWhatIsNoBusiness(t *testing.T) {
	p := open(t, func(cfg *downlink.Config) {
		far := mall()
		far.Name, far.User, far.Allow = "far", "far-user", []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
		reader := mall()
		reader.Name, reader.User, reader.Permissions = "reader", "reader-user", []protocol.Permission{protocol.PermitQuery}
		cfg.Clients = append(cfg.Clients, far, reader)
	})
	good := p.sealed(`{"plateNo":"闽D02000"}`)
	as := func(user, password string) http.Header { return http.Header{"user": {user}, "PWD": {password}} }
	tests := []struct {
		name, method, path, body string
		headers                  http.Header
		status                   int
		sentence                 string
	}{
		{"an unknown interface", "POST", "ParkingPay/GetMoney", good, nil, 404, "接口不存在"},
		{"an interface of another group", "POST", "ParkingInfo/PayParkingFee", good, nil, 404, "接口不存在"},
		{"not a POST", "GET", bill, "", nil, 405, "请使用 POST 方法"},
		{"not a POST, by a stranger", "PUT", bill, good, as("x", "y"), 405, "请使用 POST 方法"},
		{"a body too large", "POST", bill, strings.Repeat("x", protocol.MaxBody+1), nil, 413, "请求内容过大"},
		{"a wrong user", "POST", bill, good, as("x", password), 401, unverified},
		{"a wrong password", "POST", bill, good, as(user, "x"), 401, unverified},
		{"credentials of two clients", "POST", bill, good, as("far-user", "mall-passwor"), 401, unverified},
		{"no credentials", "POST", bill, good, http.Header{}, 401, unverified},
		{"another address", "POST", bill, good, as("far-user", password), 403, "来源地址未获授权"},
		{"a missing permission", "POST", pay, good, as("reader-user", password), 403, "没有调用该接口的权限"},
		{"a permission that is there", "POST", bill, good, as("reader-user", password), 200, "未找到在场车辆"},
	}
	for _, tt := range tests {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, p.url+"/api/"+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"User": {user}, "Pwd": {password}}
		if tt.headers != nil {
			r.Header = tt.headers
		}
		status, body := p.do(r)
		if status != tt.status {
			t.Errorf("%s: HTTP status = %d, want %d", tt.name, status, tt.status)
		}
		if got := sentenceOf(t, body); got != tt.sentence {
			t.Errorf("%s: resMsg = %q, want %q", tt.name, got, tt.sentence)
		}
	}
}

func TestABodyWithoutALengthIsBoundedAsWell(t *testing.T) {
	p := open(t, nil)
	body := struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 3*protocol.MaxBody))}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/api/"+bill, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"User": {user}, "Pwd": {password}}
	status, answer := p.do(r)
	if status != http.StatusRequestEntityTooLarge {
		t.Errorf("HTTP status = %d, want 413", status)
	}
	sentenceOf(t, answer)
}

func TestOurFaultIsA500(t *testing.T) {
	p := open(t, nil)
	body := p.sealed(`{"orderNo":"1"}`)
	if err := p.db.Close(); err != nil {
		t.Fatal(err)
	}
	code, answer := p.post(status, body, nil)
	if code != http.StatusInternalServerError {
		t.Errorf("HTTP status = %d, want 500", code)
	}
	if got, want := sentenceOf(t, answer), "车场系统故障，请稍后重试"; got != want {
		t.Errorf("resMsg = %q, want %q", got, want)
	}
}

func TestABugInOneInterfaceIsA500(t *testing.T) {
	p := open(t, func(cfg *downlink.Config) { cfg.ImageURL = func(string) string { panic("no such link") } })
	p.enter("闽D02000")
	code, answer := p.post(inside, "", nil)
	if code != http.StatusInternalServerError {
		t.Errorf("HTTP status = %d, want 500", code)
	}
	sentenceOf(t, answer)
	if log := p.log.String(); !strings.Contains(log, "no such link") || !strings.Contains(log, "carsInside") {
		t.Errorf("the log does not tell what happened and where:\n%s", log)
	}
	if code, _ := p.post(inside, p.sealed(`{"plateNo":"京"}`), nil); code != http.StatusOK {
		t.Errorf("HTTP status of the next request = %d, want 200", code)
	}
}

func TestBodiesOfRealClientsAreUnderstood(t *testing.T) {
	p := open(t, nil)
	p.enter("闽D02000")
	cipher := cipherOf(t, key)
	params := `{"parkCode":"1","plateNo":"闽D02000","cardNo":"","deviceCode":"","remark":"` + strings.Repeat("长", 80) + `"}`
	data := cipher.Encrypt(p.today(), protocol.EncodeText(protocol.GBK, []byte(params)))
	var wrapped strings.Builder
	for i, c := range data {
		if i > 0 && i%76 == 0 {
			wrapped.WriteString(`\r\n`)
		}
		wrapped.WriteRune(c)
	}
	day := func(n int) string { return cipher.Encrypt(p.today().Add(n), []byte(`{"plateNo":"D02000"}`)) }
	utf8 := cipher.Encrypt(p.today(), []byte(`{"plateNo":"闽D02000"}`))
	tests := []struct{ name, contentType, body string }{
		{"no content type", "", `{"data":"` + data + `"}`},
		{"JSON that is called a form", "application/x-www-form-urlencoded", `{"data":"` + data + `"}`},
		{"a form", "application/x-www-form-urlencoded; charset=gbk", "data=" + url.QueryEscape(data)},
		{"a form that is called JSON", "application/json", "data=" + url.QueryEscape(data)},
		{"a form with plain + and /", "text/plain", "data=" + data},
		{"base64 in lines", "application/json", `{"data":"` + wrapped.String() + `"}`},
		{"base64 with spaces for +, unpadded", "application/json", `{"data":"` + strings.TrimRight(strings.ReplaceAll(data, "+", " "), "=") + `"}`},
		{"another case of data", "application/json", `{"Data":"` + data + `"}`},
		{"yesterday's date", "application/json", `{"data":"` + day(-1) + `"}`},
		{"tomorrow's date", "application/json", `{"data":"` + day(1) + `"}`},
		{"UTF-8 underneath", "application/json", `{"data":"` + utf8 + `"}`},
	}
	for _, tt := range tests {
		headers := http.Header{"User": {user}, "Pwd": {password}}
		if tt.contentType != "" {
			headers.Set("Content-Type", tt.contentType)
		}
		_, body := p.post(bill, tt.body, headers)
		if got := rowOf[protocol.Bill](t, body).PlateNo; got != "闽D02000" {
			t.Errorf("%s: plateNo = %q, want 闽D02000", tt.name, got)
		}
	}
	for _, body := range []string{"", "{}", `{"data":null}`, `{"data":""}`, "data=", p.sealed(""), p.sealed("{}")} {
		if _, answer := p.post(inside, body, nil); !strings.Contains(answer, "闽D02000") {
			t.Errorf("cars inside for the body %q = %s, want all", body, answer)
		}
	}
}

func TestPlatesSurviveInEitherCharset(t *testing.T) {
	plates := []string{"豫A12345", "鲁B12345", "京A1234学", "使012345", "京A1234警", "粤Z1234港", "粤Z1234澳", "京A1234领", "冀A1234挂", "桂A12345", "渝A12345"}
	p := open(t, nil)
	for _, plate := range plates {
		p.enter(plate)
	}
	cipher := cipherOf(t, key)
	for _, charset := range []protocol.Charset{protocol.UTF8, protocol.GBK, protocol.UTF8} {
		for _, plate := range plates {
			text := protocol.EncodeText(charset, []byte(`{"plateNo":"`+plate+`"}`))
			_, body := p.post(bill, `{"data":"`+cipher.Encrypt(p.today(), text)+`"}`, nil)
			if got := rowOf[protocol.Bill](t, body).PlateNo; got != plate {
				t.Errorf("plateNo in %s = %q, want %q", charset, got, plate)
			}
		}
	}
}

func TestBodiesThatMeanNothingAreRefusedAlike(t *testing.T) {
	p := open(t, nil)
	cipher := cipherOf(t, key)
	encrypt := func(day protocol.Day, text string) string {
		return `{"data":"` + cipher.Encrypt(day, []byte(text)) + `"}`
	}
	today := p.today()
	const unread = "请求内容无法识别"
	tests := []struct{ name, body, sentence string }{
		{"no JSON and no form", "hello", unread},
		{"broken JSON", `{"data":`, unread},
		{"data that is a number", `{"data":5}`, unread},
		{"a body nested 100 deep", strings.Repeat(`{"data":`, 100) + "1" + strings.Repeat("}", 100), unread},
		{"broken base64", `{"data":"***"}`, unverified},
		{"half a block", `{"data":"AAAAAAA="}`, unverified},
		{"another key", `{"data":"` + cipherOf(t, "another-key-of-24-chars!").Encrypt(today, []byte(`{"plateNo":"A"}`)) + `"}`, unverified},
		{"the day before yesterday", encrypt(today.Add(-2), `{"plateNo":"A"}`), unverified},
		{"the day after tomorrow", encrypt(today.Add(2), `{"plateNo":"A"}`), unverified},
		{"parameters of no interface", encrypt(today, `{"password":"A"}`), unverified},
		{"an array", encrypt(today, `["plateNo"]`), unverified},
		{"a text cut short", encrypt(today, `{"plateNo":"A"`), unverified},
		{"parameters nested 100 deep", encrypt(today, `{"plateNo":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`), unverified},
		{"a plate that is a list", encrypt(today, `{"plateNo":["A"]}`), "参数 plateNo 格式错误"},
	}
	for _, tt := range tests {
		status, body := p.post(bill, tt.body, nil)
		want := http.StatusOK
		if tt.sentence == unverified {
			want = http.StatusUnauthorized
		}
		if status != want {
			t.Errorf("%s: HTTP status = %d, want %d", tt.name, status, want)
		}
		if got := sentenceOf(t, body); got != tt.sentence {
			t.Errorf("%s: resMsg = %q, want %q", tt.name, got, tt.sentence)
		}
	}
	if log := p.log.String(); !strings.Contains(log, "data.client_date="+string(today.Add(-2))) {
		t.Errorf("the log does not name the client's date:\n%s", log)
	}
}

func TestMissingAndWrongFieldsAreNamed(t *testing.T) {
	p := open(t, nil)
	const page = `"startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":1`
	tests := []struct{ path, params, sentence string }{
		{stays, `{` + page + `}`, "缺少必填参数 plateNo"},
		{stays, `{"plateNo":null,` + page + `}`, "缺少必填参数 plateNo"},
		{stays, `{"plateNo":"A","endTime":"2026-03-01","pageIndex":1,"pageCount":1}`, "缺少必填参数 startTime"},
		{stays, `{"plateNo":"A","startTime":"2026-03-01","pageIndex":1,"pageCount":1}`, "缺少必填参数 endTime"},
		{stays, `{"plateNo":"A","startTime":"yesterday","endTime":"2026-03-01","pageIndex":1,"pageCount":1}`, "参数 startTime 格式错误"},
		{stays, `{"plateNo":"A","startTime":"2026-02-30","endTime":"2026-03-01","pageIndex":1,"pageCount":1}`, "参数 startTime 格式错误"},
		{stays, `{"plateNo":"A","startTime":"2026-03-01","endTime":"2026-03-01","pageCount":1}`, "缺少必填参数 pageIndex"},
		{stays, `{"plateNo":"A","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":0,"pageCount":1}`, "参数 pageIndex 取值无效"},
		{stays, `{"plateNo":"A","startTime":"2026-03-01","endTime":"2026-03-01","pageIndex":1,"pageCount":0}`, "参数 pageCount 取值无效"},
		{gate, `{"controlType":1}`, "缺少必填参数 deviceCode"},
		{gate, `{"deviceCode":"G1"}`, "缺少必填参数 controlType"},
		{gate, `{"deviceCode":"G1","controlType":3}`, "参数 controlType 取值无效"},
		{gate, `{"deviceCode":"G1","controlType":1,"deviceType":2}`, "参数 deviceType 取值无效"},
		{led, `{"deviceCode":"L1"}`, "缺少必填参数 showInfo"},
		{led, `{"deviceCode":"L1","showInfo":" | "}`, "缺少必填参数 showInfo"},
		{led, `{"deviceCode":"L1","showInfo":"` + strings.Repeat("x", 5000) + `"}`, "参数 showInfo 取值无效"},
	}
	for _, tt := range tests {
		if got := sentenceOf(t, p.ask(tt.path, tt.params)); got != tt.sentence {
			t.Errorf("%s %.80s: resMsg = %q, want %q", tt.path, tt.params, got, tt.sentence)
		}
	}
}

func TestSentencesExistInEnglish(t *testing.T) {
	p := open(t, func(cfg *downlink.Config) { cfg.Language = "en" })
	p.enter("京A11113")
	p.after(time.Second) // several cars are named oldest first
	p.enter("沪A11113")
	tests := []struct{ path, params, sentence string }{
		{bill, `{"plateNo":"闽D02000"}`, "No such car is inside."},
		{bill, `{"plateNo":"A11113"}`, "Several cars match, please give the whole plate: 京A11113 沪A11113."},
		{bill, `{"parkCode":"2","plateNo":"A"}`, "The parkCode is not that of this car park."},
		{pay, `{"orderNo":"1"}`, "The parameter amount is required."},
		{status, `{"orderNo":"1"}`, "There is no such order."},
	}
	for _, tt := range tests {
		if got := sentenceOf(t, p.ask(tt.path, tt.params)); got != tt.sentence {
			t.Errorf("%s: resMsg = %q, want %q", tt.params, got, tt.sentence)
		}
	}
}

func TestGuessingIsStoppedForItsAddressOnly(t *testing.T) {
	p := open(t, nil)
	body := p.sealed(`{}`)
	var last int
	for range 12 {
		last = p.direct("198.51.100.7", inside, body, user, "guess").Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("HTTP status of the 12th guess = %d, want 429", last)
	}
	w := p.direct("198.51.100.7", inside, "", user, password)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("right credentials behind a lock = %d, Retry-After %q; want 429 and seconds", w.Code, w.Header().Get("Retry-After"))
	}
	if got, want := sentenceOf(t, w.Body.String()), "尝试次数过多，请稍后再试"; got != want {
		t.Errorf("resMsg = %q, want %q", got, want)
	}
	if w := p.direct("198.51.100.8", inside, body, user, password); w.Code != http.StatusOK {
		t.Errorf("HTTP status for another address = %d, want 200", w.Code)
	}
}

// Behind a port-forward everybody has the same address.
func TestSomebodyElsesGuessesKeepNoClientOut(t *testing.T) {
	p := open(t, nil)
	p.enter("闽D02000")
	body := p.sealed(`{"plateNo":"闽D02000"}`)
	for range 15 {
		p.direct("198.51.100.7", bill, body, user, "guess")
	}
	foreign := `{"data":"` + cipherOf(t, "another-key-of-24-chars!").Encrypt(p.today(), []byte(`{"plateNo":"A"}`)) + `"}`
	tests := []struct {
		name, path, body, password string
		status                     int
	}{
		{"the client's key", bill, body, password, http.StatusOK},
		{"the client's key again: the lock is still there", bill, body, password, http.StatusOK},
		{"the client's key, without parameters", inside, p.sealed("{}"), password, http.StatusOK},
		{"the client's key, a guessed password", bill, body, "guess", http.StatusTooManyRequests},
		{"another key", bill, foreign, password, http.StatusTooManyRequests},
		{"no body, which needs no key", inside, "", password, http.StatusTooManyRequests},
		{"no body that can be read", bill, "hello", password, http.StatusTooManyRequests},
		{"a body that is too long to be looked at", bill, body + strings.Repeat(" ", 40<<10), password, http.StatusTooManyRequests},
	}
	for _, tt := range tests {
		w := p.direct("198.51.100.7", tt.path, tt.body, user, tt.password)
		if w.Code != tt.status {
			t.Errorf("%s: HTTP status = %d, want %d", tt.name, w.Code, tt.status)
		}
		if tt.path == bill && w.Code == http.StatusOK {
			rowOf[protocol.Bill](t, w.Body.String())
		}
	}
}

func TestAnAnswerDoesNotTellWhichCredentialIsWrong(t *testing.T) {
	for _, language := range []string{"zh-CN", "en"} {
		p := open(t, func(cfg *downlink.Config) { cfg.Language = language })
		good := p.sealed(`{"plateNo":"A"}`)
		as := func(user, password string) http.Header { return http.Header{"User": {user}, "Pwd": {password}} }
		_, wrongUser := p.post(bill, good, as("x", password))
		_, wrongPassword := p.post(bill, good, as(user, "x"))
		_, wrongKey := p.post(bill, `{"data":"`+cipherOf(t, "another-key-of-24-chars!").Encrypt(p.today(), []byte(`{"plateNo":"A"}`))+`"}`, nil)
		_, wrongDay := p.post(bill, `{"data":"`+cipherOf(t, key).Encrypt(p.today().Add(5), []byte(`{"plateNo":"A"}`))+`"}`, nil)
		if wrongPassword != wrongUser || wrongKey != wrongUser || wrongDay != wrongUser {
			t.Errorf("answers in %s: user %s, password %s, key %s, day %s; want the same", language, wrongUser, wrongPassword, wrongKey, wrongDay)
		}
		sentenceOf(t, wrongUser)
	}
}

func TestAClientThatAsksBeforeSendingIsToldToContinue(t *testing.T) {
	p := open(t, nil)
	p.enter("闽D02000")
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := p.sealed(`{"plateNo":"闽D02000"}`)
	_, err = fmt.Fprintf(conn, "POST /api/pay/GetParkingPaymentInfo HTTP/1.1\r\nhost: park\r\nuser: %s\r\nPWD: %s\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", user, password, len(body))
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	if line, err := in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("first line = %q, %v, want 100 Continue", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := rowOf[protocol.Bill](t, string(text)).PlateNo; got != "闽D02000" {
		t.Errorf("plateNo = %q, want 闽D02000", got)
	}
}

func TestTheLogTellsWhoWasRefusedAndNothingElse(t *testing.T) {
	p := open(t, nil)
	p.ask(bill, `{"plateNo":"闽D02000"}`)
	p.post(bill, "secret body", nil)
	p.post(bill, "", http.Header{"User": {"spy"}, "Pwd": {"secret guess"}})
	p.enter("京A11113")
	p.after(time.Second) // several cars are named oldest first
	p.enter("沪A11113")
	p.ask(bill, `{"plateNo":"A11113"}`)
	log := p.log.String()
	for _, want := range []string{
		`method=POST path=/api/ParkingPay/GetParkingPaymentInfo client=mall address=127.0.0.1 status=200 reason="no open session"`,
		`client=mall address=127.0.0.1 status=200 reason="the body cannot be read"`,
		`client="" address=127.0.0.1 status=401 reason="bad credentials"`,
		`reason="several cars match"`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("log lacks %s", want)
		}
	}
	for _, secret := range []string{"D02000", "A11113", "secret", "spy", user, password, key} {
		if strings.Contains(log, secret) {
			t.Errorf("log has %q in it:\n%s", secret, log)
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	c := mall()
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "client", c, "key", c.Key)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v %#v %q", c, c, c.Key), log.String()} {
		if strings.Contains(text, password) || strings.Contains(text, key) {
			t.Errorf("%s shows a secret", text)
		}
	}
}

func TestNewNamesAllThatIsWrong(t *testing.T) {
	p := open(t, nil)
	short := mall()
	short.Name, short.Key = "short", config.NewSecret("key")
	odd := mall()
	odd.Name, odd.User, odd.ParkCode, odd.Charset = "odd", "odd", "", "latin1"
	odd.Permissions = []protocol.Permission{"everything"}
	_, err := downlink.New(downlink.Config{DB: p.db, Desk: p.desk, Rules: p.rules, Clients: []downlink.Client{mall(), short, odd}})
	if err == nil {
		t.Fatal("New = nil error")
	}
	for _, want := range []string{
		"client 2 (short): the key must have 24 or 16 characters", "client 2 (short): client mall has the same name or user",
		"client 3 (odd): name, user, password and park code", `client 3 (odd): unknown permission "everything"`, `unknown charset "latin1"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want it to say %q", err, want)
		}
	}
	lanes := []downlink.Lane{{Code: "IN1"}}
	if _, err := downlink.New(downlink.Config{DB: p.db, Desk: p.desk, Rules: p.rules, Lanes: lanes}); err == nil || !strings.Contains(err.Error(), `lane "IN1"`) {
		t.Errorf("New with a lane that nobody works = %v, want it named", err)
	}
	for _, cfg := range []downlink.Config{{}, {DB: p.db, Desk: p.desk}} {
		if _, err := downlink.New(cfg); err == nil {
			t.Errorf("New without a store or rules = nil error")
		}
	}
}
