package main

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"parkagent/protocol"
)

const (
	entered = "2026/01/05 08:00:00"
	leaves  = "2026/01/05 09:00:00"
)

func TestPlatformDealsWithMoney(t *testing.T) {
	paid := make(chan struct{}, 9)
	server := httptest.NewServer(downlink(t, map[string]answer{
		"PayParkingFee":         {row: protocol.PaymentReceipt{}, heard: func() { paid <- struct{}{} }},
		"GetPayChargeInfo":      {row: protocol.ChangeInfo{OrderNo: "O3C", PlateNo: "粤B12345", PayMoney: 1100, PaidAmount: 1500}},
		"PayChargeNotice":       {row: protocol.ChangeReceipt{OrderNo: "O3C"}},
		"GetParkingPaymentInfo": {refusal: "未找到在场车辆"},
	}))
	defer server.Close()
	out, stop := background(t, platformArgs("--account", "粤B12345=5000", "--seamless", "粤B12345", "--price", "500", "--park", server.URL,
		"--client-user", "malluser", "--client-password", "mall-password-1")...)
	c := agentSide(t, out, "secret-1")
	const scanned = "134567890123456789"
	messages := []struct {
		name    string
		message any
		want    string
	}{
		{"PostCarInInfo", testEntry("粤B12345"), "入口1; seamless"},
		{"PostCarOutInfo", protocol.CarOut{ParkCode: "7", PlateNo: "粤B12345", EntryTime: entered, LeaveTime: leaves, TotalMoney: 300}, "due 3.00; deducted 3.00"},
		{"PostCarCorrect", protocol.CarCorrect{ParkCode: "7", PlateNo: "粤B12345", EntryTime: entered, LeaveTime: leaves, TotalMoney: 300}, "correction of 粤B12345"},
		{"GetPayQRCode", protocol.CodeQuery{ParkCode: "7", OrderNo: "O1", PlateNum: protocol.EncodePlate("粤B2"), InTime: entered, Amount: 400}, "code asked for 粤B2, order O1, 4.00, device ; code http://"},
		{"PayScanCode", protocol.ScanPay{ParkCode: "7", OrderNo: "O2", CarNo: protocol.EncodePlate("粤B3"), InTime: entered, Amount: 600, AuthCode: scanned}, "driver's code scanned for 粤B3, order O2, 6.00, device ; the platform's order P"},
		{"AutonomousCalfee", protocol.PriceQuery{ParkCode: "7", PlateNo: "粤B4", EntryTime: entered, LeaveTime: leaves}, "; 5.00"},
		{"PostBlackInInfo", protocol.BlackIn{ParkCode: "7", BlackID: 3, PlateNo: "粤B5", Remark: "违章", EntryPlace: "入口1", EntryTime: entered}, "blacklist 3: 粤B5"},
		{"PostCarCard", protocol.CarCard{ParkCode: "7", CardID: "9", UserName: "张三", CarType: protocol.CarMonthly, ValidTo: leaves, PlateDetails: protocol.PlateDetails{{PlateNo: "粤B6"}}}, "card 9 of 张三, monthly, 粤B6"},
	}
	var code string
	for _, m := range messages {
		if err := post(t, c, m.name, m.message); err != nil {
			t.Fatalf("post %s: %v", m.name, err)
		}
		line := out.await(t, m.want)
		if _, link, ok := strings.Cut(line, "; code "); ok {
			code = link
		}
	}
	<-paid // for the scan, without being asked to

	for _, page := range []struct {
		link string
		form url.Values
		want string
	}{
		{code, url.Values{}, "支付成功"},
		{protocol.ChangeLink(c.URL, "7", "O3C"), url.Values{}, "找零已领取"},
		{protocol.TicketLink(c.URL, "7"), url.Values{"plateNo": {"粤B7"}}, "未找到在场车辆"},
	} {
		response, err := server.Client().PostForm(page.link, page.form)
		if err != nil {
			t.Fatal(err)
		}
		if text := read(t, response); !strings.Contains(text, page.want) {
			t.Errorf("%s says\n%s\nwant %q", page.link, text, page.want)
		}
		out.await(t, "(HTTP 200)")
	}
	status := stop()
	const want = "The platform: asked 4 times; deducted 3.00, reversed 3.00; collected 10.00, refunded 0.00, not told yet: 0; change given: 1, 4.00"
	if all := out.String(); status != done || !strings.Contains(all, want) || strings.Contains(all, scanned) {
		t.Errorf("status %d, and it said\n%s\nwant %q and no auth code", status, all, want)
	}
}

func TestPlatformNamesWhoPaidTooMuch(t *testing.T) {
	out, stop := background(t, platformArgs("--account", "粤B12345=5000")...)
	c := agentSide(t, out, "secret-1")
	question := protocol.CarOut{ParkCode: "7", PlateNo: "粤B12345", EntryTime: entered, LeaveTime: leaves, TotalMoney: 300}
	report := protocol.PayDetail{ParkCode: "7", PlateNo: "粤B12345", EntryTime: entered, LeaveTime: leaves, PayMoney: 100}
	for name, message := range map[string]any{"PostCarOutInfo": question, "PostPayDetail": report} {
		if err := post(t, c, name, message); err != nil {
			t.Fatalf("post %s: %v", name, err)
		}
	}
	stop()
	out.await(t, "粤B12345 (entered 2026-01-05 08:00:00) paid 2.00 more than the car park reported")
}

func TestPlatformTellsWhatTheCarParkRefused(t *testing.T) {
	server := httptest.NewServer(downlink(t, map[string]answer{"PayParkingFee": {refusal: "车辆已离场"}}))
	defer server.Close()
	config := file(t, "park.toml", siteConfig)
	out, _ := background(t, "platform", "--listen", "127.0.0.1:0", "--config", config, "--park", server.URL, "--client", "mall")
	c := agentSide(t, out, "park-password-1")
	c.User = "parkuser"
	if err := post(t, c, "PayScanCode", protocol.ScanPay{ParkCode: "7", OrderNo: "O2", CarNo: "B3", InTime: entered, Amount: 600, AuthCode: "134567890123456789"}); err != nil {
		t.Fatal(err)
	}
	out.await(t, "车辆已离场")
	if status, _, stderr := once(t, "platform", "--config", config, "--client", "nobody", "--listen", "127.0.0.1:0", "--lang", "en"); status != wrong || !strings.Contains(stderr, `no [[client]] named "nobody"`) {
		t.Errorf("status %d, stderr %q for a client that is not there", status, stderr)
	}
}

func TestANastyPlatformShowsWhatItDoes(t *testing.T) {
	out, _ := background(t, platformArgs("--nasty", "--seed", "3", "--slow", "1ms")...)
	c := agentSide(t, out, "secret-1")
	failed := 0
	for range 80 {
		if err := post(t, c, "PostCarInInfo", testEntry("粤B12345")); err != nil {
			failed++
		}
	}
	if failed == 0 || failed == 80 {
		t.Errorf("%d of 80 reports failed", failed)
	}
	for _, want := range []string{"the connection was cut", "answered with an error page (HTTP 502)", "answered with an error page (HTTP 200)", "记录已存在"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nobody said %q in\n%s", want, out)
		}
	}
}
