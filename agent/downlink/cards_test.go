package downlink_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/protocol"
	"parkagent/store"
)

// card returns a card as the books have it.
func (p *park) card(id int64) store.Card {
	p.t.Helper()
	c, err := p.db.Card(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// give adds a card and returns its number.
func (p *park) give(params string) int64 {
	p.t.Helper()
	return rowOf[protocol.CardID](p.t, p.ask(addCard, params)).CardID
}

// plates of cards.
func plates(list ...string) []store.CardPlate {
	var all []store.CardPlate
	for _, no := range list {
		if etc, ok := strings.CutPrefix(no, "etc:"); ok {
			all = append(all, store.CardPlate{Etc: etc})
		} else {
			all = append(all, store.CardPlate{Plate: no})
		}
	}
	return all
}

func TestACardIsAddedAsItIsMeant(t *testing.T) {
	march := func(c store.Card) store.Card {
		c.From = time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC)
		c.To = time.Date(2026, 3, 31, 15, 59, 59, 999e6, time.UTC)
		if c.Spaces == 0 {
			c.Spaces = 1
		}
		return c
	}
	tests := []struct {
		name, params string
		want         store.Card
	}{
		{
			"everything given",
			`"cardName":" 月卡 ","useName":"张三","tel":"13800000000","roomId":"X-521","plateDetails":"[{\"plateNo\":\"闽D02000\",\"etcNo\":\"\"},{\"plateNo\":\"\",\"etcNo\":\"AJSD5646SD\"}]",` +
				`"carType":1,"spaceNum":"2","ValidFrom":"2026-03-01 00:00:00","ValidTo":"2026-03-31 23:59:59"`,
			march(store.Card{Name: "月卡", Owner: "张三", Tel: "13800000000", Room: "X-521", CarType: 1, Spaces: 2, Plates: plates("闽D02000", "etc:AJSD5646SD")}),
		},
		{
			"as real clients leave it out", `"plateDetails":[{"plateNo":"闽d·02001"}],"carType":"2","validFrom":"2026-03-01","validTo":"2026/3/31"`,
			march(store.Card{CarType: 2, Plates: plates("闽D02001")}),
		},
		{
			"other names", `"userName":"李四","telPhone":1380,"plateDetails":{"carNo":"闽D02002"},"carType":99,"totalSPNum":3,"validForm":"2026-03-01","validTo":"2026-03-31"`,
			march(store.Card{Owner: "李四", Tel: "1380", CarType: 99, Spaces: 3, Plates: plates("闽D02002")}),
		},
		{
			"a plate without its province, as the document shows it", `"plateDetails":"[{\"plateNo\":\"A12345\",\"etcNo\":\"XXXXXX\"}]","carType":2,"validFrom":"2026-03-01","validTo":"2026-03-31"`,
			march(store.Card{CarType: 2, Plates: plates("A12345", "etc:XXXXXX")}),
		},
		{
			"a plate twice, and a type that is for 4.2", `"plateDetails":"[{\"plateNo\":\"闽D02003\",\"type\":0},{\"plateNo\":\"闽D 02003\",\"type\":1}]","carType":2,"validFrom":"2026-03-01","validTo":"2026-03-31"`,
			march(store.Card{CarType: 2, Plates: plates("闽D02003")}),
		},
	}
	p := open(t, nil)
	for _, tt := range tests {
		body := p.ask(addCard, `{"parkCode":"1",`+tt.params+`}`)
		id := rowOf[protocol.CardID](t, body).CardID
		if want := fmt.Sprintf(`{"resCode":0,"resMsg":"","data":[{"cardId":%d}]}`, id); body != want || id <= 0 {
			t.Errorf("%s: answer = %s, want %s", tt.name, body, want)
		}
		if diff := cmp.Diff(tt.want, p.card(id), cmpopts.IgnoreFields(store.Card{}, "ID", "UpdatedAt")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestACardThatCannotBeIsRefused(t *testing.T) {
	p := open(t, nil)
	taken := p.give(monthly("闽D02000"))
	const plate, march = `"plateDetails":"[{\"plateNo\":\"闽D02009\"}]"`, `"validFrom":"2026-03-01","validTo":"2026-03-31"`
	tests := []struct{ name, params, sentence string }{
		{"no plates", `"carType":2,` + march, "缺少必填参数 plateDetails"},
		{"an empty list of plates", `"plateDetails":"[]","carType":2,` + march, "缺少必填参数 plateDetails"},
		{"plates that are no list", `"plateDetails":"[{","carType":2,` + march, "参数 plateDetails 格式错误"},
		{"a plate of nothing", `"plateDetails":"[{\"plateNo\":\"--\"}]","carType":2,` + march, "参数 plateDetails 取值无效"},
		{"a plate longer than any", `"plateDetails":"[{\"plateNo\":\"闽D0200020002000200\"}]","carType":2,` + march, "参数 plateDetails 取值无效"},
		{"a number longer than any", `"plateDetails":"[{\"etcNo\":\"` + strings.Repeat("1", 65) + `\"}]","carType":2,` + march, "参数 plateDetails 取值无效"},
		{"no type", plate + `,` + march, "缺少必填参数 carType"},
		{"temporary", plate + `,"carType":0,` + march, "参数 carType 取值无效"},
		{"booked", plate + `,"carType":100,` + march, "参数 carType 取值无效"},
		{"a type that nobody knows", plate + `,"carType":50,` + march, "参数 carType 取值无效"},
		{"no space", plate + `,"carType":2,"spaceNum":"0",` + march, "参数 spaceNum 取值无效"},
		{"more spaces than a number holds", plate + `,"carType":2,"spaceNum":4294967296,` + march, "参数 spaceNum 取值无效"},
		{"no start", plate + `,"carType":2,"validTo":"2026-03-31"`, "缺少必填参数 validFrom"},
		{"no end", plate + `,"carType":2,"validFrom":"2026-03-31"`, "缺少必填参数 validTo"},
		{"an end that is no time", plate + `,"carType":2,"validFrom":"2026-03-01","validTo":"2026-02-30"`, "参数 validTo 格式错误"},
		{"an end before the start", plate + `,"carType":2,"validFrom":"2026-03-31","validTo":"2026-03-01"`, "结束时间不能早于开始时间"},
		{"a name that is a book", plate + `,"carType":2,"cardName":"` + strings.Repeat("长", 501) + `",` + march, "参数 cardName 取值无效"},
		{"a plate of another card", `"plateDetails":"[{\"plateNo\":\"闽D02008\"},{\"plateNo\":\"闽D02000\"}]","carType":2,` + march, fmt.Sprintf("闽D02000 已属于卡片 %d", taken)},
	}
	for _, tt := range tests {
		p.walk([]step{{tt.name, addCard, `{"parkCode":"1",` + tt.params + `}`, tt.sentence}})
	}
	if list := rowsOf[protocol.CardInfo](t, p.ask(cards, `{}`)); len(list) != 1 {
		t.Errorf("cards = %v, want the first only", list)
	}
}

func TestACardAddedAgainIsTheSameCard(t *testing.T) {
	p := open(t, nil)
	first := p.ask(addCard, monthly("闽D02000", "闽D02001"))
	p.after(time.Hour)
	if again := p.ask(addCard, monthly("闽D02000", "闽D02001")); again != first {
		t.Errorf("the same card again = %s, want %s", again, first)
	}
	if list := rowsOf[protocol.CardInfo](t, p.ask(cards, `{}`)); len(list) != 1 {
		t.Errorf("cards = %v, want one", list)
	}
}

func TestACardIsChangedWhereSomethingIsGiven(t *testing.T) {
	p := open(t, nil)
	id := p.give(monthly("闽D02000", "闽D02001"))
	other := p.give(monthly("闽D09999"))
	want := p.card(id)
	tests := []struct {
		name, params string
		change       func(*store.Card)
		sentence     string
	}{
		{"nothing", `"cardName":"","useName":"","tel":null,"plateDetails":"","validFrom":"","validTo":"","spaceNum":""`, func(*store.Card) {}, ""},
		{"names", `"cardName":"金卡","userName":"李四","telPhone":"139","roomId":"Y-1"`, func(c *store.Card) {
			c.Name, c.Owner, c.Tel, c.Room = "金卡", "李四", "139", "Y-1"
		}, ""},
		{"the end", `"validTo":"2026-04-30"`, func(c *store.Card) { c.To = time.Date(2026, 4, 30, 15, 59, 59, 999e6, time.UTC) }, ""},
		{"the start", `"ValidFrom":"2026-02-01 12:00:00"`, func(c *store.Card) { c.From = time.Date(2026, 2, 1, 4, 0, 0, 0, time.UTC) }, ""},
		{"spaces, by the example's name", `"totalSPNum":10`, func(c *store.Card) { c.Spaces = 10 }, ""},
		{
			"plates: one added, one removed, one added without a type",
			`"plateDetails":"[{\"plateNo\":\"闽D02002\",\"etcNo\":\"\",\"type\":1},{\"plateNo\":\"闽D02001\",\"type\":0},{\"etcNo\":\"E1\"}]"`,
			func(c *store.Card) { c.Plates = plates("闽D02000", "闽D02002", "etc:E1") }, "",
		},
		{"a plate that it has", `"plateDetails":"[{\"plateNo\":\"闽D02000\",\"type\":1}]"`, func(*store.Card) {}, ""},
		{"all plates removed", `"plateDetails":"[{\"plateNo\":\"闽D02000\",\"type\":0},{\"plateNo\":\"闽D02002\",\"type\":0},{\"etcNo\":\"E1\",\"type\":0}]"`, nil, "卡片只剩一个车牌，不能移除，请删除卡片"},
		{"a plate of another card", `"plateDetails":"[{\"plateNo\":\"闽D09999\",\"type\":1}]"`, nil, fmt.Sprintf("闽D09999 已属于卡片 %d", other)},
		{"an odd type of a plate", `"plateDetails":"[{\"plateNo\":\"闽D02005\",\"type\":2}]"`, nil, "参数 plateDetails 格式错误"},
		{"an end before the start", `"validTo":"2026-01-01"`, nil, "结束时间不能早于开始时间"},
		{"a start that is no time", `"validFrom":"soon"`, nil, "参数 validFrom 格式错误"},
		{"no spaces, of a client whose numbers are never absent", `"spaceNum":0,"tel":"137"`, func(c *store.Card) { c.Tel = "137" }, ""},
		{"fewer spaces than none", `"spaceNum":-1`, nil, "参数 spaceNum 取值无效"},
	}
	for _, tt := range tests {
		answer := done
		if tt.sentence != "" {
			answer = tt.sentence
		} else {
			tt.change(&want)
		}
		p.walk([]step{{tt.name, editCard, fmt.Sprintf(`{"parkCode":"1","cardId":"%d",%s}`, id, tt.params), answer}})
		if diff := cmp.Diff(want, p.card(id), cmpopts.IgnoreFields(store.Card{}, "UpdatedAt"), anyOrder()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	p.walk([]step{
		{"no card", editCard, `{"cardName":"x"}`, "缺少必填参数 cardId"},
		{"an unknown card", editCard, `{"cardId":99,"cardName":"x"}`, "卡片不存在"},
	})
}

// anyOrder compares the plates of cards as a set.
func anyOrder() cmp.Option {
	return cmpopts.SortSlices(func(a, b store.CardPlate) bool { return a.Plate+"/"+a.Etc < b.Plate+"/"+b.Etc })
}

func TestACardIsDeletedOnce(t *testing.T) {
	p := open(t, nil)
	id := p.give(monthly("闽D02000"))
	gone := fmt.Sprintf(`{"parkCode":"1","cardId":%d}`, id)
	p.walk([]step{
		{"no card", dropCard, `{}`, "缺少必填参数 cardId"},
		{"a card", dropCard, gone, done},
		{"again", dropCard, gone, done},
		{"it is not listed", cards, `{}`, `{"resCode":0,"resMsg":"","data":[]}`},
		{"it cannot be changed", editCard, fmt.Sprintf(`{"cardId":%d,"cardName":"x"}`, id), "卡片不存在"},
		{"it cannot be recharged", recharge, fmt.Sprintf(`{"cardId":%d,"amount":1,"validFrom":"2026-03-01","validTo":"2026-03-31"}`, id), "卡片不存在"},
	})
	if again := p.give(monthly("闽D02000")); again == id {
		t.Errorf("cardId = %d again: its plate is free, its number is not", again)
	}
}

func TestThePlatesOfACardAreChangedOneByOne(t *testing.T) {
	p := open(t, nil)
	id := p.give(monthly("闽D02000"))
	other := p.give(monthly("闽D09999"))
	tests := []struct {
		name, params, want string
		plates             []store.CardPlate
	}{
		{"added", `"plateNo":"闽D02001","oldplateNo":"","modifyType":0,"isCard":1`, done, plates("闽D02000", "闽D02001")},
		{"added again", `"plateNo":"闽D02001","modifyType":0`, done, plates("闽D02000", "闽D02001")},
		{"changed, called a card as in the document", `"plateNo":"闽D02002","oldplateNo":"闽D02001","modifyType":1,"isCard":0`, done, plates("闽D02000", "闽D02002")},
		{"a plate without its province, called a card", `"plateNo":"D02003","modifyType":"0","isCard":"0"`, done, plates("闽D02000", "闽D02002", "D02003")},
		{"a card", `"plateNo":" AJSD5646SD ","modifyType":0,"isCard":0`, done, plates("闽D02000", "闽D02002", "D02003", "etc:AJSD5646SD")},
		{"a card for a plate", `"plateNo":"0012345678","oldplateNo":"d02003","modifyType":1,"isCard":0`, done, plates("闽D02000", "闽D02002", "etc:0012345678", "etc:AJSD5646SD")},
		{"deleted", `"plateNo":"","oldplateNo":"闽D02002","modifyType":2,"isCard":1`, done, plates("闽D02000", "etc:0012345678", "etc:AJSD5646SD")},
		{"deleted, named in the other place", `"plateNo":"AJSD5646SD","modifyType":2,"isCard":0`, done, plates("闽D02000", "etc:0012345678")},
		{"oldplateNo is the one to delete", `"plateNo":"闽D02000","oldplateNo":"0012345678","modifyType":2,"isCard":0`, done, plates("闽D02000")},
		{"the last plate", `"oldplateNo":"闽D02000","modifyType":2`, "卡片只剩一个车牌，不能移除，请删除卡片", plates("闽D02000")},
		{"a plate that it does not have", `"plateNo":"闽D02004","oldplateNo":"闽D02005","modifyType":1`, "该卡片没有此车牌", plates("闽D02000")},
		{"a plate of another card", `"plateNo":"闽D09999","modifyType":0`, fmt.Sprintf("闽D09999 已属于卡片 %d", other), plates("闽D02000")},
		{"for a plate of another card", `"plateNo":"闽D09999","oldplateNo":"闽D02000","modifyType":1`, fmt.Sprintf("闽D09999 已属于卡片 %d", other), plates("闽D02000")},
		{"added without a plate", `"oldplateNo":"闽D02001","modifyType":0`, "缺少必填参数 plateNo", plates("闽D02000")},
		{"changed without the old plate", `"plateNo":"闽D02001","modifyType":1`, "缺少必填参数 oldplateNo", plates("闽D02000")},
		{"deleted without a plate", `"modifyType":2`, "缺少必填参数 oldplateNo", plates("闽D02000")},
		{"no act", `"plateNo":"闽D02001"`, "缺少必填参数 modifyType", plates("闽D02000")},
		{"another act", `"plateNo":"闽D02001","modifyType":3`, "参数 modifyType 取值无效", plates("闽D02000")},
		{"neither plate nor card", `"plateNo":"闽D02001","modifyType":0,"isCard":2`, "参数 isCard 取值无效", plates("闽D02000")},
		{"a plate of nothing", `"plateNo":"·","modifyType":0`, "参数 plateNo 取值无效", plates("闽D02000")},
		{"a card longer than any", `"plateNo":"` + strings.Repeat("9", 65) + `","modifyType":0,"isCard":0`, "参数 plateNo 取值无效", plates("闽D02000")},
	}
	for _, tt := range tests {
		p.walk([]step{{tt.name, cardPlate, fmt.Sprintf(`{"parkCode":"1","cardId":%d,%s}`, id, tt.params), tt.want}})
		if diff := cmp.Diff(tt.plates, p.card(id).Plates, anyOrder()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	two := p.give(monthly("京B66666", "沪B66666"))
	const several = "匹配到多辆车，请输入完整车牌：京B66666 沪B66666"
	p.walk([]step{
		{"one of two to delete", cardPlate, fmt.Sprintf(`{"cardId":%d,"oldplateNo":"B66666","modifyType":2}`, two), several},
		{"one of two to change", cardPlate, fmt.Sprintf(`{"cardId":%d,"plateNo":"闽D02007","oldplateNo":"B66666","modifyType":1}`, two), several},
		{"one of two to remove", editCard, fmt.Sprintf(`{"cardId":%d,"plateDetails":"[{\"plateNo\":\"B66666\",\"type\":0}]"}`, two), several},
	})
	if list := rowsOf[protocol.CardInfo](t, p.ask(cards, fmt.Sprintf(`{"cardId":%d,"plateNo":"B66666"}`, two))); len(list) != 1 {
		t.Errorf("cards with that number and such a plate = %v, want the card", list)
	}
	p.walk([]step{
		{"no card", cardPlate, `{"plateNo":"闽D02001","modifyType":0}`, "缺少必填参数 cardId"},
		{"an unknown card", cardPlate, `{"cardId":99,"plateNo":"闽D02001","modifyType":0}`, "卡片不存在"},
	})
}

func TestCardsAreListedAsTheDocumentShows(t *testing.T) {
	p := open(t, nil)
	id := p.give(monthly("闽D02000", "闽D02001"))
	p.after(time.Hour)
	second := p.give(`{"useName":"李四","plateDetails":[{"etcNo":"AJSD5646SD"}],"carType":3,"validFrom":"2026-01-01","validTo":"2026-12-31"}`)
	one := fmt.Sprintf(`{"cardId":%d,"carType":2,"cardName":"月卡","tel":"13800000000","roomId":"X-521","areaList":["地库","地面"],`+
		`"validFrom":"2026-03-01 00:00:00","validForm":"2026-03-01 00:00:00","validTo":"2026-03-31 23:59:59","validValue":0,"spaceNum":"2",`+
		`"lastUpdateTime":"2026-03-01 12:00:00","plateDetails":"[{\"plateNo\":\"闽D02000\",\"etcNo\":null},{\"plateNo\":\"闽D02001\",\"etcNo\":null}]"}`, id)
	two := fmt.Sprintf(`{"cardId":%d,"carType":3,"cardName":"李四","tel":"","roomId":"","areaList":["地库","地面"],`+
		`"validFrom":"2026-01-01 00:00:00","validForm":"2026-01-01 00:00:00","validTo":"2026-12-31 23:59:59","validValue":0,"spaceNum":"1",`+
		`"lastUpdateTime":"2026-03-01 13:00:00","plateDetails":"[{\"plateNo\":null,\"etcNo\":\"AJSD5646SD\"}]"}`, second)
	rows := func(list ...string) string {
		return `{"resCode":0,"resMsg":"","data":[` + strings.Join(list, ",") + `]}`
	}
	p.walk([]step{
		{"all", cards, `{"parkCode":"1","plateNo":"","cardId":""}`, rows(one, two)},
		{"all, as a form of numbers says it", cards, `{"cardId":0}`, rows(one, two)},
		{"of a plate", cards, `{"plateNo":"闽d-02001"}`, rows(one)},
		{"with a number", cards, fmt.Sprintf(`{"cardId":"%d"}`, second), rows(two)},
		{"of a plate that has none", cards, `{"plateNo":"粤B00001"}`, rows()},
		{"with a number that is none", cards, `{"cardId":99}`, rows()},
		{"of nothing that is a plate", cards, `{"plateNo":"·"}`, "参数 plateNo 取值无效"},
		{"with a number that is no number", cards, `{"cardId":"A"}`, "参数 cardId 格式错误"},
	})
}

func TestACardIsRechargedOnceForEachOrder(t *testing.T) {
	p := open(t, nil)
	id := p.give(monthly("闽D02000"))
	april := fmt.Sprintf(`{"parkCode":"1","cardId":%d,"orderNo":"R1","amount":30000,"validFrom":"2026-03-01 00:00:00","validTo":"2026-04-30 23:59:59"}`, id)
	p.walk([]step{
		{"a month", recharge, april, done},
		{"again", recharge, april, done},
		{"the order with another sum", recharge, strings.Replace(april, "30000", "20000", 1), "该订单号已充值，且内容与本次不一致"},
		{"no sum", recharge, fmt.Sprintf(`{"cardId":%d,"validFrom":"2026-03-01","validTo":"2026-04-30"}`, id), "缺少必填参数 amount"},
		{"less than nothing", recharge, fmt.Sprintf(`{"cardId":%d,"amount":-1,"validFrom":"2026-03-01","validTo":"2026-04-30"}`, id), "参数 amount 取值无效"},
		{"no card", recharge, `{"amount":1,"validFrom":"2026-03-01","validTo":"2026-04-30"}`, "缺少必填参数 cardId"},
		{"an unknown card", recharge, `{"cardId":99,"amount":1,"validFrom":"2026-03-01","validTo":"2026-04-30"}`, "卡片不存在"},
		{"an end before the start", recharge, fmt.Sprintf(`{"cardId":%d,"amount":1,"validFrom":"2026-04-30","validTo":"2026-03-01"}`, id), "结束时间不能早于开始时间"},
		{"an end that is no time", recharge, fmt.Sprintf(`{"cardId":%d,"amount":1,"validFrom":"2026-04-30","validTo":"later"}`, id), "参数 validTo 格式错误"},
		{"a period without an end", recharge, fmt.Sprintf(`{"cardId":%d,"amount":1,"validFrom":"2026-04-01","validTo":""}`, id), "缺少必填参数 validTo"},
		{"no period", recharge, fmt.Sprintf(`{"cardId":%d,"amount":1}`, id), "缺少必填参数 validTo"},
		{"an order longer than any", recharge, fmt.Sprintf(`{"cardId":%d,"orderNo":"%s","amount":1,"validFrom":"2026-03-01","validTo":"2026-04-30"}`, id, strings.Repeat("1", 600)), "参数 orderNo 取值无效"},
	})
	if got, want := p.card(id).To, time.Date(2026, 4, 30, 15, 59, 59, 999e6, time.UTC); !got.Equal(want) {
		t.Errorf("the card ends at %v, want %v", got, want)
	}
	if facts := factsOf[store.RechargeFact](p, store.KindRecharge); len(facts) != 1 || facts[0].Amount != 30000 || facts[0].Client != "mall" {
		t.Errorf("recharges = %v, want one of 30000 by mall", facts)
	}
}

// Where there is no order number, the same enciphered bytes are the same payment.
func TestARechargeWithoutAnOrderSentAgainIsOneRecharge(t *testing.T) {
	p := open(t, nil)
	id := p.give(`{"plateDetails":[{"plateNo":"闽D02000"}],"carType":3,"validFrom":"2026-01-01","validTo":"2026-12-31"}`)
	pay := fmt.Sprintf(`{"cardId":%d,"amount":10000,"validFrom":"2026-01-01","validTo":"2026-12-31"}`, id)
	for _, wait := range []time.Duration{0, 29 * time.Second} {
		p.after(wait)
		p.walk([]step{{"the same bytes", recharge, pay, done}})
		if got := len(factsOf[store.RechargeFact](p, store.KindRecharge)); got != 1 {
			t.Errorf("after %v there are %d recharges, want 1", wait, got)
		}
	}
	p.after(time.Minute)
	p.walk([]step{{"the same bytes, later", recharge, pay, done}})
	if got := len(factsOf[store.RechargeFact](p, store.KindRecharge)); got != 2 {
		t.Errorf("a minute later there are %d recharges, want 2", got)
	}
}

func TestProductsAreThoseOfTheType(t *testing.T) {
	p := open(t, nil)
	p.walk([]step{
		{
			"monthly", products, `{"parkCode":"1","carType":2}`,
			`{"resCode":0,"resMsg":"","data":[{"ruleName":"月租","rechargeAmount":1,"rechargeType":1,"basicMoney":30000,"sentAmount":2,"sentType":2,"snetType":2},` +
				`{"ruleName":"季租","rechargeAmount":3,"rechargeType":1,"basicMoney":80000,"sentAmount":0,"sentType":1,"snetType":1}]}`,
		},
		{
			"stored value", products, `{"carType":"3"}`,
			`{"resCode":0,"resMsg":"","data":[{"ruleName":"充值","rechargeAmount":10000,"rechargeType":0,"basicMoney":10000,"sentAmount":500,"sentType":0,"snetType":0}]}`,
		},
		{"none", products, `{"carType":6}`, `{"resCode":0,"resMsg":"","data":[]}`},
		{"no type", products, `{}`, "缺少必填参数 carType"},
		{"no card's type", products, `{"carType":0}`, "参数 carType 取值无效"},
	})
}

func TestACardIsToldWithTheAreasInWhichItIsGood(t *testing.T) {
	p := open(t, nil)
	p.give(monthly("闽D02000"))
	p.give(strings.Replace(monthly("闽D09999"), `"carType":2`, `"carType":7`, 1))
	var got [][]string
	for _, c := range rowsOf[protocol.CardInfo](t, p.ask(cards, `{}`)) {
		got = append(got, c.AreaList)
	}
	if diff := cmp.Diff([][]string{{"地库", "地面"}, {"地面"}}, got); diff != "" {
		t.Errorf("areaList of a monthly card and of a guest's (-want +got):\n%s", diff)
	}
}
