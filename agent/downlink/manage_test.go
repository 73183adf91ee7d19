package downlink_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/downlink"
	"parkagent/agent/lane"
	"parkagent/drivers"
	"parkagent/protocol"
	"parkagent/store"
)

const openID = "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"

func TestACarWithoutAPlatePassesAtTheLaneOfAnyDevice(t *testing.T) {
	p := open(t, nil)
	tests := []struct {
		name, device string
		in, out      int // scans
		sentence     string
	}{
		{"the gate", `"deviceCode":"G1","deviceType":0`, 1, 0, ""},
		{"the camera, in lower case", `"deviceCode":"c1"`, 1, 0, ""},
		{"the display, by another name", `"deviceId":"L1"`, 1, 0, ""},
		{"the pay machine at the exit", `"deviceCode":"K2"`, 0, 1, ""},
		{"an address", `"deviceCode":"192.0.2.3","deviceType":1`, 0, 1, ""},
		{"the address of a pay machine", `"deviceCode":"192.0.2.11","deviceType":"1"`, 0, 1, ""},
		{"an address of two lanes", `"deviceCode":"192.0.2.9","deviceType":1`, 0, 0, "该IP对应多个车道，请使用设备编码"},
		{"an unknown device", `"deviceCode":"G7"`, 0, 0, "设备不存在"},
		{"a device without a lane", `"deviceCode":"X9"`, 0, 0, "设备不存在"},
		{"no device", `"deviceType":0`, 0, 0, "缺少必填参数 deviceCode"},
		{"another kind of address", `"deviceCode":"G1","deviceType":2`, 0, 0, "参数 deviceType 取值无效"},
	}
	for _, tt := range tests {
		p.in.answer(nil, false)
		p.out.answer(nil, false)
		want := tt.sentence
		if want == "" {
			want = done
		}
		p.walk([]step{{tt.name, scan, `{"parkCode":"1",` + tt.device + `,"cardNo":" ` + openID + ` "}`, want}})
		for lane, n := range map[*worker]int{p.in: tt.in, p.out: tt.out} {
			got := lane.scanned()
			if len(got) != n || n == 1 && got[0].CardNo != openID {
				t.Errorf("%s: scans = %v, want %d of %s", tt.name, got, n, openID)
			}
			if n == 1 && (got[0].Client != "mall" || got[0].Address != "127.0.0.1") {
				t.Errorf("%s: asked by %q at %q, want mall at 127.0.0.1", tt.name, got[0].Client, got[0].Address)
			}
		}
	}
}

func TestACardNumberHasMoreThanTwelveCharacters(t *testing.T) {
	p := open(t, nil)
	tests := []struct{ name, cardNo, want string }{
		{"thirteen", `"1234567890123"`, done},
		{"a number of thirteen digits", `1234567890123`, done},
		{"thirteen of several bytes", `"一二三四五六七八九十一二三"`, done},
		{"twelve", `"123456789012"`, "参数 cardNo 取值无效"},
		{"twelve of several bytes", `"一二三四五六七八九十一二"`, "参数 cardNo 取值无效"},
		{"spaces do not count", `" 12345678901   "`, "参数 cardNo 取值无效"},
		{"longer than any", `"` + strings.Repeat("1", 200) + `"`, "参数 cardNo 取值无效"},
		{"none", `""`, "缺少必填参数 cardNo"},
	}
	for _, tt := range tests {
		p.walk([]step{{tt.name, scan, `{"deviceCode":"G1","cardNo":` + tt.cardNo + `}`, tt.want}})
	}
	if got := p.in.scanned(); len(got) != 3 {
		t.Errorf("scans = %v, want three", got)
	}
}

func TestAGateThatStaysShutSaysWhy(t *testing.T) {
	p := open(t, nil)
	refused := func(why access.Reason) error { return fmt.Errorf("scan: %w", &lane.RefusedError{Reason: why}) }
	device := func(err error) error {
		return &drivers.DeviceError{Device: "G2", Op: "raise", Err: fmt.Errorf("%w: no answer", err)}
	}
	tests := []struct {
		name     string
		err      error
		sentence string
	}{
		{"money is due", refused(access.ReasonDue), "停车费用未缴清，请先缴费"},
		{"a platform is asked", refused(access.ReasonAsking), "正在结算停车费用，请稍后再试"},
		{"full", refused(access.ReasonFull), "车位已满"},
		{"inside already", refused(access.ReasonCardInside), "该卡号已有车辆在场，不能重复入场"},
		{"never came in", refused(access.ReasonNoSession), "未找到在场车辆"},
		{"blacklisted", refused(access.ReasonBlacklist), "该车辆禁止入场"},
		{"no tariff, or above the limit", refused(access.ReasonOperator), "该车辆不能自动放行，请联系管理员"},
		{"nobody stands there", lane.ErrNoCar, "车道上未检测到车辆，请将车辆驶至道闸前"},
		{"the lane is busy", fmt.Errorf("%w: context done", lane.ErrBusy), "车道繁忙，未能在时限内确认执行，请稍后重试"},
		{"the gate does not answer", device(drivers.ErrOffline), "道闸无应答"},
		{"the gate refuses", device(drivers.ErrRefused), "道闸拒绝执行"},
		{"the gate is broken", device(errors.New("illegal data address")), "道闸故障"},
	}
	for _, tt := range tests {
		p.out.answer(tt.err, false)
		p.walk([]step{{tt.name, scan, `{"deviceCode":"G2","cardNo":"` + openID + `"}`, tt.sentence}})
	}
	// The lane has journalled what it took; only what it did not answer is ours.
	want := []store.CommandFact{refusedFact("G2", "scan", "mall", "no answer of the lane in time")}
	if diff := cmp.Diff(want, p.commands()); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	p.out.answer(errors.New("disk full"), false)
	if code, body := p.post(scan, p.sealed(`{"deviceCode":"G2","cardNo":"`+openID+`"}`), nil); code != http.StatusInternalServerError {
		t.Errorf("a fault of the books = %d %s, want 500", code, body)
	}
}

