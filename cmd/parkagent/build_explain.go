package main

import (
	"fmt"
	"regexp"
	"strings"
)

// A saying is how drivers word a mistake in a link or an option, and its
// Chinese, with the parts of the pattern as $1, $2 and so on.
type saying struct {
	english *regexp.Regexp
	chinese string
}

func said(english, chinese string) saying {
	return saying{regexp.MustCompile("^" + english + "$"), chinese}
}

// optionSayings are the mistakes in options. Every driver names the option
// first, with or without quotes.
func optionSayings() []saying {
	const option = `option "?([^":]+)"?: `
	return []saying{
		said(`unknown option "([^"]*)": want one of (.*)`, "没有选项 $1，可用的有：$2"),
		said(`unknown option "(.*)"`, "没有选项 $1"),
		said(option+`is missing`, "缺少选项 $1"),
		said(option+`(".*") is no path such as (.*)`, "选项 $1 应为路径，例如 $3，现在是 $2"),
		said(option+`(".*") is not unix, unix_ms or a layout such as (.*)`, "选项 $1 应为 unix、unix_ms 或格式，例如 $3，现在是 $2"),
		said(option+`(".*") does not begin with /: it is a path on the camera of the link`, "选项 $1 应为相机上以 / 开头的路径，现在是 $2"),
		said(option+`0 means every board on the line: want 1 to 255`, "选项 $1 应为 1 到 255；0 表示线路上所有的板"),
		said(option+`(.*) is not between (.*) and (.*) in steps of (.*)`, "选项 $1 应在 $3 到 $4 之间，且为 $5 的倍数，现在是 $2"),
		said(option+`(relay|input) (.*) is not from (.*) to (.*)`, "选项 $1：编号 $3 应在 $4 到 $5 之间"),
		said(option+`(.*) is not from (.*) to (.*)`, "选项 $1 应在 $3 到 $4 之间，现在是 $2"),
		said(option+`want a whole number from (.*) to (.*), have (.*)`, "选项 $1 应为 $2 到 $3 的整数（不带引号），现在是 $4"),
		said(option+`want true or false, have (.*)`, "选项 $1 应为 true 或 false（不带引号），现在是 $2"),
		said(option+`want text, have (.*)`, "选项 $1 应为带引号的文字，现在是 $2"),
		said(option+`(.*) is not a time such as (.*)`, "选项 $1 应为带引号的时长，例如 $3，现在是 $2"),
		said(option+`unknown mode (.*): want one of (.*)`, "选项 $1 只能是 $3，现在是 $2"),
		said(option+`(".*") is not one of (.*)`, "选项 $1 只能是 $3，现在是 $2"),
		said(option+`relay (.*) is (.*) already`, "选项 $1：继电器 $2 已用于 $3"),
		said(option+`input (.*) is (.*) already`, "选项 $1：输入 $2 已用于 $3"),
		said(option+`there is no (.*) relay`, "选项 $1 没有用：没有接继电器 $2"),
		said(option+`there is no (.*) input`, "选项 $1 没有用：没有接输入 $2"),
		said(option+`relay (.*) is more than a board with mode (.*) has`, "选项 $1：pulse_mode 为 $3 的板没有继电器 $2"),
		said(option+`want a list of texts, have (.*)`, `选项 $1 应为文字列表，例如 ["a", "b"]，现在是 $2`),
		said(option+`want a table in braces, have (.*)`, "选项 $1 应为花括号中的表，例如 { a = 1 }，现在是 $2"),
		said(option+`want (\d+) or (\d+), have (.*)`, "选项 $1 应为 $2 或 $3，现在是 $4"),
		said(option+`(.*) between (\d+) frames takes longer than a screen may; (.*) is the most`, "选项 $1：每屏 $3 帧时最多 $4，否则一屏发不完，现在是 $2"),
		said(option+`(\d+) points are too few for (\d+) lines of (\d+)`, "选项 $1：$3 行每行至少 $4 点，$2 点不够"),
		said(option+`(\d+) is not a multiple of (\d+)`, "选项 $1 应为 $3 的倍数，现在是 $2"),
		said(option+`relay (.*) opens already`, "选项 $1：继电器 $2 已用于开闸"),
		said(option+`needs (.*)`, "选项 $1 还需要 $2"),
		said(option+`must be given`, "必须填写选项 $1"),
		said(option+`is missing: want what the number is while nothing stands there`, "缺少选项 $1：没有车时该数是多少"),
		said(option+`(\d+): value says already what the number is then`, "选项 $1 不能写 $2：value 已说明没有车时的数，二者只写一种"),
		said(option+`(\d+) has bits that mask leaves out: it would never be read`, "选项 $1：$2 含有 mask 以外的位，永远读不到"),
		said(option+`is of no use with means (.*)`, "选项 $1 在 means 为 $2 时没有用"),
		said(option+`there is no (\S+) (\S+)`, "选项 $1 没有用：没有 $2（$3）"),
		said(option+`there is no (\S+)`, "选项 $1 没有用：没有写 $2"),
		said(option+`(.*) is not up to (\d+) bytes in hexadecimal such as (.*)`, "选项 $1 应为最多 $3 个字节的十六进制数，例如 $4，现在是 $2"),
		said(option+`there is nothing to send: wake or model is missing`, "选项 $1 没有用：没有要发送的内容，请写 wake 或 model"),
		said(option+`want the SHA-256 fingerprint of a certificate, 64 hexadecimal digits`, "选项 $1 应为证书的 SHA-256 指纹，64 位十六进制数"),
		said(option+`is what is written anyhow: want another value than (.*)`, "选项 $1 不能与要写的值 $2 相同"),
		said(option+`goes with release`, "选项 $1 要与 release 一起写"),
		said(option+`says what the limits say: want one or the other`, "选项 $1 和限位选项只能写一种"),
		said(`camera (.*) has no link, so it cannot be told to move a barrier`, "相机 $1 没有写 link（http://地址），不能控制道闸"),
		said(`camera of the gate has no link, by which the gate would be moved`, "所写的相机没有写 link（http://地址），不能控制道闸"),
		said(`option (relay|input|coil|discrete|holding) numbers: (.*) and (.*) are more than (.*) apart`, "编号 $2 和 $3 相差超过 $4"),
	}
}

