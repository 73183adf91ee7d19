package downlink

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"parkagent/agent/billing"
	"parkagent/protocol"
)

// A sentence is what an answer says to people, with a short name for the log.
// Platforms show it to drivers and some compare it, so a text that has been
// released stays as it is. %s stands for details, where there are any.
type sentence struct{ reason, zh, en string }

// The sentences. Those about fields, bodies and deciphering are the protocol's.
var (
	sayNoInterface  = sentence{"no such interface", "接口不存在", "There is no such interface."}
	sayNotBuilt     = sentence{"interface not built", "当前版本不支持该接口", "This interface is not available in this version."}
	sayNotPost      = sentence{"not a POST", "请使用 POST 方法", "The method must be POST."}
	sayBadLogin     = sentence{"bad credentials", protocol.Message(protocol.ErrData, "zh-CN"), protocol.Message(protocol.ErrData, "en")}
	sayTooMany      = sentence{"too many attempts", "尝试次数过多，请稍后再试", "There were too many attempts, please try later."}
	sayBadAddress   = sentence{"address not allowed", "来源地址未获授权", "This address is not allowed."}
	sayNoPermission = sentence{"permission missing", "没有调用该接口的权限", "This client may not call this interface."}
	sayOurFault     = sentence{"our fault", "车场系统故障，请稍后重试", "The car park has a fault, please try again."}

	sayBadPark   = sentence{"wrong park code", "停车场编号 parkCode 不正确", "The parkCode is not that of this car park."}
	saySearches  = sentence{"too many searches", "查询繁忙，请稍后重试", "Too many searches are running, please try again."}
	saySlow      = sentence{"search too slow", "查询超时，请缩小查询范围", "The search takes too long, please narrow it."}
	sayNoSession = sentence{"no open session", "未找到在场车辆", "No such car is inside."}
	sayAmbiguous = sentence{"several cars match", "匹配到多辆车，请输入完整车牌：%s", "Several cars match, please give the whole plate: %s."}
	sayNoTariff  = sentence{"no tariff", "该车辆没有适用的收费标准，请联系管理员", "No tariff fits this car, please call the operator."}
	sayLimit     = sentence{"fee above limit", "停车费用超过自助缴费上限，请联系管理员", "The fee is above the limit for paying alone, please call the operator."}

	sayNoOrder      = sentence{"unknown order", "订单不存在", "There is no such order."}
	sayOtherAmounts = sentence{"paid with other amounts", "订单已支付，且金额与本次不一致", "The order was paid already, with other amounts."}
	sayGone         = sentence{"car has left", "车辆已离场，请退款", "The car has left, please refund the payment."}

	sayNoDevice    = sentence{"unknown device", "设备不存在", "There is no such device."}
	sayManyDevices = sentence{"ambiguous device", "该IP对应多个车道，请使用设备编码", "Several lanes have this IP, please give the device code."}
	sayNotExit     = sentence{"not an exit device", "该设备不属于出口", "The device does not belong to an exit."}
	sayNobody      = sentence{"no car at the exit", "出口没有已识别的在场车辆", "No recognised car stands at this exit."}
	sayNoGate      = sentence{"no gate", "该设备所在车道没有道闸", "The device's lane has no gate."}
	sayNoDisplay   = sentence{"no display", "该设备所在车道没有显示屏", "The device's lane has no display."}
	sayBusy        = sentence{"no answer of the lane in time", "车道繁忙，未能在时限内确认执行，请稍后重试", "The lane did not confirm in time, please try again."}
	sayOffline     = sentence{"gate offline", "道闸无应答", "The gate does not answer."}
	sayRefused     = sentence{"gate refused", "道闸拒绝执行", "The gate refused."}
	sayOccupied    = sentence{"gate refused to close", "道闸拒绝关闭，闸下可能有车或人", "The gate refused to close, something may stand under it."}
	sayGateFault   = sentence{"gate fault", "道闸故障", "The gate has a fault."}
	sayShowFailed  = sentence{"display failed", "显示屏无应答", "The display does not answer."}
)

// A refusal is an error that is answered with a sentence.
type refusal struct {
	status int // HTTP; 0 means 200
	say    sentence
	detail string        // for %s
	wait   time.Duration // for Retry-After
}

// Error returns the reason, without the detail, which may be plates.
func (r *refusal) Error() string { return r.say.reason }

// An answer is what an error becomes for the caller and for the log.
type answer struct {
	status  int
	message string
	reason  string
	wait    time.Duration
}

// explain turns any error into an answer. What nobody foresaw is our fault.
func explain(err error, language string) answer {
	r := refusalOf(err)
	if r == nil {
		if message := protocol.Message(err, language); message != "" {
			a := answer{status: http.StatusOK, message: message, reason: reasonOf(err)}
			if errors.Is(err, protocol.ErrTooLarge) {
				a.status = http.StatusRequestEntityTooLarge
			}
			return a
		}
		r = &refusal{status: http.StatusInternalServerError, say: sayOurFault}
	}
	a := answer{status: r.status, message: r.say.in(language), reason: r.say.reason, wait: r.wait}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.message = strings.Replace(a.message, "%s", r.detail, 1)
	return a
}

// refusalOf finds the sentence for an error of the rules, nil if there is none.
func refusalOf(err error) *refusal {
	if r := new(refusal); errors.As(err, &r) {
		return r
	}
	if several := new(billing.AmbiguousError); errors.As(err, &several) {
		return &refusal{say: sayAmbiguous, detail: strings.Join(several.Plates, " ")}
	}
	for _, known := range []struct {
		err error
		say sentence
	}{
		{billing.ErrNoSession, sayNoSession},
		{billing.ErrNoTariff, sayNoTariff},
		{billing.ErrAboveLimit, sayLimit},
		{billing.ErrNoOrder, sayNoOrder},
		{billing.ErrOtherAmounts, sayOtherAmounts},
		{billing.ErrGone, sayGone},
	} {
		if errors.Is(err, known.err) {
			return &refusal{say: known.say}
		}
	}
	return nil
}

// reasonOf names an error of reading a request for the log. Errors of the
// connection carry addresses only.
func reasonOf(err error) string {
	if field := new(protocol.FieldError); errors.As(err, &field) {
		return field.Error()
	}
	return err.Error()
}

func (s sentence) in(language string) string {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return s.en
	}
	return s.zh
}
