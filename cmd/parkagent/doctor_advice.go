package main

import "parkagent/drivers"

// The topics of findings about the box, its lines and its platforms. Those of
// devices are in package drivers.
const (
	topicConfig      drivers.Topic = "configuration"
	topicBoxClock    drivers.Topic = "box clock"
	topicRoom        drivers.Topic = "room"        // free on the disk of the data folder
	topicDisk        drivers.Topic = "disk"        // how long it takes until something is written for good
	topicCertificate drivers.Topic = "certificate" // of our own server
	topicAddress     drivers.Topic = "address"     // that we listen on
	topicAgent       drivers.Topic = "agent"       // what the running agent knows of a device
	topicTrial       drivers.Topic = "trial"       // whether a device can be tried at all
	topicUnits       drivers.Topic = "units"       // of boards that answer on a line
	topicPlatform    drivers.Topic = "platform"    // it answers
	topicTheirClock  drivers.Topic = "its clock"   // of a platform
	topicTheirName   drivers.Topic = "its certificate"
	topicQueue       drivers.Topic = "queue" // what a platform has not taken yet
)

// A remark is what a finding means, and what to do about it.
type remark struct{ found, advice text }

// remarkOn returns the words for a topic and level. What is fine needs no advice.
func remarkOn(topic drivers.Topic, level drivers.Level) remark {
	words := remarks()[topic]
	r := remark{found: words[level]}
	if level != drivers.LevelFine {
		r.advice = words[3]
		if level == drivers.LevelWrong && words[4].en != "" {
			r.advice = words[4]
		}
	}
	return r
}

// remarks has for each topic what it says when it is fine, odd and wrong, what to
// do about it, and what to do if it is wrong, where that is something else.
func remarks() map[drivers.Topic][5]text {
	all := deviceRemarks()
	for topic, words := range boxRemarks() {
		all[topic] = words
	}
	return all
}

