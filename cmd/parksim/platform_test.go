package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parkagent/protocol"
)

const testKey = "abcdefghijklmnopqrstuvwx"

// agentSide returns the uplink client of the platform that out tells of.
func agentSide(t *testing.T, out *transcript, password string) *protocol.Client {
	t.Helper()
	_, rest, _ := strings.Cut(out.await(t, "The platform is at "), "at ")
	address, _, _ := strings.Cut(rest, " ")
	return &protocol.Client{URL: address + "park", User: "park1", Password: password, Cipher: cipher(t)}
}

func cipher(t *testing.T) *protocol.Cipher {
	t.Helper()
	c, err := protocol.NewCipher(testKey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func post(t *testing.T, c *protocol.Client, name string, message any) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := c.Post(ctx, name, message)
	return err
}

// read returns the body of a response.
func read(t *testing.T, response *http.Response) string {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func testEntry(plate string) protocol.CarIn {
	return protocol.CarIn{ParkCode: "7", PlateNo: plate, EntryTime: "2026/01/05 08:00:00", EntryPlace: "入口1"}
}

func platformArgs(more ...string) []string {
	return append([]string{"platform", "--listen", "127.0.0.1:0", "--user", "park1", "--password", "secret-1", "--key", testKey, "--park-code", "7"}, more...)
}

func TestPlatformTellsEachReportAndAddsThemUp(t *testing.T) {
	out, stop := background(t, platformArgs()...)
	c := agentSide(t, out, "secret-1")
	reports := []struct {
		name    string
		message any
		want    string
	}{
		{"PostCarInInfo", testEntry("粤B12345"), "entry of 粤B12345, 2026/01/05 08:00:00, 入口1"},
		{"PostCarInInfo", testEntry("粤B12345"), "(again)"},
		{"PostCarBillDetail", protocol.BillDetail{ParkCode: "7", PlateNo: "粤B12345", TotalMoney: 650, PayMoney: 450, FreeMoney: 200, PayTime: "2026/01/05 09:00:00", Remark: "O1"}, "due 6.50, paid 4.50, waived 2.00, order O1"},
		{"PostPayDetail", protocol.PayDetail{ParkCode: "7", PlateNo: "粤B12345", EntryTime: "2026/01/05 08:00:00", LeaveTime: "2026/01/05 09:01:00", PreMoney: 450, ImgName: "http://x/y.jpg"}, "exit of 粤B12345"},
		{"PostFreeParkingSpace", protocol.FreeSpaces{ParkCode: "7", FreeSpaceNum: 3, TotalSpaceNum: 9}, "3 of 9 places are free"},
		{"PostDeviceState", protocol.DeviceState{ParkCode: "7", DeviceCode: "G1", Status: "1", Remark: "无应答"}, "is faulty, status 1 无应答"},
	}
	for _, r := range reports {
		if err := post(t, c, r.name, r.message); err != nil {
			t.Fatalf("post %s: %v", r.name, err)
		}
		if line := out.await(t, r.want); !strings.Contains(line, r.name) {
			t.Errorf("line %q does not name %s", line, r.name)
		}
	}
	response, err := http.Get(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, response)
	const want = "Totals: 5 reports (and 1 again, 0 refused); 1 entries, 1 exits, 1 payments; cars that left had paid 4.50, single payments 4.50"
	if strings.TrimSpace(page) != want {
		t.Errorf("the page says %q, want %q", page, want)
	}
	if status := stop(); status != done || !strings.HasSuffix(strings.TrimSpace(out.String()), want) {
		t.Errorf("status %d at the end, and the last line of:\n%s\nis not %q", status, out, want)
	}
}

func TestPlatformTellsWhyItRefuses(t *testing.T) {
	out, _ := background(t, platformArgs()...)
	c := agentSide(t, out, "wrong")
	if err := post(t, c, "PostCarInInfo", testEntry("粤B12345")); err == nil {
		t.Error("a wrong password was taken")
	}
	out.await(t, "用户名或密码错误")
	c.Password = "secret-1"
	stranger := testEntry("粤B12345")
	stranger.ParkCode = "8"
	if err := post(t, c, "PostCarInInfo", stranger); err == nil {
		t.Error("a wrong park code was taken")
	}
	out.await(t, "停车场编号不存在")
}

func TestPlatformFailsOnDemand(t *testing.T) {
	out, _ := background(t, platformArgs("--refuse", "1", "--drop", "1", "--lose", "1")...)
	c := agentSide(t, out, "secret-1")
	for _, want := range []string{"模拟拒绝", "the connection was cut", "entry of 粤B12345", "(again)"} {
		err := post(t, c, "PostCarInInfo", testEntry("粤B12345"))
		if last := want == "(again)"; (err == nil) != last {
			t.Errorf("before %q: the report ended with %v", want, err)
		}
		out.await(t, want)
	}
}

func TestPlatformGoesAwayAndComesBack(t *testing.T) {
	out, _ := background(t, platformArgs("--down-after", "1ms", "--down-for", "1ms")...)
	c := agentSide(t, out, "secret-1")
	out.await(t, "-- away --")
	out.await(t, "-- back --")
	if err := post(t, c, "PostCarInInfo", testEntry("粤B12345")); err != nil {
		t.Errorf("after the outage: %v", err)
	}

	out, _ = background(t, platformArgs("--down-after", "1ms")...)
	c = agentSide(t, out, "secret-1")
	out.await(t, "-- away --")
	if err := post(t, c, "PostCarInInfo", testEntry("粤B12345")); err == nil {
		t.Error("a report was taken during the outage")
	}
}

func TestPlatformIsWhoTheConfigurationSays(t *testing.T) {
	path := file(t, "park.toml", siteConfig)
	out, _ := background(t, "platform", "--listen", "127.0.0.1:0", "--config", path)
	c := agentSide(t, out, "park-password-1")
	out.await(t, "the configuration reports to http://platform.example/park, which is not here")
	c.User = "parkuser"
	if err := post(t, c, "PostCarInInfo", testEntry("粤B12345")); err != nil {
		t.Errorf("the configuration's credentials are refused: %v", err)
	}
	if status, _, stderr := once(t, "platform", "--config", path, "--name", "other", "--lang", "en"); status != wrong || !strings.Contains(stderr, `no [[platform]] named "other"`) {
		t.Errorf("status %d, stderr %q for a name that is not there", status, stderr)
	}
}
