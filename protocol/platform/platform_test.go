package platform

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/protocol"
)

const testKey = "0123456789abcdefFEDCBA98"

var testNow = time.Date(2019, 2, 25, 1, 0, 0, 0, time.UTC)

func testConfig() Config {
	return Config{User: "park", Password: "secret", Key: testKey, ParkCode: "1", Now: func() time.Time { return testNow }}
}

// start serves a platform on loopback and returns it with a car park's client.
func start(t *testing.T, config Config) (*Platform, *protocol.Client) {
	t.Helper()
	p, err := New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	cipher, err := protocol.NewCipher(config.Key)
	if err != nil {
		t.Fatal(err)
	}
	return p, &protocol.Client{HTTP: server.Client(), URL: server.URL + "/any/path", User: config.User, Password: config.Password, Cipher: cipher, Now: config.Now}
}

// A pipes is a listener whose connections are in memory.
type pipes struct {
	dialled chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.dialled <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.dialled:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }

// startInBubble is start with connections in memory, for a testing/synctest
// bubble: there an answer is late by exactly what the platform says.
func startInBubble(t *testing.T, config Config) (*Platform, *protocol.Client) {
	t.Helper()
	p, err := New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	l := &pipes{dialled: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: p}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(l) }) // until it is closed
	transport := &http.Transport{DialContext: l.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		served.Wait()
	})
	cipher, err := protocol.NewCipher(config.Key)
	if err != nil {
		t.Fatal(err)
	}
	return p, &protocol.Client{HTTP: &http.Client{Transport: transport}, URL: "http://platform.example", User: config.User, Password: config.Password, Cipher: cipher, Now: config.Now}
}

func entry(plate string) protocol.CarIn {
	return protocol.CarIn{ParkCode: "1", PlateNo: plate, EntryTime: "2019/02/25 08:00:00", EntryPlace: "入口1", VplType: "2", VplColor: "0"}
}

func exit(plate string, before, atExit int64) protocol.PayDetail {
	return protocol.PayDetail{ParkCode: "1", PlateNo: plate, EntryTime: "2019/02/25 08:00:00", LeaveTime: "2019/02/25 09:00:00", PreMoney: before, PayMoney: atExit}
}

func bill(plate, order string, paid int64) protocol.BillDetail {
	return protocol.BillDetail{ParkCode: "1", PlateNo: plate, EntryTime: "2019/02/25 08:00:00", PayTime: "2019/02/25 08:30:00", TotalMoney: paid, PayMoney: paid, PayType: protocol.PayThirdWeChat, Remark: order}
}

func mustPost(t *testing.T, c *protocol.Client, name string, message any) protocol.Reply {
	t.Helper()
	reply, err := c.Post(t.Context(), name, message)
	if err != nil {
		t.Fatalf("Post: %v", err)
	}
	return reply
}

func TestReportsAreKeptAndAddedUp(t *testing.T) {
	p, c := start(t, testConfig())
	spaces := protocol.FreeSpaces{ParkCode: "1", FreeSpaceNum: 9, TotalSpaceNum: 10, AreaInfo: []protocol.AreaSpace{{AreaCode: 1, AreaName: "A地面", AreaFreeSpaceNum: 9}}}
	reports := []struct {
		name    string
		message any
	}{
		{"PostParkingInfo", protocol.ParkingInfo{ParkCode: "1", ParkName: "测试车场", ParkArea: 1, PlaceCount: 10}},
		{"PostAreaInfo", protocol.AreaInfo{ParkCode: "1", ParkName: "测试车场", ParkArea: 1, AreaInfo: []protocol.Area{{AreaCode: 1, AreaName: "A地面", PlaceCount: 10}}}},
		{"PostParkingDevice", protocol.ParkingDevice{ParkCode: "1", DeviceCode: "G1", DeviceName: "道闸", DeviceType: protocol.DeviceGate}},
		{"PostDeviceState", protocol.DeviceState{ParkCode: "1", DeviceCode: "G1", DeviceType: protocol.DeviceGate, Status: "0"}},
		{"PostCarInInfo", entry("豫A12345")},
		{"PostFreeParkingSpace", spaces},
		{"PostCarBillDetail", bill("豫A12345", "o1", 300)},
		{"PostCarBillDetail", bill("豫A12345", "o2", 200)},
		{"PostPayDetail", exit("豫A12345", 300, 200)},
	}
	for _, r := range reports {
		if reply := mustPost(t, c, r.name, r.message); !reply.OK() {
			t.Errorf("%s: code %s", r.name, reply.Code)
		}
	}
	records := p.Records()
	if len(records) != len(reports) {
		t.Fatalf("%d records, want %d", len(records), len(reports))
	}
	for i, r := range records {
		if r.Seq != i+1 || r.Interface != reports[i].name || r.Duplicate || !r.At.Equal(testNow) {
			t.Errorf("record %d = %+v", i, r)
		}
		if diff := cmp.Diff(reports[i].message, r.Message); diff != "" {
			t.Errorf("%s (-sent +kept):\n%s", r.Interface, diff)
		}
	}
	want := Totals{Entries: 1, Exits: 1, Bills: 2, Charged: 500, Paid: 500, Reports: 9}
	if got := p.Totals(); got != want {
		t.Errorf("Totals = %+v, want %+v", got, want)
	}
	if got := Messages[protocol.BillDetail](records); len(got) != 2 || got[1].Remark != "o2" {
		t.Errorf("Messages = %+v", got)
	}
}

