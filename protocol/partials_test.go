package protocol

import (
	"errors"
	"reflect"
	"slices"
	"testing"
)

// A partial is a request that lacks fields which are mandatory in some cases.
type partial struct {
	text string
	want FieldError // zero when it is clear what is meant
}

// partials are such requests, by interface.
func partials() map[string][]partial {
	none := FieldError{}
	return map[string][]partial{
		"GetParkingPaymentInfo": {
			{`{}`, FieldError{"plateNo", Missing}}, {`{"parkCode":"1","plateNo":"","cardNo":null}`, FieldError{"plateNo", Missing}},
			{`{"plateNo":"粤B12345"}`, none}, {`{"cardNo":"t1"}`, none}, {`{"deviceCode":"D1"}`, none},
			{`{"carNo":"粤B12345"}`, none}, {`{"deviceId":"D1"}`, none}, {`{"plateNo":"粤B12345","cardNo":"t1","deviceCode":"D1"}`, none},
		},
		"ParkingFree": {
			{`{"freeMoney":100}`, FieldError{"plateNo", Missing}}, {`{"freeMoney":100,"plateNo":"","cardNo":""}`, FieldError{"plateNo", Missing}},
			{`{"freeMoney":100,"plateNo":"粤B12345"}`, none}, {`{"freeMoney":100,"cardNo":"t1"}`, none},
			{`{"freeMoney":100,"plateNum":"粤B12345"}`, none}, {`{"freeMoney":100,"plateNo":"粤B12345","cardNo":"t1"}`, none},
		},
		"CarCardNoManage": {
			{`{"cardId":1,"modifyType":0}`, FieldError{"plateNo", Missing}}, {`{"cardId":1,"modifyType":0,"oldplateNo":"A12345"}`, FieldError{"plateNo", Missing}},
			{`{"cardId":1,"modifyType":1}`, FieldError{"plateNo", Missing}}, {`{"cardId":1,"modifyType":1,"oldplateNo":"A12345"}`, FieldError{"plateNo", Missing}},
			{`{"cardId":1,"modifyType":1,"plateNo":"A12345"}`, FieldError{"oldplateNo", Missing}}, {`{"cardId":1,"modifyType":2}`, FieldError{"oldplateNo", Missing}},
			{`{"cardId":1,"modifyType":0,"plateNo":"A12345"}`, none}, {`{"cardId":1,"modifyType":1,"plateNo":"A12345","oldplateNo":"B12345"}`, none},
			{`{"cardId":1,"modifyType":2,"oldplateNo":"A12345"}`, none}, {`{"cardId":1,"modifyType":2,"plateNo":"A12345"}`, none},
		},
		"BlackListControl": {
			{`{"controlType":0}`, FieldError{"plateNo", Missing}}, {`{"controlType":0,"blackId":7}`, FieldError{"plateNo", Missing}},
			{`{"controlType":1,"plateNo":"A12345"}`, FieldError{"blackId", Missing}}, {`{"controlType":2,"plateNo":"A12345"}`, FieldError{"blackId", Missing}},
			{`{"controlType":1,"blackId":0,"plateNo":"A12345"}`, FieldError{"blackId", OutOfRange}}, {`{"controlType":2,"blackId":-1}`, FieldError{"blackId", OutOfRange}},
			{`{"controlType":0,"plateNo":"A12345"}`, none}, {`{"controlType":0,"blackId":0,"plateNo":"A12345"}`, none},
			{`{"controlType":1,"blackId":7}`, none}, {`{"controlType":1,"blackId":7,"plateNo":"A12345"}`, none}, {`{"controlType":2,"blackId":7}`, none},
		},
	}
}

func TestWhatIsMandatoryInSomeCasesIsRequiredInThem(t *testing.T) {
	all := contracts()
	for name, list := range partials() {
		for _, p := range list {
			err := DecodeFields([]byte(p.text), reflect.New(reflect.TypeOf(all[name].request)).Interface())
			var got *FieldError
			switch {
			case p.want == FieldError{}:
				if err != nil {
					t.Errorf("%s %s: error = %v, want it taken", name, p.text, err)
				}
			case !errors.As(err, &got) || *got != p.want:
				t.Errorf("%s %s: error = %v, want %v", name, p.text, err, &p.want)
			}
		}
	}
}

// Each field that is mandatory in some cases must be seen absent in one of them,
// and in one of the others.
func TestEveryFieldThatIsMandatoryInSomeCasesIsTested(t *testing.T) {
	all := partials()
	for title, lines := range documentedFields(t) {
		for _, d := range lines {
			if d.need() != "some" {
				continue
			}
			refused, taken := false, false
			for _, p := range all[d.name] {
				if _, there := readObject(t, []byte(p.text))[d.field]; !there {
					refused = refused || p.want.Field == d.field
					taken = taken || p.want == FieldError{}
				}
			}
			// Of several fields of which one is enough, the first is named.
			oneOf := slices.Contains([]string{"GetParkingPaymentInfo", "ParkingFree"}, d.name)
			if !taken || !refused && !oneOf {
				t.Errorf("%s without %s is refused: %v, taken: %v; want a case of each", title, d.field, refused, taken)
			}
		}
	}
}
