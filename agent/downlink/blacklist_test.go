package downlink_test

import (
	"fmt"
	"strings"
	"testing"

	"parkagent/protocol"
	"parkagent/store"
)

func TestTheBlacklistIsKept(t *testing.T) {
	p := open(t, nil)
	id := func(body string) int64 { return rowOf[protocol.BlackID](t, body).BlackID }
	rows := func(list ...string) string {
		return `{"resCode":0,"resMsg":"","data":[` + strings.Join(list, ",") + `]}`
	}
	row := func(id int64, plate, remark string) string {
		return fmt.Sprintf(`{"blackId":%d,"plateNo":%q,"remark":%q}`, id, plate, remark)
	}
	first := p.ask(editBlack, `{"parkCode":"1","blackId":0,"plateNo":"闽A·12345","remark":" 违章停车 ","controlType":0}`)
	a := id(first)
	b := id(p.ask(editBlack, `{"plateNo":"粤B00001","controlType":"0"}`))
	own := func(id int64) string { return fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"blackId":%d}]}`, id) }
	edit := func(id int64, params string) string {
		return fmt.Sprintf(`{"parkCode":"1","blackId":%d,%s}`, id, params)
	}
	p.walk([]step{
		{"added again", editBlack, `{"parkCode":"1","blackId":0,"plateNo":"闽A12345","remark":"违章停车","controlType":0}`, first},
		{"all", blacks, `{"parkCode":"1","plateNo":""}`, rows(row(a, "闽A12345", "违章停车"), row(b, "粤B00001", ""))},
		{"of a plate", blacks, `{"plateNo":"闽a12345"}`, rows(row(a, "闽A12345", "违章停车"))},
		{"of a plate that is not on it", blacks, `{"plateNo":"京A11113"}`, rows()},
		{"of nothing that is a plate", blacks, `{"plateNo":"-"}`, "参数 plateNo 取值无效"},
		{"another reason", editBlack, edit(a, `"remark":"逃费","controlType":1`), own(a)},
		{"another plate", editBlack, edit(b, `"plateNo":"粤B00002","controlType":1`), own(b)},
		{"a plate that has another entry", editBlack, edit(b, `"plateNo":"闽A12345","controlType":1`), "该车牌已在黑名单中"},
		{"both are kept", blacks, `{}`, rows(row(a, "闽A12345", "逃费"), row(b, "粤B00002", ""))},
		{"deleted", editBlack, edit(b, `"controlType":2`), own(b)},
		{"deleted again", editBlack, edit(b, `"controlType":2`), own(b)},
		{"one is left", blacks, `{}`, rows(row(a, "闽A12345", "逃费"))},
		{"changed when it is gone", editBlack, edit(b, `"remark":"x","controlType":1`), "黑名单记录不存在"},
		{"changed when it never was", editBlack, edit(99, `"remark":"x","controlType":1`), "黑名单记录不存在"},
		{"added without a plate", editBlack, `{"blackId":0,"remark":"x","controlType":0}`, "缺少必填参数 plateNo"},
		{"changed without a number", editBlack, `{"remark":"x","controlType":1}`, "缺少必填参数 blackId"},
		{"deleted with a number that is none", editBlack, edit(0, `"controlType":2`), "参数 blackId 取值无效"},
		{"no act", editBlack, `{"plateNo":"闽A12345"}`, "缺少必填参数 controlType"},
		{"another act", editBlack, `{"plateNo":"闽A12345","controlType":3}`, "参数 controlType 取值无效"},
		{"a plate of nothing", editBlack, `{"plateNo":" - ","controlType":0}`, "参数 plateNo 取值无效"},
		{"a reason that is a book", editBlack, `{"plateNo":"闽A12345","remark":"` + strings.Repeat("长", 501) + `","controlType":0}`, "参数 remark 取值无效"},
	})
	facts := factsOf[store.BlackFact](p, store.KindBlack)
	if len(facts) == 0 || facts[0].Client != "mall" || facts[0].Address != "127.0.0.1" {
		t.Errorf("journal = %v, want who did it", facts)
	}
}