func TestARepeatedReportCountsOnce(t *testing.T) {
	p, c := start(t, testConfig())
	for range 3 {
		mustPost(t, c, "PostCarInInfo", entry("京A12345"))
		mustPost(t, c, "PostCarBillDetail", bill("京A12345", "o1", 300))
		mustPost(t, c, "PostPayDetail", exit("京A12345", 300, 0))
	}
	want := Totals{Entries: 1, Exits: 1, Bills: 1, Charged: 300, Paid: 300, Reports: 3, Duplicates: 6}
	if got := p.Totals(); got != want {
		t.Errorf("Totals = %+v, want %+v", got, want)
	}
	if got := Messages[protocol.CarIn](p.Records()); len(got) != 1 {
		t.Errorf("%d entries, want 1", len(got))
	}
	for range 2 {
		mustPost(t, c, "PostFreeParkingSpace", protocol.FreeSpaces{ParkCode: "1", FreeSpaceNum: 9, TotalSpaceNum: 10})
	}
	if got := p.Totals().Duplicates; got != 6 {
		t.Errorf("a state reported twice is a duplicate: %d", got)
	}
}

func TestAPlatformMayRefuseDuplicates(t *testing.T) {
	config := testConfig()
	config.Duplicate = "记录重复"
	_, c := start(t, config)
	mustPost(t, c, "PostCarInInfo", entry("京A12345"))
	_, err := c.Post(t.Context(), "PostCarInInfo", entry("京A12345"))
	var refused *protocol.RefusedError
	if !errors.As(err, &refused) || refused.Reply.Msg != "记录重复" {
		t.Errorf("error = %v, want a refusal", err)
	}
}

func TestSeamlessPlatesAreAnswered(t *testing.T) {
	p, c := start(t, testConfig())
	p.SetSeamless("京A12345", true)
	for plate, want := range map[string]int{"京A12345": 1, "京B12345": 0} {
		reply := mustPost(t, c, "PostCarInInfo", entry(plate))
		answer, ok, err := protocol.FirstOf[protocol.CarInAnswer](reply)
		if err != nil || !ok || answer.IsDensityPay != want {
			t.Errorf("%s: IsDensityPay = %d, %v, %v, want %d", plate, answer.IsDensityPay, ok, err, want)
		}
	}
}

func TestRequestsThatAreNotTaken(t *testing.T) {
	p, good := start(t, testConfig())
	client := func(change func(*protocol.Client)) *protocol.Client {
		c := *good
		change(&c)
		return &c
	}
	otherKey, err := protocol.NewCipher("another-key-24-character")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		client  *protocol.Client
		call    string
		message any
		status  int    // 0 for a refusal with status 200
		says    string // part of the answer
	}{
		{"a wrong user", client(func(c *protocol.Client) { c.User = "x" }), "PostCarInInfo", entry("京A12345"), 401, "用户名或密码"},
		{"a wrong password", client(func(c *protocol.Client) { c.Password = "x" }), "PostCarInInfo", entry("京A12345"), 401, "用户名或密码"},
		{"a wrong key", client(func(c *protocol.Client) { c.Cipher = otherKey }), "PostCarInInfo", entry("京A12345"), 0, "密钥"},
		{"an interface that is none", good, "Nonsense", entry("京A12345"), 404, "Nonsense"},
		{"a correction without a time", good, "PostCarCorrect", protocol.CarCorrect{ParkCode: "1", PlateNo: "京A12345", EntryTime: "2019/02/25 08:00:00"}, 0, "leaveTime"},
		{"a scan with a time that is none", good, "PayScanCode", protocol.ScanPay{ParkCode: "1", OrderNo: "o1", AuthCode: "130000000000000001", InTime: "then"}, 0, "inTime"},
		{"another car park", good, "PostCarInInfo", protocol.CarIn{ParkCode: "2", PlateNo: "京A12345", EntryTime: "2019/02/25 08:00:00"}, 0, "停车场编号"},
		{"no plate", good, "PostCarInInfo", protocol.CarIn{ParkCode: "1", EntryTime: "2019/02/25 08:00:00"}, 0, "plateNo"},
		{"no time", good, "PostCarInInfo", protocol.CarIn{ParkCode: "1", PlateNo: "京A12345"}, 0, "entryTime"},
		{"a time that is none", good, "PostPayDetail", protocol.PayDetail{ParkCode: "1", PlateNo: "京A12345", EntryTime: "2019/02/25 08:00:00", LeaveTime: "later"}, 0, "leaveTime"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.client.Post(t.Context(), tt.call, tt.message)
			var refused *protocol.RefusedError
			var none *protocol.NoAnswerError
			switch {
			case tt.status == 0 && errors.As(err, &refused):
			case tt.status != 0 && errors.As(err, &none) && none.Status == tt.status:
			default:
				t.Fatalf("error = %v, want status %d", err, tt.status)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error = %v, want it to say %s", err, tt.says)
			}
		})
	}
	response, err := http.Get(good.URL + "/PostCarInInfo")
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: status %d, want 405", response.StatusCode)
	}
	if got := p.Records(); len(got) != 0 {
		t.Errorf("%d records, want none", len(got))
	}
}