func deviceRemarks() map[drivers.Topic][5]text {
	return map[drivers.Topic][5]text{
		drivers.TopicReach: {
			{"有应答", "answers"}, {"应答不稳定", "does not answer every time"}, {"没有应答", "no answer"},
			{"检查接线、接头和供电；串口设备再检查终端电阻和波特率", "check wires, plugs and power; on a serial line also the end resistors and the speed"},
			{"检查电源、接线或网线，以及配置中的 link", "check its power, its wires or network cable, and link in the configuration"},
		},
		drivers.TopicPort: {
			{"端口可用；此设备不回答询问，请用 device 命令试它", "the port opens; the device answers no questions: see with the device command whether it obeys"},
			{"端口可用，但没有听到应答", "the port opens, but no answer was heard"}, {"端口不可用", "the port cannot be used"},
			{"很多卡本来就不应答：用 device 编号 show 写字看；不显示时检查电源、接线、波特率、地址 address，以及是否选对 driver",
				"many boards never answer: write on it with device CODE show; if nothing appears, check power, wires, speed, address, and whether driver is the right one"},
			{"检查 link，以及转换器或串口服务器", "check link, and the adapter or serial server"},
		},
		drivers.TopicModel: {
			{"型号", "model"}, {"型号未经验证", "a model that the driver does not know"}, {"不是该驱动的设备", "not a device of this driver"},
			{"工作正常即可；否则核对 driver 和型号选项", "if all works, leave it; else check driver and the options for the model"},
			{"核对 driver，以及 link 是否指向了别的设备", "check driver, and whether link leads to another device"},
		},
		drivers.TopicLogin: {
			{"登录成功", "login works"}, {"暂时不能登录", "login is not possible now"}, {"用户名或密码被拒绝", "user or password are refused"},
			{"相机因多次输错密码而锁定，约半小时后自动解除；其间不要再试", "the camera is locked after wrong passwords and opens by itself after half an hour: do not try meanwhile"},
			{"在配置中改正 user 和 password，只试一次：多次输错会锁定半小时", "correct user and password in the configuration and try once: several wrong ones lock the camera for half an hour"},
		},
		drivers.TopicClock: {
			{"时钟，与本机相差", "its clock, differing from ours by"}, {"时钟有偏差", "its clock is off by"}, {"时钟错误", "its clock is wrong by"},
			{"在设备网页中打开 NTP 校时，时区设为本地", "switch on time by NTP in the device's web page, and set its time zone"},
			{"立即校时：太旧的识别不会开闸", "set it now: recognitions that seem too old open no gate"},
		},
		drivers.TopicGateList: {
			{"不按自带名单开闸", "opens by no list of its own"}, {"不能确定是否按自带名单开闸", "it is not known whether it opens by a list of its own"}, {"还按自带名单开闸", "opens by its own list, too"},
			{"在相机网页的出入口设置中确认由平台控制道闸", "see in the camera's page, at entrance and exit, that the platform controls the gate"},
			{"在相机网页把道闸控制改为平台（海康：ctrlMod = 1），并清空名单：否则未经记账的车也会放行", "let the platform control the gate in the camera's page (Hikvision: ctrlMod = 1) and empty its list: else cars pass that are in no book"},
		},
		drivers.TopicPush: {
			{"推送到", "pushes to"}, {"推送到别处", "pushes elsewhere"}, {"没有设置推送", "pushes nowhere"},
			{"在相机网页把接收事件的服务器设为本机：http://本机IP:端口/camera/设备编号/（有 token 时再加 token/）", "set the server for events in the camera's page: http://THIS BOX:PORT/camera/DEVICE CODE/, with a token followed by TOKEN/"},
		},
		drivers.TopicPicture: {
			{"图片，字节", "picture, bytes"}, {"图片大小不合适，字节", "a picture of an unusual size, bytes"}, {"没有图片", "no picture"},
			{"在相机中调整抓拍的分辨率和质量；200 到 400 kB 为宜，太大则上报慢、占磁盘", "adjust resolution and quality in the camera; 200 to 400 kB are best, larger ones are slow to report and fill the disk"},
			{"检查相机的抓拍通道号 channel 和镜头；相机自身网页中能否看到画面", "check channel and the lens; see whether the camera's own page shows a picture"},
		},
		drivers.TopicHeard: {
			{"最近一次联系", "last heard"}, {"很久没有联系", "not heard for long"}, {"没有联系过", "never heard"},
			{"检查相机中设置的服务器地址，是否有防火墙，以及配置中的 ip 和 token；日志 push refused 会写明原因", "check the server set in the camera, firewalls, and ip and token in the configuration; the log says why at push refused"},
		},
		drivers.TopicInputs: {
			{"输入", "inputs"}, {"输入可疑", "inputs look odd"}, {"输入互相矛盾", "inputs contradict each other"},
			{"在现场对照：车在不在、杆在上在下；检查输入号和 …_active_low", "compare with what you see: is a car there, is the arm up; check the numbers of inputs and …_active_low"},
			{"检查限位和地感的接线、输入号和 …_active_low；两个限位不可能同时有效", "check the wires of limits and loops, their numbers and …_active_low; both limits cannot be active at once"},
		},
		drivers.TopicRelays: {
			{"继电器正常", "relays are as they should be"}, {"有继电器吸合", "relays are on"}, {"继电器状态不对", "relays are not as they should be"},
			{"若道闸并未设为常开，用 device CODE release 断开；再次出现时检查触点是否粘连", "unless the gate is held open, release it with device CODE release; if it comes again, see whether the contact sticks"},
			{"检查继电器板和常开、常闭选项；触点可能粘连", "check the board and the options for normally open and closed; a contact may stick"},
		},
		drivers.TopicMode: {
			{"工作模式正常，不会自行动作", "its mode is the normal one: it moves nothing by itself"}, {"工作模式未知", "its mode is not known"}, {"会自行动作继电器", "moves relays by itself"},
			{"用厂家软件确认控制模式为普通模式", "see with the maker's program that its mode is the normal one"},
			{"用厂家软件把控制模式改为普通（微雪：寄存器 1000+通道 写 0），否则输入会直接带动继电器", "set its mode to normal with the maker's program (Waveshare: 0 in register 1000 + channel): else inputs move relays"},
		},
		drivers.TopicLine: {
			{"线路干净", "the line is clean"}, {"线路上有干扰、回声或迟到的应答", "noise, echo or late answers on the line"}, {"线路不可用", "the line cannot be used"},
			{"用双绞线，两端各接 120 Ω，屏蔽一端接地，远离电机线；板慢时在 link 加 &quiet=20ms 或 &timeout=500ms", "use twisted wires, 120 Ω at both ends, a shield earthed at one end, away from motors; for slow boards add &quiet=20ms or &timeout=500ms to the link"},
			{"检查 A、B 是否接反，波特率和校验，是否有两台设备用同一站号或两个主站", "check whether A and B are swapped, speed and parity, and whether two devices have one unit or two masters one line"},
		},
		drivers.TopicPaper: {
			{"纸和机盖正常", "paper and cover are well"}, {"纸将用完", "paper is low"}, {"缺纸，或机盖未合上", "no paper, or the cover is open"},
			{"准备新纸卷", "have a new roll ready"},
			{"换纸，合上机盖，清理切刀", "put paper in, close the cover, clear the cutter"},
		},
	}
}

