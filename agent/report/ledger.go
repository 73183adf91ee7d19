package report

import (
	"context"

	"parkagent/protocol"
	"parkagent/store"
)

// Columns that more than one report has.
var (
	colAt       = column{key: "at", head: words{"时间", "time"}}
	colPlate    = column{key: "plateNo", head: words{"车牌", "plate"}}
	colCard     = column{key: "cardNo", head: words{"票号/卡号", "ticket or card"}}
	colEntered  = column{key: "entered", head: words{"入场时间", "entered"}}
	colLane     = column{key: "lane", head: words{"车道", "lane"}}
	colSession  = column{key: "session", head: words{"停车记录号", "stay"}}
	colOrder    = column{key: "orderNo", head: words{"订单号", "order"}}
	colPayment  = column{key: "payment", head: words{"流水号", "ledger row"}}
	colOperator = column{key: "operator", head: words{"操作员", "operator"}}
	colRemark   = column{key: "remark", head: words{"备注", "remark"}}
	colImage    = column{key: "image", head: words{"图片", "picture"}}
	colAmount   = column{key: "amount", head: words{"实收", "taken"}, sum: true}
	colWaived   = column{key: "waived", head: words{"优惠", "waived"}, sum: true}
	colKind     = column{key: "kindName", head: words{"类型", "kind"}}
	colMethod   = column{key: "payMethodName", head: words{"支付方式", "paid by"}}
	codeKind    = column{key: "kind", code: true}
	codeMethod  = column{key: "payMethod", code: true}
)

// kindNames are what rows of the ledger are called.
var kindNames = map[store.PaymentKind]words{
	store.PaymentMoney: {"收费", "payment"}, store.PaymentRounding: {"抹零", "rounding"}, store.PaymentOrphan: {"离场后收款", "after leaving"},
	store.PaymentRefund: {"退款", "refund"}, store.PaymentReturned: {"退款（不计入停车费）", "given back"},
	store.PaymentRecall: {"收回优惠", "discount recalled"}, store.PaymentTransfer: {"转账", "transfer"},
	store.PaymentMoved: {"转出", "moved away"},
}

// ledger is a report of a part of the ledger.
func ledger(name string, only store.LedgerPart, columns []column, cells func(p Printer, l store.LedgerRow) []any) Report {
	filter := func(q Query) store.LedgerFilter {
		return store.LedgerFilter{
			From: q.From, To: q.To, Only: only, Operator: q.Operator, Shift: q.Shift, Booth: q.Booth, Lane: q.Lane, Client: q.Client,
			Plate: q.Plate, Terminal: q.Terminal, PayType: q.PayType,
		}
	}
	return Report{
		Name: name, columns: columns,
		page: func(ctx context.Context, p Printer, q Query, m store.Mark, limit int) ([]row, error) {
			rows, err := p.Books.Ledger(ctx, filter(q), m, limit)
			var list []row
			for _, l := range rows {
				list = append(list, row{mark: store.Mark{At: l.PaidAt, Seq: l.Seq}, cells: cells(p, l)})
			}
			return list, err
		},
		totals: func(ctx context.Context, p Printer, q Query) (any, error) {
			sums, err := p.Books.LedgerSums(ctx, filter(q))
			return sumUp(p, sums), err
		},
	}
}

// takings is 岗亭收费明细: what operators took, granted and took back.
func takings() Report {
	columns := []column{
		colAt, colPlate, colCard, colEntered, codeKind, colKind, codeMethod, colMethod, colAmount, colWaived,
		{key: "minutes", head: words{"优惠分钟", "free minutes"}},
		{key: "given", head: words{"收到", "handed over"}, sum: true}, {key: "back", head: words{"找零", "change"}, sum: true},
		colOperator, {key: "booth", head: words{"岗亭", "booth"}}, {key: "shift", head: words{"班次", "shift"}}, colLane, colOrder, colPayment, colSession, colRemark,
	}
	return ledger("takings", store.LedgerBooths, columns, func(p Printer, l store.LedgerRow) []any {
		given := max(l.Given, l.Amount, 0)
		if l.Kind == store.PaymentTransfer { // from one stay to another, and through no hand
			given = 0
		}
		return []any{
			l.PaidAt, l.Plate, l.CardNo, l.EnteredAt, int64(l.Kind), kindNames[l.Kind].in(p.Language), int64(l.PayMethod), p.method(l.PayMethod),
			fen(l.Amount), fen(waived(l)), l.FreeMinutes, fen(given), fen(max(0, given-max(l.Amount, 0))),
			l.Operator, l.Booth, l.Shift, l.Lane, l.Order, l.ID, l.Session, l.FreeDetail,
		}
	})
}