func TestAWrongDateShowsInTheLogAndNotInTheAnswer(t *testing.T) {
	var log bytes.Buffer
	config := testConfig()
	config.Log = slog.New(slog.NewTextHandler(&log, nil))
	_, c := start(t, config)
	c.Now = func() time.Time { return testNow.AddDate(0, 0, -5) }
	_, err := c.Post(t.Context(), "PostCarInInfo", entry("京A12345"))
	if err == nil || strings.Contains(err.Error(), "2019") {
		t.Errorf("error = %v, want one without a date", err)
	}
	if !strings.Contains(log.String(), "20190220") {
		t.Errorf("the log lacks the client's date: %s", &log)
	}
}

func TestOutages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := startInBubble(t, testConfig())
		for outage, status := range map[Outage]int{Unavailable: http.StatusServiceUnavailable, Dropping: 0, Silent: 0} {
			p.Down(outage)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := c.Post(ctx, "PostCarInInfo", entry("京A12345"))
			cancel()
			var none *protocol.NoAnswerError
			if !errors.As(err, &none) || none.Status != status {
				t.Errorf("outage %d: error = %v, want no answer with status %d", outage, err, status)
			}
			if got := p.Totals().Reports; got != 0 {
				t.Errorf("outage %d: %d reports were taken", outage, got)
			}
		}
		p.Up()
		mustPost(t, c, "PostCarInInfo", entry("京A12345"))
	})
}

func TestInjectedFaults(t *testing.T) {
	p, c := start(t, testConfig())
	var refused *protocol.RefusedError
	var none *protocol.NoAnswerError

	p.Inject(Refuse, "PostCarInInfo", 2, "车场未注册")
	for range 2 {
		if _, err := c.Post(t.Context(), "PostCarInInfo", entry("京A12345")); !errors.As(err, &refused) || refused.Reply.Msg != "车场未注册" {
			t.Errorf("error = %v, want a refusal", err)
		}
	}
	mustPost(t, c, "PostCarInInfo", entry("京A12345"))

	p.Inject(Drop, "", 1, "")
	if _, err := c.Post(t.Context(), "PostPayDetail", exit("京A12345", 0, 500)); !errors.As(err, &none) {
		t.Errorf("error = %v, want no answer", err)
	}
	if got := p.Totals().Exits; got != 0 {
		t.Errorf("a dropped report was kept")
	}

	p.Inject(Lose, "PostPayDetail", 1, "")
	if _, err := c.Post(t.Context(), "PostPayDetail", exit("京A12345", 0, 500)); !errors.As(err, &none) {
		t.Errorf("error = %v, want no answer", err)
	}
	mustPost(t, c, "PostPayDetail", exit("京A12345", 0, 500))
	want := Totals{Entries: 1, Exits: 1, Charged: 500, Reports: 2, Duplicates: 1, Refused: 2}
	if got := p.Totals(); got != want {
		t.Errorf("Totals = %+v, want %+v", got, want)
	}
}

func TestWaitEndsWithTheReportOrTheContext(t *testing.T) {
	p, c := start(t, testConfig())
	arrived := make(chan error, 1)
	go func() { arrived <- p.Wait(t.Context(), func(totals Totals) bool { return totals.Entries == 2 }) }()
	mustPost(t, c, "PostCarInInfo", entry("京A12345"))
	mustPost(t, c, "PostCarInInfo", entry("京B12345"))
	if err := <-arrived; err != nil {
		t.Errorf("Wait: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Wait(ctx, func(Totals) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v, want context.Canceled", err)
	}
}

func TestOldRecordsAreForgottenButCounted(t *testing.T) {
	config := testConfig()
	config.Keep = 2
	p, c := start(t, config)
	for _, plate := range []string{"京A00001", "京A00002", "京A00003"} {
		mustPost(t, c, "PostCarInInfo", entry(plate))
	}
	if got := Messages[protocol.CarIn](p.Records()); len(got) != 2 || got[0].PlateNo != "京A00002" {
		t.Errorf("kept %+v, want the last two", got)
	}
	if got := p.Totals().Entries; got != 3 {
		t.Errorf("Entries = %d, want 3", got)
	}
}

func TestNewChecksItsConfiguration(t *testing.T) {
	for _, change := range []func(*Config){func(c *Config) { c.Key = "short" }, func(c *Config) { c.ParkCode = "" }} {
		config := testConfig()
		change(&config)
		if _, err := New(config); err == nil {
			t.Errorf("New(%+v) succeeded", config)
		}
	}
}
