package console

import "strings"

// A sentence is an error that is answered with itself. Machines show it to
// drivers. A text that has been released stays as it is.
type sentence struct{ reason, zh, en string }

// Error returns the reason, for the log.
func (s *sentence) Error() string { return s.reason }

func (s *sentence) in(language string) string {
	if strings.HasPrefix(strings.ToLower(language), "en") {
		return s.en
	}
	return s.zh
}

var (
	errNoCall    = &sentence{"no such call", "调用不存在", "There is no such call."}
	errNotPost   = &sentence{"not a POST", "请使用 POST 方法", "The method must be POST."}
	errBadLogin  = &sentence{"wrong kiosk, address or token", "缴费机未获授权，请核对编号、IP 和 token", "The pay machine is not authorised, please check code, address and token."}
	errFault     = &sentence{"our fault", "车场系统故障，请稍后重试", "The car park has a fault, please try again."}
	errNotEntry  = &sentence{"not at an entry", "该缴费机不在入口", "This machine does not stand at an entry."}
	errGate      = &sentence{"gate failed", "道闸未能打开，请重试或联系管理员", "The gate did not open, please try again or call the operator."}
	errNotExit   = &sentence{"not at an exit", "该缴费机不在出口", "This machine does not stand at an exit."}
	errNoSearch  = &sentence{"no plate and no card", "请输入车牌号或票号", "Please give a plate or a ticket number."}
	errExpired   = &sentence{"order expired", "账单已过期，请重新查询", "The bill has expired, please ask again."}
	errOutdated  = &sentence{"bill outdated", "应缴金额已变化，请重新查询", "What is due has changed, please ask for a new bill."}
	errSettled   = &sentence{"nothing due", "该账单已无需缴费", "Nothing is due for this bill."}
	errNobody    = &sentence{"no platform to ask", "未开通扫码支付", "Paying by code is not available."}
	errRefused   = &sentence{"platform refused", "支付平台拒绝，请换一种支付方式", "The payment platform refused, please pay another way."}
	errNoCode    = &sentence{"platform did not answer", "支付平台无应答，请稍后重试", "The payment platform does not answer, please try later."}
	errUncertain = &sentence{"outcome unknown", "支付结果确认中，请勿重复支付", "The payment is being confirmed, please do not pay again."}
	errUnpaid    = &sentence{"order not paid", "该账单没有可打印的缴费记录", "Nothing was paid for this bill that a receipt could be of."}
	errUsed      = &sentence{"payment code used", "该付款码已使用过，请刷新后重试", "This payment code was used before, please refresh it."}
	errAuthCode  = &sentence{"malformed payment code", "付款码无法识别，请刷新后重试", "The payment code cannot be read, please refresh it."}
)