func boxRemarks() map[drivers.Topic][5]text {
	return map[drivers.Topic][5]text{
		topicConfig: {
			{"配置正确", "the configuration is right"}, {"配置中应留意", "to know about the configuration"}, {"配置有误", "the configuration is wrong"},
			{"若是有意如此，不必理会", "leave it if it is meant so"},
			{"用 parkagent check 查看", "see parkagent check"},
		},
		topicBoxClock: {
			{"本机时钟", "the clock of this box"}, {"本机时钟没有校时", "the clock of this box is set by nobody"}, {"本机时钟错误", "the clock of this box is wrong"},
			{"打开 NTP（timedatectl set-ntp true），或装带电池的时钟：协议密钥每天更换，费用按它计算", "switch on NTP (timedatectl set-ntp true) or fit a clock with a battery: keys change every day, and fees are counted by it"},
		},
		topicRoom: {
			{"数据目录可用空间", "free on the disk of the data folder"}, {"数据目录空间不多", "little room on the disk of the data folder"}, {"数据目录空间不足", "too little room on the disk of the data folder"},
			{"删除 images 下的旧日期目录；不要删除 park.db*", "delete old day folders below images; never park.db*"},
		},
		topicDisk: {
			{"写盘用时", "time to write for good"}, {"写盘很慢", "the disk is slow to write"}, {"不能写数据目录", "the data folder cannot be written"},
			{"每次开闸前都要写盘：换更好的 SD 卡或固态盘，停掉其他频繁写盘的程序", "every gate waits for a write: use a better SD card or an SSD, and stop what else writes a lot"},
			{"检查 [store] dir 的权限和磁盘是否只读、已满", "check the rights of dir in [store], and whether the disk is full or read-only"},
		},
		topicCertificate: {
			{"证书有效期至", "the certificate is good until"}, {"证书将到期", "the certificate ends soon, at"}, {"证书不能使用", "the certificate cannot be used"},
			{"更新 [api] tls_cert 和 tls_key，然后重启服务", "renew tls_cert and tls_key of [api] and start the service again"},
		},
		topicAddress: {
			{"监听地址", "the address to listen on"}, {"监听地址不能确认", "the address to listen on cannot be judged"}, {"监听地址不可用", "the address to listen on cannot be used"},
			{"停止占用它的程序，或修改 listen", "stop the program that has it, or change listen"},
		},
		topicAgent: {
			{"运行中的 agent 报告正常，自", "well, says the running agent, since"}, {"运行中的 agent 还不知道它的状态", "the running agent does not know yet how it is"}, {"运行中的 agent 报告", "the running agent says"},
			{"稍后再看；改过配置后要重启服务；用不到的设备没有状态", "look again later; a changed configuration holds after a restart of the service; a device that nothing uses has no state"},
			{"先按说明检查；仍不清楚时停止服务，再运行 doctor 直接检查它", "check what it says; if that does not help, stop the service and let doctor try the device itself"},
		},
		topicTrial: {
			{"不需要检查", "need not be tried"}, {"现在不能检查", "cannot be tried now"}, {"不能检查", "cannot be tried"},
			{"启动 agent 后再运行 doctor", "start the agent and run doctor again"},
		},
		topicUnits: {
			{"线路上有应答的站号", "units that answer on the line"}, {"有应答但未配置的站号", "units that answer and are not configured"}, {"线路上没有站号应答", "no unit answers on the line"},
			{"确认它们属于谁；同一线路上不能有两块板用同一站号", "find out whose they are; no two boards on a line may have one unit"},
			{"检查电源、A/B 接线、波特率和校验、板上拨码的站号", "check power, whether A and B are swapped, speed and parity, and the units set on the boards"},
		},
		topicPlatform: {
			{"平台有应答", "the platform answers"}, {"平台的应答异常", "the platform answers strangely"}, {"平台没有应答", "the platform does not answer"},
			{"核对 url；问平台方服务是否正常", "check url, and ask the platform's people whether it works"},
			{"检查网络、DNS、防火墙和 url；断网期间的上报会留存，恢复后补报", "check the network, DNS, firewalls and url; reports are kept meanwhile and delivered later"},
		},
		topicTheirClock: {
			{"平台时钟，与本机相差", "the platform's clock, differing from ours by"}, {"平台时钟与本机有偏差", "the platform's clock differs from ours by"}, {"平台时钟与本机相差太大", "the platform's clock is too far from ours, by"},
			{"校准本机时钟（NTP）；密钥按日期更换，午夜前后会互相拒绝", "set our clock by NTP; keys change by the date, and around midnight each side refuses the other"},
		},
		topicTheirName: {
			{"平台证书有效期至", "the platform's certificate is good until"}, {"平台证书将到期", "the platform's certificate ends soon, at"}, {"平台证书不被信任", "the platform's certificate is not trusted"},
			{"请平台方更新证书", "ask the platform's people to renew it"},
			{"检查本机时钟和系统根证书；自签证书需装入系统", "check our clock and the system's root certificates; one that is self-signed must be installed there"},
		},
		topicQueue: {
			{"上报", "reports"}, {"有上报尚未送达", "reports wait to be delivered"}, {"有上报被平台反复拒绝", "the platform refused reports again and again"},
			{"若持续增加，见日志 reports wait", "if it grows, see reports wait in the log"},
			{"用 parkagent queue list 看原因，排除后 queue retry", "see why with parkagent queue list, mend it, then queue retry"},
		},
	}
}
