package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"parkagent/agent/config"
	"parkagent/drivers"
)

// What Windows says for ECONNREFUSED, EHOSTUNREACH and ENETUNREACH. No other
// system has errors with these numbers.
const (
	wsaConnectionRefused = syscall.Errno(10061)
	wsaHostUnreachable   = syscall.Errno(10065)
	wsaNetUnreachable    = syscall.Errno(10051)
)

// explain turns a driver's error into what an installer can act upon: what was
// tried, what happened, and what to look at first.
func (j *job) explain(err error) error {
	tried := j.tried()
	said, ok := causeOf(err)
	switch {
	case ok:
	case errors.Is(err, errors.ErrUnsupported):
		said = text{"这台相机不能按命令抓拍：没有写 link，或型号不支持", "this camera takes no picture on command: it has no link, or the model cannot"}
	case errors.Is(err, drivers.ErrOffline):
		said = j.offline()
	case errors.Is(err, drivers.ErrRefused):
		said = j.refused()
	default:
		said = text{"出错", "it failed"}
	}
	return &failure{text{
		fmt.Sprintf("设备 %s（%s）：%s", j.code, tried.zh, said.zh),
		fmt.Sprintf("device %s (%s): %s", j.code, tried.en, said.en),
	}, err}
}

// causeOf says what happened and what to look at, where the system or the other
// side said why a device was not reached.
func causeOf(err error) (text, bool) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return text{"没有这个端口。请检查 link 写的端口，转换器是否插好", "there is no such port. Check the port that link names, and whether the adapter is plugged in"}, true
	case errors.Is(err, fs.ErrPermission):
		return text{"无权打开端口。请用 sudo，或让当前用户加入 dialout 组", "the port may not be opened. Use sudo, or put this user into the group dialout"}, true
	case errors.Is(err, syscall.EBUSY):
		return text{"端口已被占用：多半是 parkagent 正在运行，请先停止服务；也可能是串口调试软件", "the port is taken, most likely by a running parkagent: stop the service first; it may also be a terminal program"}, true
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, wsaConnectionRefused):
		return text{"该地址拒绝连接。请检查 IP 和端口号；有些设备同时只接受一个连接，而 parkagent 可能正在运行", "the address refuses the connection. Check address and port; some devices take one connection at a time, and parkagent may be running"}, true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, wsaHostUnreachable), errors.Is(err, wsaNetUnreachable):
		return text{"到不了该地址。请检查设备的电源和网线，本机与设备的 IP 是否在同一网段", "the address cannot be reached. Check the device's power and network cable, and whether this machine's address and the device's are in one network"}, true
	case err != nil && strings.Contains(err.Error(), "exception '11'"), err != nil && strings.Contains(err.Error(), "exception '10'"):
		return text{"网关有应答，但后面没有这个站号的板。请检查 unit、板上拨码、网关与板之间的接线和波特率", "the gateway answers, but no board with this unit behind it. Check unit, the switches on the board, and wires and speed between the two"}, true
	case err != nil && strings.Contains(err.Error(), "not Modbus TCP"):
		return text{"该地址有应答，但不是 Modbus TCP。请检查 IP 和端口号；经串口服务器接的板，link 要加 ?framing=rtu", "something answers, but not in Modbus TCP. Check address and port; for a board behind a serial server, ?framing=rtu in link"}, true
	}
	return text{}, false
}

// tried says how the device was spoken to.
func (j *job) tried() text {
	t := text{"没有 link", "no link"}
	if j.device.Link != "" {
		t = text{j.device.Link, j.device.Link}
	}
	if n, ok := j.all.units[j.code]; ok {
		unit := text{"，站号 %d", ", unit %d"}.with(n)
		t = text{t.zh + unit.zh, t.en + unit.en}
	}
	return t
}

// offline says what to look at when a device does not answer.
func (j *job) offline() text {
	said := text{"没有应答", "no answer"}
	if j.sent {
		said = text{said.zh + "，是否执行不得而知", said.en + ", so that it is not known whether it obeyed"}
	}
	look := lookAt(j.device)
	return text{said.zh + "。请检查：" + look.zh, said.en + ". Check " + look.en}
}

// lookAt lists what can keep a device from answering. A serial line and a
// network fail in different ways.
func lookAt(d config.Device) text {
	wires := text{"电源；A、B 线是否接反；波特率和校验；parkagent 是否正在运行并占用串口（先停止服务）", "its power; whether A and B are swapped; speed and parity; whether parkagent runs and has the port (stop the service first)"}
	if strings.HasPrefix(d.Link, "tcp://") || d.Kind == config.KindCamera {
		wires = text{"电源；网线", "its power; the network cable"}
		if d.Kind != config.KindCamera {
			wires = text{wires.zh + "；link 的 IP 和端口", wires.en + "; address and port in link"}
		}
		switch {
		case d.Kind == config.KindGate && strings.Contains(d.Link, "framing=rtu"):
			wires = text{
				wires.zh + "；串口服务器的波特率和校验，A、B 线是否接反；自带网口的板（Modbus TCP），link 不写 ?framing=rtu",
				wires.en + "; speed and parity of the serial server, and whether A and B are swapped; for a board with a network port of its own (Modbus TCP), no ?framing=rtu in link",
			}
		case d.Kind == config.KindGate:
			wires = text{wires.zh + "；经串口服务器接的板，link 要加 ?framing=rtu", wires.en + "; for a board behind a serial server, ?framing=rtu in link"}
		}
	}
	last := map[string]text{
		config.KindGate:    {"站号 unit", "the unit"},
		config.KindDisplay: {"屏的地址 address", "the panel's address"},
		config.KindCamera:  {"相机的 IP 和端口", "the camera's address and port"},
		config.KindScanner: {"扫码器是否为串口模式，型号 model 是否要先唤醒", "whether the scanner is in its serial mode, and whether its model must be woken"},
		config.KindPrinter: {"打印机是否联机；不应答的写 answers = \"none\"", "whether the printer is on line; for one that does not answer, answers = \"none\""},
	}[d.Kind]
	return text{wires.zh + "；" + last.zh, wires.en + "; " + last.en}
}

// refused says what to look at when a device, or its driver for safety's sake,
// said no.
func (j *job) refused() text {
	t := text{"命令被拒绝，没有执行。请检查", "the command was refused and did not happen. Check "}
	why := map[string]text{
		"close":    {"地感下是否有车、是否正被 hold 保持常开；没有地感时，道闸须自带防砸并注明 self_guarded = true", "whether something stands on the loop, and whether the gate is held open; without a loop, it must guard itself and say self_guarded = true"},
		"show":     {"屏的行数 lines 和地址 address", "the panel's lines and address"},
		"print":    {"纸、机盖和切刀", "paper, cover and cutter"},
		"snapshot": {"相机的用户名和密码（多次输错会锁定半小时）", "the camera's user and password; several wrong ones lock it for half an hour"},
	}
	w, ok := why[j.op]
	if !ok {
		w = text{"选项中的继电器号和输入号，从 0 数起", "the numbers of relays and inputs in the options, which count from 0"}
	}
	return text{t.zh + w.zh, t.en + w.en}
}