// payments is 终端支付明细: money by terminal and kind.
func payments() Report {
	columns := []column{
		colAt, colPlate, colCard, colEntered, {key: "terminal", code: true}, {key: "terminalName", head: words{"终端", "terminal"}},
		{key: "payType", code: true}, codeMethod, colMethod, codeKind, colKind, colAmount,
		{key: "over", head: words{"多收", "beyond the due"}, sum: true},
		{key: "client", head: words{"收款方", "collected by"}}, colOperator, colLane, colOrder, colPayment, colSession,
	}
	return ledger("payments", store.LedgerMoney, columns, func(p Printer, l store.LedgerRow) []any {
		return []any{
			l.PaidAt, l.Plate, l.CardNo, l.EnteredAt, int64(l.Terminal), protocol.Terminal(l.Terminal).Name(p.Language),
			int64(l.PayType), int64(l.PayMethod), p.method(l.PayMethod), int64(l.Kind), kindNames[l.Kind].in(p.Language), fen(l.Amount), fen(l.Over),
			l.Client, l.Operator, l.Lane, l.Order, l.ID, l.Session,
		}
	})
}

// discounts is 高级抵用: what was waived, by whom and why.
func discounts() Report {
	columns := []column{
		colAt, colPlate, colCard, colEntered, codeKind, colKind, {key: "discount", head: words{"优惠名称", "discount"}},
		{key: "campaign", head: words{"车场优惠", "campaign"}, sum: true}, {key: "coupons", head: words{"抵用券", "coupons"}, sum: true},
		{key: "minutes", head: words{"优惠分钟", "free minutes"}},
		{key: "grantKind", code: true}, {key: "value", head: words{"优惠值", "value"}},
		{key: "client", head: words{"发放方", "granted by"}}, colOperator, colOrder, colPayment, colSession, colRemark,
	}
	return ledger("discounts", store.LedgerDiscounts, columns, func(p Printer, l store.LedgerRow) []any {
		return []any{
			l.PaidAt, l.Plate, l.CardNo, l.EnteredAt, int64(l.Kind), kindNames[l.Kind].in(p.Language), l.Grant, fen(l.Discount), fen(l.FreeMoney),
			l.FreeMinutes, int64(l.GrantKind), p.grant(l.Payment), l.Client, l.Operator, l.Order, l.ID, l.Session, l.FreeDetail,
		}
	})
}

func waived(l store.LedgerRow) int64 { return l.Discount + l.FreeMoney + l.Rounding }

// method names a way to pay; of one that the protocol has not, its number says more
// than nothing.
func (p Printer) method(code int) string {
	if name := protocol.BoothPay(code).Name(p.Language); name != "" {
		return name
	}
	return words{"其他 ", "other "}.in(p.Language) + itoa(int64(code))
}

// grant writes what a discount takes off that is no sum of fen or minutes.
func (p Printer) grant(l store.Payment) string {
	switch l.GrantKind {
	case store.GrantPercent:
		return itoa(l.GrantValue) + "%"
	case store.GrantFull:
		return words{"全免", "full"}.in(p.Language)
	case store.GrantUntil:
		return words{"免费至 ", "free until "}.in(p.Language) + p.local(store.Time(l.GrantValue))
	}
	return ""
}

// A Totals is what rows of the ledger come to. Money in fen.
type Totals struct {
	Rows      int   `json:"rows"`
	Taken     int64 `json:"taken"`
	GivenBack int64 `json:"givenBack"`
	Amount    int64 `json:"amount"` // Taken less GivenBack
	Discount  int64 `json:"discount"`
	FreeMoney int64 `json:"freeMoney"`
	Minutes   int64 `json:"minutes"`
	Rounding  int64 `json:"rounding"`
	Over      int64 `json:"over"`
}

func (t *Totals) add(s store.LedgerSum) {
	t.Rows += s.Rows
	t.Taken += s.Taken
	t.GivenBack += s.GivenBack
	t.Amount += s.Taken - s.GivenBack
	t.Discount += s.Discount
	t.FreeMoney += s.FreeMoney
	t.Minutes += s.FreeMinutes
	t.Rounding += s.Rounding
	t.Over += s.Over
}

// A Group is what rows of one terminal that were paid alike come to.
type Group struct {
	Terminal      int    `json:"terminal"`
	TerminalName  string `json:"terminalName"`
	PayType       int    `json:"payType"`
	PayMethod     int    `json:"payMethod"`
	PayMethodName string `json:"payMethodName"`
	Kind          int    `json:"kind"`
	KindName      string `json:"kindName"`
	Totals
}

// A LedgerTotals is the totals of a report of the ledger.
type LedgerTotals struct {
	Totals
	Groups []Group `json:"groups"`
}

func sumUp(p Printer, sums []store.LedgerSum) LedgerTotals {
	all := LedgerTotals{Groups: []Group{}}
	for _, s := range sums {
		all.add(s)
		g := Group{
			Terminal: s.Terminal, TerminalName: protocol.Terminal(s.Terminal).Name(p.Language), PayType: s.PayType, PayMethod: s.PayMethod,
			PayMethodName: p.method(s.PayMethod), Kind: int(s.Kind), KindName: kindNames[s.Kind].in(p.Language),
		}
		g.add(s)
		all.Groups = append(all.Groups, g)
	}
	return all
}