// refusedFact is the journal row of a command that no lane took.
func refusedFact(device, command, client, reason string) store.CommandFact {
	return store.CommandFact{
		Device: device, Command: command, Reason: "remote", Client: client, Address: "127.0.0.1", Result: "refused: " + reason,
	}
}

func TestRefusedScansAndAllPicturesAreJournalled(t *testing.T) {
	p := open(t, func(cfg *downlink.Config) {
		reader := mall()
		reader.Name, reader.User, reader.Permissions = "reader", "reader-user", []protocol.Permission{protocol.PermitQuery}
		cfg.Clients = append(cfg.Clients, reader)
		cfg.Lanes = append(cfg.Lanes, downlink.Lane{Code: "X", Devices: []string{"X9"}, Worker: &worker{}})
	})
	p.ask(scan, `{"deviceCode":"G7","cardNo":"`+openID+`"}`)
	p.ask(scan, `{"deviceCode":"G1","cardNo":"1"}`)
	p.ask(scan, `{"deviceCode":"X9","cardNo":"`+openID+`"}`)
	p.post(scan, p.sealed(`{}`), http.Header{"User": {"reader-user"}, "Pwd": {password}})
	p.ask(photo, `{"deviceCode":"G7"}`)
	p.ask(photo, `{"deviceCode":"G1","deviceType":3}`)
	p.ask(photo, `{"deviceCode":"C1"}`)
	p.in.answer(errors.ErrUnsupported, false)
	p.ask(photo, `{"deviceCode":"C1"}`)
	p.in.answer(&drivers.DeviceError{Device: "C1", Op: "snapshot", Err: drivers.ErrOffline}, false)
	p.ask(photo, `{"deviceCode":"192.0.2.1"}`)
	taken := refusedFact("C1", "photo", "mall", "")
	taken.Result = "ok"
	want := []store.CommandFact{
		refusedFact("G7", "scan", "mall", "unknown device"),
		refusedFact("G1", "scan", "mall", "cardNo: out of range"),
		refusedFact("X9", "scan", "mall", "no gate"),
		refusedFact("", "unknown", "reader", "permission missing"),
		refusedFact("G7", "photo", "mall", "unknown device"),
		refusedFact("G1", "photo", "mall", "deviceType: out of range"),
		taken,
		refusedFact("C1", "photo", "mall", "no camera that takes pictures"),
		refusedFact("192.0.2.1", "photo", "mall", "camera failed"),
	}
	if diff := cmp.Diff(want, p.commands()); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	if log := p.log.String(); strings.Contains(log, openID) {
		t.Errorf("the log names a driver:\n%s", log)
	}
}

