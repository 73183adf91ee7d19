package health

import (
	"strings"

	"parkagent/drivers"
)

// A wording is a fault in both languages, short enough for a platform's list of
// devices.
type wording struct{ chinese, english string }

// words are the remarks of all faults. The integrator's guide has them in a table,
// and a test holds the two and the codes together.
func words() map[drivers.Fault]wording {
	return map[drivers.Fault]wording{
		drivers.FaultNone:     {"", ""},
		drivers.FaultOffline:  {"无应答", "no answer"},
		drivers.FaultOther:    {"故障", "fault"},
		drivers.FaultLimits:   {"开到位与关到位同时有效", "both limit inputs are active"},
		drivers.FaultTravel:   {"闸杆未在规定时间内到位", "the arm did not arrive in time"},
		drivers.FaultPresence: {"地感或过车输入异常", "a presence or passage input cannot be right"},
		drivers.FaultContact:  {"继电器状态与命令不符", "a relay is not as it was told"},
		drivers.FaultLogin:    {"用户名或密码被拒绝", "user or password are refused"},
		drivers.FaultGateList: {"相机按自身名单开闸", "the camera opens by its own list"},
		drivers.FaultPaper:    {"缺纸", "no paper"},
		drivers.FaultCover:    {"机盖打开或切刀卡住", "cover open or cutter stuck"},
	}
}

func english(language string) bool { return strings.HasPrefix(strings.ToLower(language), "en") }
