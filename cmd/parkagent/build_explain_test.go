package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"parkagent/agent/config"
)

// TestDriversMistakesAreSaidInChinese asks the drivers themselves, so that a
// message which they word in another way is noticed.
func TestDriversMistakesAreSaidInChinese(t *testing.T) {
	const relay, panel, hik, vz = "modbus-relay", "fangkong", "hikvision", "vzenith"
	kinds := map[string]string{relay: "gate", panel: "display", hik: "camera", vz: "camera", "dahua": "camera", "generic": "camera"}
	option := func(driver, options, want string) [3]string {
		link := ""
		if kinds[driver] != "camera" {
			link = "link = \"COM1\"\n"
		}
		return [3]string{driver, link + "options = { " + options + " }", want}
	}
	link := func(driver, link, want string) [3]string {
		return [3]string{driver, "link = \"" + link + "\"\noptions = { open = 0 }", "链接有误：" + want}
	}
	tests := [][3]string{
		option(relay, "open = 0, unti = 1", "没有选项 unti，可用的有：close, "),
		option(panel, "line = 4", "没有选项 line，可用的有：ack, address, "),
		option(relay, "unit = 1", "缺少选项 open"),
		option(relay, "open = 0, unit = 0", "选项 unit 应为 1 到 255；0 表示线路上所有的板"),
		option(relay, "open = 0, unit = 300", "选项 unit 应在 0 到 255 之间，现在是 300"),
		option(relay, `open = "0"`, `选项 open 应为 0 到 65535 的整数（不带引号），现在是 "0"`),
		option(relay, "open = 0, close = 0", "选项 open：继电器 0 已用于 close"),
		option(relay, "open = 0, presence = 1, limit_open = 1", "选项 presence：输入 1 已用于 limit_open"),
		option(relay, "open = 0, close = 3000", "编号 0 和 3000 相差超过 2000"),
		option(relay, `open = 0, pulse = "9s"`, "选项 pulse 应在 100ms 到 5s 之间，现在是 9s"),
		option(relay, `open = 0, pulse = "550ms"`, "选项 pulse 应在 100ms 到 5s 之间，且为 100ms 的倍数，现在是 550ms"),
		option(relay, `open = 0, model = "acme"`, `选项 model 只能是 coils, waveshare, `),
		option(relay, `open = 32, model = "waveshare"`, "选项 open：编号 32 应在 0 到 31 之间"),
		option(relay, `open = 0, inputs = 8, presence = 8`, "选项 presence：编号 8 应在 0 到 7 之间"),
		option(relay, "open = 0, stop_active_low = true", "选项 stop_active_low 没有用：没有接继电器 stop"),
		option(relay, "open = 0, pulse = 500", `选项 pulse 应为带引号的时长，例如 "500ms"，现在是 500`),
		option(relay, `open = 0, pulse_mode = "relay"`, `选项 pulse_mode 只能是 ["coil" "waveshare" "jydam"]，现在是 "relay"`),
		option(relay, "open = 0, pulse_mode = 1", "选项 pulse_mode 应为带引号的文字，现在是 1"),
		option(relay, `open = 300, pulse_mode = "jydam"`, `选项 open：pulse_mode 为 "jydam" 的板没有继电器 300`),
		option(relay, `open = 0, self_guarded = "yes"`, `选项 self_guarded 应为 true 或 false（不带引号），现在是 "yes"`),
		option(relay, "open = 0, presence_active_low = true", "选项 presence_active_low 没有用：没有接输入 presence"),
		option(panel, "lines = 9", "选项 lines 应在 1 到 8 之间，现在是 9"),
		option(panel, "ack = 1", "选项 ack 应为 true 或 false（不带引号），现在是 1"),
		option(hik, `channel = "1"`, `选项 channel 应为 1 到 64 的整数（不带引号），现在是 "1"`),
		option(hik, "channel = 99", "选项 channel 应在 1 到 64 之间，现在是 99"),
		option(vz, "opens = 1", "选项 opens 应为带引号的文字，现在是 1"),
		option(vz, `opens = "sesame"`, `选项 opens 只能是 plate, comet, heartbeat，现在是 "sesame"`),
		link(relay, "http://10.0.0.1", "开头应为 serial://、usb: 或 tcp://"),
		link(relay, "tcp://10.0.0.1：502", "应为 tcp://地址:端口，例如 tcp://192.168.1.20:502；冒号要用英文的"),
		link(relay, "tcp://10.0.0.1:70000", `端口 "70000" 应为 1 到 65535 的数字`),
		link(relay, "tcp://10.0.0.1:502/x", `tcp:// 的端口后面不能有 "/x"`),
		link(relay, "tcp://10.0.0.1:502?baud=9600", "tcp:// 没有参数 baud；波特率等在串口服务器上设置"),
		link(relay, "COM1?baut=9600", "没有参数 baut；串口可用 baud、parity、data、stop"),
		link(relay, "COM1?baud=1&baud=2", "参数 baud 只能写一次"),
		link(relay, "COM1?parity=无", `parity 应为 none（无）、even（偶）或 odd（奇），现在是 "无"`),
		link(relay, "COM1?baud=96OO", `baud 应为 50 到 4000000 的数字，现在是 "96OO"`),
		link(relay, "tcp://10.0.0.1:502?framing=ascii", `framing 应为 rtu 或 tcp，现在是 "ascii"`),
		link(relay, "tcp://10.0.0.1:502?timeout=fast", `timeout 应为时长，例如 500ms，现在是 "fast"`),
		link(relay, "COM1?framing=tcp", "framing=tcp 只用于 tcp://"),
		link(relay, "serial://", "没有写串口"),
		link(relay, "serial://dev/ttyS1", `"dev" 不是串口；应为 serial:///dev/ttyS1（三个斜杠）`),
		link(relay, "serial:ttyS1", "应为 serial:///dev/ttyS1（三个斜杠）"),
		{hik, `link = "192.168.1.64"`, "应为 http://地址，例如 http://192.168.1.64"},
		{hik, `link = "http://admin:x@192.168.1.64"`, "用户名和密码写在 user 和 password"},
		{hik, `link = "http://192.168.1.64/?a=b"`, "地址里不能有 ? 和 #"},
		{hik, `options = { events = "stream" }`, `events 为 "stream" 时由本机取流，必须填写链接`},
		{"dahua", `options = { events = "snap" }`, `events 为 "snap" 时由本机取流，必须填写链接`},
		{"generic", `options = { paths = { plate = "p" }, snapshot_url = "/p.jpg" }`, "有 snapshot_url 时必须填写链接"},
		{panel, "link = \"camera:C1?port=0\"", "链接有误：应为 camera:相机编号?serial=串口号，例如 camera:C1?serial=0"},
		link(relay, "usb:1A86", "应为 usb:VID:PID，各四位十六进制数，例如 usb:1A86:7523"),
		link(relay, "tcp://admin@10.0.0.1:502", "链接中不能有用户名，也不能有 #"),
	}
	english := regexp.MustCompile(`\b(want|is|not|option|link|unknown|than)\b`)
	for _, tt := range tests {
		_, err := config.Parse("park.toml", []byte(testPark+deviceTable("D1", kinds[tt[0]], tt[0], "ip = \"127.0.0.1\"\n"+tt[1])), t.TempDir(), known())
		var all config.Errors
		if !errors.As(err, &all) || !strings.Contains(all[0].Chinese, tt[2]) || english.MatchString(all[0].Chinese) {
			t.Errorf("%s: mistakes %+v, want %q", tt[1], all, tt[2])
		}
	}
}

func TestAGateAtACameraWithoutALinkIsExplainedInChinese(t *testing.T) {
	for _, driver := range []string{"hikvision", "dahua"} {
		text := testPark + deviceTable("C1", "camera", driver, `ip = "127.0.0.1"`) + deviceTable("G1", "gate", driver, `options = { camera = "C1" }`)
		_, err := config.Parse("park.toml", []byte(text), t.TempDir(), known())
		var all config.Errors
		if !errors.As(err, &all) || !strings.Contains(all[0].Chinese, "没有写 link（http://地址），不能控制道闸") {
			t.Errorf("%s: mistakes %+v", driver, all)
		}
	}
}

func TestADriversUnknownWordsStand(t *testing.T) {
	if got := optionInChinese("option x: is odd"); got != "option x: is odd" {
		t.Errorf("optionInChinese = %q", got)
	}
	if got := linkInChinese(`link "a": is odd`, "a"); got != "is odd" {
		t.Errorf("linkInChinese = %q", got)
	}
}