func TestAPictureIsTakenByTheLaneOfTheDevice(t *testing.T) {
	p := open(t, nil)
	offline := &drivers.DeviceError{Device: "C1", Op: "snapshot", Err: drivers.ErrOffline}
	picture := func(n int) string {
		return fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"imageUrl":"http://park.test/now/%d.jpg"}]}`, n)
	}
	tests := []struct {
		name, params string
		err          error
		want         string
	}{
		{"the camera", `{"parkCode":"1","deviceCode":"C1","deviceType":0}`, nil, picture(1)},
		{"the gate of the lane", `{"deviceId":"g1"}`, nil, picture(1)},
		{"an address", `{"deviceCode":"192.0.2.1","deviceType":1}`, nil, picture(1)},
		{"an address of two lanes", `{"deviceCode":"192.0.2.9","deviceType":1}`, nil, "该IP对应多个车道，请使用设备编码"},
		{"an unknown device", `{"deviceCode":"C7"}`, nil, "设备不存在"},
		{"no device", `{}`, nil, "缺少必填参数 deviceCode"},
		{"a camera that cannot", `{"deviceCode":"C1"}`, fmt.Errorf("snapshot: %w", errors.ErrUnsupported), "该设备所在车道没有可抓拍的相机"},
		{"a camera that is away", `{"deviceCode":"C1"}`, offline, "相机抓拍失败，请稍后重试"},
		{"a busy lane", `{"deviceCode":"C1"}`, lane.ErrBusy, "车道繁忙，未能在时限内确认执行，请稍后重试"},
	}
	for _, tt := range tests {
		p.in.answer(tt.err, false)
		p.walk([]step{{tt.name, photo, tt.params, tt.want}})
	}
	if n := p.out.taken(); n != 0 {
		t.Errorf("the other lane took %d pictures", n)
	}
}

func TestScansAndPicturesAreAnsweredInTime(t *testing.T) {
	p := open(t, nil)
	p.in.answer(nil, true)
	began := time.Now()
	p.walk([]step{
		{"a scan", scan, `{"deviceCode":"G1","cardNo":"` + openID + `"}`, "车道繁忙，未能在时限内确认执行，请稍后重试"},
		{"a picture", photo, `{"deviceCode":"C1"}`, "车道繁忙，未能在时限内确认执行，请稍后重试"},
	})
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("the answers took %v, want less than 3s each", took)
	}
}

func TestFreePlacesAreSetForOneArea(t *testing.T) {
	p := open(t, nil)
	tests := []struct {
		name, params string
		want         string
		free         [2]int // afterwards
	}{
		{"an area", `{"parkCode":"1","areaCode":2,"freeSpaceNum":20}`, done, [2]int{100, 20}},
		{"no area: the first", `{"freeSpaceNum":"30"}`, done, [2]int{30, 20}},
		{"area 0: the first", `{"areaCode":0,"freeSpaceNum":0}`, done, [2]int{0, 20}},
		{"all places", `{"areaCode":"1","freeSpaceNum":100}`, done, [2]int{100, 20}},
		{"more than there are", `{"areaCode":1,"freeSpaceNum":101}`, "剩余车位数不能超过该区域的总车位数", [2]int{100, 20}},
		{"far more than there are", `{"areaCode":1,"freeSpaceNum":900000000000000}`, "剩余车位数不能超过该区域的总车位数", [2]int{100, 20}},
		{"less than none", `{"areaCode":1,"freeSpaceNum":-1}`, "参数 freeSpaceNum 取值无效", [2]int{100, 20}},
		{"nothing", `{"areaCode":1}`, "缺少必填参数 freeSpaceNum", [2]int{100, 20}},
		{"half a place", `{"areaCode":1,"freeSpaceNum":"1.5"}`, "参数 freeSpaceNum 格式错误", [2]int{100, 20}},
		{"an unknown area", `{"areaCode":7,"freeSpaceNum":1}`, "区域不存在", [2]int{100, 20}},
		{"an area that no number names", `{"areaCode":4294967297,"freeSpaceNum":1}`, "参数 areaCode 取值无效", [2]int{100, 20}},
		{"an area by name", `{"areaCode":"地库","freeSpaceNum":1}`, "参数 areaCode 格式错误", [2]int{100, 20}},
	}
	for _, tt := range tests {
		p.walk([]step{{tt.name, spaces, tt.params, tt.want}})
		areas, err := p.db.Areas(t.Context())
		if err != nil || len(areas) != 2 {
			t.Fatalf("areas = %v, %v", areas, err)
		}
		if got := [2]int{areas[0].Free(), areas[1].Free()}; got != tt.free {
			t.Errorf("%s: free = %v, want %v", tt.name, got, tt.free)
		}
	}
}

func TestAStayIsMarkedForDeduction(t *testing.T) {
	p := open(t, nil)
	p.enter("闽D02000")
	p.enter("京A11113")
	p.after(time.Second) // several cars are named oldest first
	p.enter("沪A11113")
	p.walk([]step{
		{"nobody", seamless, `{}`, "缺少必填参数 plateNo"},
		{"no plate", seamless, `{"plateNo":"-·-"}`, "参数 plateNo 取值无效"},
		{"no car", seamless, `{"plateNo":"粤B00001"}`, "未找到在场车辆"},
		{"several cars", seamless, `{"plateNo":"A11113"}`, "匹配到多辆车，请输入完整车牌：京A11113 沪A11113"},
		{"a car, without its province", seamless, `{"parkCode":"1","plateNo":"d-02000"}`, done},
		{"again", seamless, `{"parkCode":"1","plateNo":"闽D02000"}`, done},
	})
	s, err := p.db.OpenSessionByPlate(t.Context(), "闽D02000")
	if err != nil || !s.Seamless || s.SeamlessBy != "mall" {
		t.Errorf("session = seamless %v by %q, %v, want by mall", s.Seamless, s.SeamlessBy, err)
	}
	if s, err := p.db.OpenSessionByPlate(t.Context(), "京A11113"); err != nil || s.Seamless {
		t.Errorf("another car is marked: %v, %v", s.Seamless, err)
	}
}
