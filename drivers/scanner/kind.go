package scanner

import (
	"strings"

	"parkagent/drivers"
)

// KindOf tells whose payment code a text can be: WeChat's have 18 digits and begin
// with 10 to 15, Alipay's 16 to 24 digits and begin with 25 to 30, UnionPay's 19
// digits and begin with 62. So no text is two kinds; one of 18 digits that begins
// with 28 is Alipay's. What only looks like one, as a ticket number may, is for the
// caller to know.
func KindOf(text string) drivers.CodeKind {
	if len(text) < 16 || strings.Trim(text, "0123456789") != "" {
		return drivers.CodeOther
	}
	n, begins := len(text), text[:2]
	switch {
	case n == 18 && begins >= "10" && begins <= "15":
		return drivers.CodeWeChat
	case n <= 24 && begins >= "25" && begins <= "30":
		return drivers.CodeAlipay
	case n == 19 && begins == "62":
		return drivers.CodeUnionPay
	}
	return drivers.CodeOther
}
