package protocol

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type sample struct {
	Name   string       `json:"name" wire:"required,alias=title|label"`
	Count  int64        `json:"count" wire:"min=0"`
	Page   int          `json:"page" wire:"min=1"`
	Kind   GateAction   `json:"kind,string" wire:"oneof=1|2"`
	Extra  Int          `json:"extra,omitzero"`
	Inner  sampleInner  `json:"inner"`
	Rows   []sampleItem `json:"rows"`
	Digits []int64      `json:"digits"`
}

type sampleInner struct {
	A string `json:"a"`
}

type sampleItem struct {
	Code  string `json:"code" wire:"required"`
	Money int64  `json:"money"`
}

func TestDecodeFieldsIsLenient(t *testing.T) {
	tests := []struct {
		name, text string
		want       sample
	}{
		{"as written", `{"name":"n","count":5,"page":2,"kind":"1"}`, sample{Name: "n", Count: 5, Page: 2, Kind: 1}},
		{"names in another case", `{"NAME":"n","Count":5}`, sample{Name: "n", Count: 5}},
		{"numbers as strings and strings as numbers", `{"name":123456789,"count":" 5 ","kind":2,"extra":"-7"}`, sample{Name: "123456789", Count: 5, Kind: 2, Extra: IntOf(-7)}},
		{"whole numbers with a fraction of zeros", `{"name":"n","count":5.00,"extra":"3.0"}`, sample{Name: "n", Count: 5, Extra: IntOf(3)}},
		{"null and empty are absent", `{"name":"n","count":null,"page":"","kind":" ","extra":null,"inner":null,"rows":""}`, sample{Name: "n"}},
		{"an alias", `{"label":"l"}`, sample{Name: "l"}},
		{"the name comes before its alias, unless it is empty", `{"title":"t","name":""}`, sample{Name: "t"}},
		{"the last of two names counts, unless it is empty", `{"name":"a","Name":"b","NAME":null}`, sample{Name: "b"}},
		{"unknown fields are ignored", `{"name":"n","what":{"a":[1]}}`, sample{Name: "n"}},
		{"an array in a string", `{"name":"n","rows":"[{\"code\":\"c\",\"money\":\"5\"},{\"code\":7}]"}`, sample{Name: "n", Rows: []sampleItem{{"c", 5}, {"7", 0}}}},
		{"a real array with a hole", `{"name":"n","rows":[{"code":"c"},null]}`, sample{Name: "n", Rows: []sampleItem{{Code: "c"}}}},
		{"one object for an array", `{"name":"n","rows":{"code":"c"}}`, sample{Name: "n", Rows: []sampleItem{{Code: "c"}}}},
		{"an object in a string", `{"name":"n","inner":"{\"A\":\"x\"}"}`, sample{Name: "n", Inner: sampleInner{"x"}}},
		{"zero is not absent", `{"name":"n","extra":0}`, sample{Name: "n", Extra: IntOf(0)}},
		{"plain arrays", `{"name":"n","digits":["1",2]}`, sample{Name: "n", Digits: []int64{1, 2}}},
		{"truth values are text", `{"name":true}`, sample{Name: "true"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got sample
			if err := DecodeFields([]byte(tt.text), &got); err != nil {
				t.Fatalf("DecodeFields: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("DecodeFields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeFieldsLeavesTheProgramsOwnFieldsAlone(t *testing.T) {
	got := struct {
		Name   string `json:"name"`
		caller string
	}{caller: "192.0.2.1"}
	if err := DecodeFields([]byte(`{"name":"n","caller":"forged"}`), &got); err != nil || got.Name != "n" || got.caller != "192.0.2.1" {
		t.Errorf("DecodeFields = %+v, %v", got, err)
	}
}

func TestDecodeFieldsNamesTheFieldThatIsWrong(t *testing.T) {
	tests := []struct {
		name, text string
		want       FieldError
	}{
		{"a required field is missing", `{}`, FieldError{"name", Missing}},
		{"a required field is null", `{"name":null}`, FieldError{"name", Missing}},
		{"a required field is empty", `{"name":"  "}`, FieldError{"name", Missing}},
		{"an object for a text", `{"name":{}}`, FieldError{"name", Malformed}},
		{"words for a number", `{"name":"n","count":"five"}`, FieldError{"count", Malformed}},
		{"a fraction", `{"name":"n","count":1.5}`, FieldError{"count", Malformed}},
		{"a point and nothing behind it", `{"name":"n","count":"1."}`, FieldError{"count", Malformed}},
		{"a truth value for a number", `{"name":"n","count":true}`, FieldError{"count", Malformed}},
		{"a number whose sum may overflow", `{"name":"n","count":1000000000000001}`, FieldError{"count", Malformed}},
		{"an exponent", `{"name":"n","count":1e3}`, FieldError{"count", Malformed}},
		{"a malformed optional number", `{"name":"n","extra":[]}`, FieldError{"extra", Malformed}},
		{"too small", `{"name":"n","count":-1}`, FieldError{"count", OutOfRange}},
		{"not one of the allowed", `{"name":"n","kind":3}`, FieldError{"kind", OutOfRange}},
		{"zero where counting starts at one", `{"name":"n","page":0}`, FieldError{"page", OutOfRange}},
		{"inside an array", `{"name":"n","rows":[{"code":"c"},{}]}`, FieldError{"rows[1].code", Missing}},
		{"no array", `{"name":"n","rows":"words"}`, FieldError{"rows", Malformed}},
		{"no object", `{"name":"n","inner":[1]}`, FieldError{"inner", Malformed}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := DecodeFields([]byte(tt.text), new(sample))
			var got *FieldError
			if !errors.As(err, &got) || *got != tt.want {
				t.Fatalf("error = %v, want %v", err, &tt.want)
			}
			for _, language := range []string{"zh-CN", "en"} {
				if m := Message(err, language); !strings.Contains(m, tt.want.Field) {
					t.Errorf("Message in %s = %q, want it to name %s", language, m, tt.want.Field)
				}
			}
		})
	}
}

func TestDecodeFieldsRefusesWhatIsNoObject(t *testing.T) {
	for _, text := range []string{"", "null", "[]", `"name"`, `{"name":"n"} x`, `{"name":"n"`, strings.Repeat(`{"name":`, 100) + "1" + strings.Repeat("}", 100)} {
		if err := DecodeFields([]byte(text), new(sample)); err == nil {
			t.Errorf("DecodeFields(%.40s) succeeded", text)
		}
	}
	if err := DecodeFields([]byte("{}"), sample{}); err == nil {
		t.Errorf("DecodeFields into a value succeeded")
	}
}

func paramsOf(t *testing.T, name string) []string {
	t.Helper()
	if r, ok := RouteNamed(name); ok {
		return r.Params
	}
	u, ok := UplinkNamed(name)
	if !ok {
		t.Fatalf("no interface %s", name)
	}
	return u.Params
}

func TestEveryFieldOfAMessageIsAParameterOfItsInterface(t *testing.T) {
	for name, c := range contracts() {
		params := paramsOf(t, name)
		typ := reflect.TypeOf(c.request)
		for i := range typ.NumField() {
			tag, err := readTag(typ.Field(i))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, field := range append([]string{tag.name}, tag.aliases...) {
				if !isParam(field, params) {
					t.Errorf("%s lacks the parameter %s", name, field)
				}
			}
		}
	}
}

// FuzzDecodeFields reads any text as every message there is. What was read must be
// written, and read the same again.
func FuzzDecodeFields(f *testing.F) {
	f.Add([]byte(`{"parkCode":"1","orderNo":"1","amount":"5","freeDetail":"[{\"type\":0}]"}`))
	f.Add([]byte(`{"areaInfo":"[{\"areaCode\":\"1\"}]","freeSpaceNum":200}`))
	f.Add([]byte(`{"plateNo":null,"startTime":{},"pageIndex":1e9}`))
	f.Add([]byte(`{"cardId":"135","plateDetails":"[{\"plateNo\":\"A12345\",\"etcNo\":\"\",\"type\":1}]","totalSPNum":10,"carType":1,"ValidFrom":"2018-08-01","ValidTo":"2018-08-31"}`))
	f.Add([]byte(`{"blackId":"1","controlType":2,"modifyType":1,"plateNo":"A12345","oldplateNo":"A12346","cardNo":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}`))
	f.Add([]byte(`{"densityMoney":"","deductMoney":200,"snetType":1,"validForm":"2018-01-01","payMoney":"100","qrcode":"q","chargeType":"0"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, c := range contracts() {
			for _, message := range []any{c.request, c.answer} {
				if message == nil {
					continue
				}
				into := reflect.New(reflect.TypeOf(message)).Interface()
				if DecodeFields(text, into) != nil {
					continue
				}
				first, err := marshal(into)
				if err != nil || !json.Valid(first) {
					t.Fatalf("%s: write %T: %v", name, message, err)
				}
				again := reflect.New(reflect.TypeOf(message)).Interface()
				if err := DecodeFields(first, again); err != nil {
					t.Fatalf("%s: read %s as %T again: %v", name, first, message, err)
				}
				if second, err := marshal(again); err != nil || string(first) != string(second) {
					t.Errorf("%s: %T is written as\n%s\nand after reading as\n%s\n%v", name, message, first, second, err)
				}
			}
		}
	})
}