// linkSayings are the mistakes in links, without the link itself, which stands
// below the message anyway.
func linkSayings() []saying {
	return []saying{
		said(`unknown kind (.*): want (.*), (.*) or (.*)`, "开头应为 $2、$3 或 $4"),
		said(`want tcp://HOST:PORT`, "应为 tcp://地址:端口，例如 tcp://192.168.1.20:502；冒号要用英文的"),
		said(`port (".*") is not a number from (.*) to (.*)`, "端口 $1 应为 $2 到 $3 的数字"),
		said(`a tcp link has no path (.*)`, "tcp:// 的端口后面不能有 $1"),
		said(`a tcp link has no parameter "(.*)"`, "tcp:// 没有参数 $1；波特率等在串口服务器上设置"),
		said(`unknown parameter "(.*)"`, "没有参数 $1；串口可用 baud、parity、data、stop"),
		said(`parameter "(.*)" is given .* times`, "参数 $1 只能写一次"),
		said(`parity (".*") is not none, even or odd`, "parity 应为 none（无）、even（偶）或 odd（奇），现在是 $1"),
		said(`(baud|data|stop) (".*") is not a number from (.*) to (.*)`, "$1 应为 $3 到 $4 的数字，现在是 $2"),
		said(`(framing|echo) (".*"): want (.*) or (.*)`, "$1 应为 $3 或 $4，现在是 $2"),
		said(`(timeout|quiet) (".*"): time: .*`, "$1 应为时长，例如 500ms，现在是 $2"),
		said(`framing tcp needs a tcp:// link`, "framing=tcp 只用于 tcp://"),
		said(`names no port`, "没有写串口；应为 serial:///dev/ttyS1 或 serial://COM3"),
		said(`(".*") is not a port: write .*`, "$1 不是串口；应为 serial:///dev/ttyS1（三个斜杠）或 serial://COM3"),
		said(`write serial:///dev/NAME or serial://COM3`, "应为 serial:///dev/ttyS1（三个斜杠）或 serial://COM3"),
		said(`want usb:VID:PID or .*`, "应为 usb:VID:PID，各四位十六进制数，例如 usb:1A86:7523"),
		said(`want camera:CODE\?serial=NUMBER`, "应为 camera:相机编号?serial=串口号，例如 camera:C1?serial=0"),
		said(`a link has no user and no fragment`, "链接中不能有用户名，也不能有 #"),
	}
}

// cameraLinkSayings are the mistakes in the links of cameras.
func cameraLinkSayings() []saying {
	return []saying{
		said(`want http://address(, have .*)?`, "相机的链接应为 http://地址，例如 http://192.168.1.64"),
		said(`user and password do not belong into the link`, "用户名和密码写在 user 和 password，不写在链接里"),
		said(`want an address without \? and #, have .*`, "相机的链接应为 http://地址，地址里不能有 ? 和 #"),
		said(`events (".*") need one`, "events 为 $1 时由本机取流，必须填写链接"),
		said(`events = (".*") asks the camera, so its link must be given`, "events 为 $1 时由本机取流，必须填写链接"),
		said(`snapshot_url needs one`, "有 snapshot_url 时必须填写链接"),
	}
}

// optionInChinese returns what a driver says about an option in Chinese, or its
// own words where it says something else.
func optionInChinese(message string) string { return translate(message, optionSayings()) }

// linkInChinese is optionInChinese for a link.
func linkInChinese(message, link string) string {
	return translate(strings.TrimPrefix(message, fmt.Sprintf("link %q: ", link)), linkSayings())
}

func translate(message string, sayings []saying) string {
	for _, s := range sayings {
		if s.english.MatchString(message) {
			return s.english.ReplaceAllString(message, s.chinese)
		}
	}
	return message
}
