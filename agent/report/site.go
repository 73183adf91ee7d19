package report

import (
	"context"
	"strconv"

	"parkagent/protocol"
	"parkagent/store"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// lanes is the filter for one lane, or for all.
func lanes(code string) []string {
	if code == "" {
		return nil
	}
	return []string{code}
}

// inside is 场内车辆: the cars that are inside now. A period is of their entry.
func inside() Report {
	filter := func(q Query) store.InsideFilter {
		return store.InsideFilter{From: q.From, To: q.To, Lanes: lanes(q.Lane), Area: q.Area, Plate: q.Plate}
	}
	return Report{
		Name: "inside",
		columns: []column{
			colPlate, colCard, {key: "carType", code: true}, {key: "carTypeName", head: words{"车辆类型", "type"}}, colEntered,
			{key: "place", head: words{"入口", "entry"}}, {key: "area", head: words{"区域", "area"}}, colLane,
			{key: "paid", head: words{"已付", "paid"}, sum: true}, colWaived,
			{key: "paidUntil", head: words{"已缴费，离场期限", "paid, may leave until"}},
			{key: "plateRead", head: words{"识别车牌", "read as"}}, colSession, colRemark, colImage,
		},
		page: func(ctx context.Context, p Printer, q Query, m store.Mark, limit int) ([]row, error) {
			cars, err := p.Books.InsideNow(ctx, filter(q), m, limit)
			var list []row
			for _, c := range cars {
				list = append(list, row{mark: store.Mark{At: c.EnteredAt, Seq: c.Seq}, cells: []any{
					c.Plate, c.CardNo, int64(c.CarType), protocol.CarType(c.CarType).Name(p.Language), c.EnteredAt,
					c.EntryPlace, int64(c.Area), c.EntryLane, fen(c.Paid), fen(c.Waived), c.PaidUntil, c.PlateRead, c.ID, c.Note, p.image(c.EntryImage),
				}})
			}
			return list, err
		},
		totals: func(ctx context.Context, p Printer, q Query) (any, error) {
			n, err := p.Books.CountInside(ctx, filter(q))
			return struct {
				Rows int `json:"rows"`
			}{n}, err
		},
	}
}

// actNames are what abnormal openings are called.
var actNames = map[string]words{
	"open": {"人工开闸", "opened"}, "hold": {"常开", "held open"}, "tailgate": {"跟车", "tail-gating"},
	"unopened": {"未授权通行", "passed though nothing was opened"}, "held": {"常开时无识别通行", "passed a held gate unrecognised"},
}

// whyNames are what openings are called that the rules themselves carried out.
var whyNames = map[string]words{
	"released": {"放行", "let through"}, "unknown entry": {"无入场记录放行", "let out without an entry"},
}

// actName names an opening.
func (p Printer) actName(o store.Opening) string {
	if name, ok := whyNames[o.Reason]; ok {
		return name.in(p.Language)
	}
	return actNames[o.Act].in(p.Language)
}

// openings is 异常抬杆: gates that were opened without a decision of the rules.
func openings() Report {
	filter := func(q Query) store.OpeningFilter {
		client := q.Client
		if q.Operator != "" {
			client = q.Operator
		}
		return store.OpeningFilter{From: q.From, To: q.To, Lanes: lanes(q.Lane), Client: client}
	}
	return Report{
		Name: "openings",
		columns: []column{
			colAt, colLane, {key: "device", head: words{"道闸", "gate"}}, {key: "act", code: true}, {key: "actName", head: words{"动作", "act"}},
			{key: "reason", code: true}, {key: "by", head: words{"操作方", "by"}}, {key: "address", head: words{"来源地址", "address"}},
			{key: "remark", head: words{"原因", "why"}}, colPlate, {key: "result", head: words{"结果", "result"}}, colSession, colImage,
		},
		page: func(ctx context.Context, p Printer, q Query, m store.Mark, limit int) ([]row, error) {
			list, err := p.Books.Openings(ctx, filter(q), m, limit)
			var rows []row
			for _, o := range list {
				rows = append(rows, row{mark: store.Mark{At: o.At, Seq: o.Seq}, cells: []any{
					o.At, o.Lane, o.Device, o.Act, p.actName(o), o.Reason, o.Client, o.Address, o.Remark, o.Plate, o.Result, o.Session, p.image(o.Image),
				}})
			}
			return rows, err
		},
		totals: func(ctx context.Context, p Printer, q Query) (any, error) {
			counts, err := p.Books.CountOpenings(ctx, filter(q))
			all := 0
			for _, n := range counts {
				all += n
			}
			return struct {
				Rows int            `json:"rows"`
				Acts map[string]int `json:"acts"`
			}{all, counts}, err
		},
	}
}
