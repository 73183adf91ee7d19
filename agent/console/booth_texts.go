package console

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/booth"
	"parkagent/agent/discount"
	"parkagent/agent/downlink"
	"parkagent/agent/report"
	"parkagent/protocol"
)

// The sentences that only booths hear.
var (
	errNotGet     = &sentence{"not a GET", "请使用 GET 方法", "The method must be GET."}
	errNotJSON    = &sentence{"not JSON", "请求须为 JSON（Content-Type: application/json）", "The request must be JSON (Content-Type: application/json)."}
	errOrigin     = &sentence{"called by another site", "请求来自其他网站，已拒绝", "The request comes from another site and is refused."}
	errRole       = &sentence{"role may not", "您的角色无权进行此操作", "Your role may not do this."}
	errNoLane     = &sentence{"unknown lane", "车道不存在", "There is no such lane."}
	errNoPayment  = &sentence{"unknown payment", "没有这笔记录，或其类型不符", "There is no such row of the ledger, or it is of another kind."}
	errRecallLate = &sentence{"recalled after leaving", "车辆已离场，优惠不能收回", "The car has left, so that its discount stands."}
	errNotAtEntry = &sentence{"not at an entry", "该车道不是入口", "This lane is no entry."}
	errPeriod     = &sentence{"period ends before it begins", "起止时间有误", "The period ends before it begins."}
	errPlates     = &sentence{"no list of plates", "车牌清单无法读取，或超过 20000 行", "The list of plates cannot be read, or has more than 20000 lines."}
	errUnread     = &sentence{"lines without a plate", "清单中有无法识别的行（见 unread），请更正后再清理", "Some lines of the list are no plate (see unread); please mend them before stays are closed."}
	errBadMark    = &sentence{"malformed cursor", "翻页参数 after 有误", "The parameter after is none that was answered."}
)

// staffSentences are what those hear who sign in or change shifts.
var staffSentences = []struct {
	err error
	say sentence
}{
	{booth.ErrBadLogin, sentence{"", "用户名或口令不正确", "The name or the password is wrong."}},
	{booth.ErrNoLogin, sentence{"", "尚未登录或登录已过期，请重新登录", "Nobody is signed in, or not any more; please sign in."}},
	{booth.ErrPassword, sentence{"", "口令至少 8 个字符，且不能与用户名相同", "A password has 8 characters at least and is not the name."}},
	{booth.ErrName, sentence{"", "名称只能用文字、数字和中间的 . _ -，最多 32 个字符", "A name has letters, digits and . _ - between them, 32 at most."}},
	{booth.ErrNoOperator, sentence{"", "操作员不存在", "There is no such operator."}},
	{booth.ErrRole, sentence{"", "该操作员的角色不能当班", "An operator of that role cannot be on shift."}},
	{booth.ErrOnShift, sentence{"", "该操作员已在当班", "The operator is on shift already."}},
	{booth.ErrBoothTaken, sentence{"", "该岗亭已有人当班，请先交班", "Somebody is on shift in this booth and has to hand over first."}},
	{booth.ErrNoShift, sentence{"", "尚未开班，请先开班", "No shift has begun, please start one."}},
}

// staySentences are what those hear who put stays right.
var staySentences = []struct {
	err error
	say sentence
}{
	{access.ErrPlateInside, sentence{"", "场内已有该车牌的车，请核对，或合并两条记录", "A car with this plate is inside; please check, or merge the two stays."}},
	{access.ErrSameStay, sentence{"", "两条记录是同一条", "Both are the same stay."}},
	{access.ErrNoWalk, sentence{"", "清单为空，或盘点时间有误", "The list is empty, or its time is in the future."}},
}

// moneySentences are what only those hear who are at the ledger themselves.
var moneySentences = []struct {
	err error
	say sentence
}{
	{billing.ErrNoReason, sentence{"", "请填写原因", "Please give a reason."}},
	{billing.ErrDecided, sentence{"", "车辆正在出场，费用已确定", "The car is on its way out, and its fee stands."}},
	{billing.ErrShiftOver, sentence{"", "本班已交班，请先开班", "The shift was handed over, please start one."}},
	{billing.ErrPriced, sentence{"", "该停车可按收费标准计费，改价须由管理员操作", "The tariff prices this stay; only a manager may set another fee."}},
	{billing.ErrNoDiscount, sentence{"", "没有这种优惠", "There is no such discount."}},
	{billing.ErrMayNotGrant, sentence{"", "您无权发放该优惠", "You may not grant this discount."}},
	{billing.ErrGrantedBefore, sentence{"", "该车已享受过此优惠", "The car has had this discount already."}},
	{billing.ErrUsed, sentence{"", "优惠已被使用，不能收回", "The discount is used and cannot be taken back."}},
	{billing.ErrTooMuch, sentence{"", "金额超过该笔付款的余额", "That is more than is left of the payment."}},
	{discount.ErrValue, sentence{"", "优惠的数值不正确", "The value of the discount is not allowed."}},
}

// explainBooth puts an error into words, "" for one that nobody foresaw.
func explainBooth(err error, language string) string {
	if own := new(sentence); errors.As(err, &own) {
		return own.in(language)
	}
	if locked := new(booth.LockedError); errors.As(err, &locked) {
		say := sentence{"", "尝试次数过多，请 %d 秒后再试", "There were too many attempts, please try again in %d seconds."}
		return fmt.Sprintf(say.in(language), int(locked.Wait/time.Second)+1)
	}
	for _, known := range slices.Concat(staffSentences, staySentences, moneySentences) {
		if errors.Is(err, known.err) {
			return known.say.in(language)
		}
	}
	switch {
	case errors.Is(err, report.ErrMark):
		return errBadMark.in(language)
	case errors.Is(err, billing.ErrOutdated):
		return errOutdated.in(language)
	}
	if text := protocol.Message(err, language); text != "" {
		return text
	}
	return downlink.Explain(err, language)
}
