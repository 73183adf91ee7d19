package protocol

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlateDetailsAreReadFromAStringOrAnArray(t *testing.T) {
	tests := []struct {
		name, value string
		want        PlateDetails
	}{
		{"a string, as documented", `"[{\"plateNo\":\"A12345\",\"etcNo\":\"\"}]"`, PlateDetails{{PlateNo: "A12345"}}},
		{"with null, as 4.5 answers", `"[{\"plateNo\":\"A12345\",\"etcNo\":null},{\"plateNo\":null,\"etcNo\":\"AJSD5646SD\"}]"`, PlateDetails{{PlateNo: "A12345"}, {EtcNo: "AJSD5646SD"}}},
		{"with a type, as 4.2 asks", `"[{\"plateNo\":\"A12345\",\"etcNo\":\"\",\"type\":0}]"`, PlateDetails{{PlateNo: "A12345", Type: IntOf(PlateRemove)}}},
		{"a real array", `[{"plateNo":"粤B12345"},{"plateNo":"粤A11113","type":"1"}]`, PlateDetails{{PlateNo: "粤B12345"}, {PlateNo: "粤A11113", Type: IntOf(PlateAdd)}}},
		{"an array of one, without its brackets", `{"plateNo":"A12345"}`, PlateDetails{{PlateNo: "A12345"}}},
		{"names in another case, a number for a card", `[{"PLATENO":"A12345"},{"EtcNo":5646}]`, PlateDetails{{PlateNo: "A12345"}, {EtcNo: "5646"}}},
		{"details that name nothing are left out", `[{"plateNo":"","etcNo":" ","type":1},null,{"plateNo":"A12345"}]`, PlateDetails{{PlateNo: "A12345"}}},
		{"an empty array", `"[]"`, nil},
		{"nothing", `""`, nil},
		{"null", `null`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got CardEdit
			if err := DecodeFields([]byte(`{"cardId":1,"plateDetails":`+tt.value+`}`), &got); err != nil {
				t.Fatalf("DecodeFields: %v", err)
			}
			if diff := cmp.Diff(tt.want, got.PlateDetails); diff != "" {
				t.Errorf("PlateDetails (-want +got):\n%s", diff)
			}
			var plain PlateDetails
			if err := json.Unmarshal([]byte(tt.value), &plain); err != nil {
				t.Errorf("json.Unmarshal: %v", err)
			}
			if diff := cmp.Diff(tt.want, plain); diff != "" {
				t.Errorf("json.Unmarshal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlateDetailsThatAreNoneAreRefused(t *testing.T) {
	for name, value := range map[string]string{
		"words":                     `"粤B12345"`,
		"a list without an end":     `"[{\"plateNo\":\"A12345\"}"`,
		"a number":                  `5`,
		"plates without names":      `["A12345"]`,
		"a type that there is not":  `[{"plateNo":"A12345","type":2}]`,
		"a type in words":           `[{"plateNo":"A12345","type":"add"}]`,
		"a plate that is an object": `[{"plateNo":{}}]`,
	} {
		err := DecodeFields([]byte(`{"cardId":1,"plateDetails":`+value+`}`), new(CardEdit))
		var field *FieldError
		if !errors.As(err, &field) || *field != (FieldError{"plateDetails", Malformed}) {
			t.Errorf("%s: error = %v, want plateDetails: malformed", name, err)
		}
	}
}

func TestPlateDetailsAreWrittenInAString(t *testing.T) {
	details := PlateDetails{{PlateNo: "A12345"}, {EtcNo: "AJSD", Type: IntOf(PlateRemove)}}
	tests := []struct {
		name    string
		message any
		want    string
	}{
		{"empty strings in a request", struct{ P PlateDetails }{details}, `"[{\"plateNo\":\"A12345\",\"etcNo\":\"\"},{\"plateNo\":\"\",\"etcNo\":\"AJSD\",\"type\":0}]"`},
		{"null in the answer of 4.5", struct{ P nullDetails }{nullDetails(details)}, `"[{\"plateNo\":\"A12345\",\"etcNo\":null},{\"plateNo\":null,\"etcNo\":\"AJSD\",\"type\":0}]"`},
		{"an empty list in a request", struct{ P PlateDetails }{}, `"[]"`},
		{"an empty list in the answer of 4.5", struct{ P nullDetails }{}, `"[]"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := marshal(tt.message)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(`{"P":`+tt.want+`}`, string(got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzPlateDetails reads any value as plates of a card. Each that is read names a
// vehicle, and is read the same after it was written in either way.
func FuzzPlateDetails(f *testing.F) {
	for _, seed := range []string{
		`"[{\"plateNo\":\"A12345\",\"etcNo\":null},{\"plateNo\":null,\"etcNo\":\"AJSD5646SD\"}]"`, `[{"plateNo":"粤B12345","type":"1"}]`,
		`{"plateNo":"A"}`, `"[]"`, `""`, `null`, `5`, `[null]`, `"[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return // a member of a message is always valid
		}
		var details PlateDetails
		if details.UnmarshalJSON(raw) != nil {
			return
		}
		for _, d := range details {
			if d.PlateNo == "" && d.EtcNo == "" {
				t.Errorf("%s holds a detail of nothing", raw)
			}
		}
		for _, v := range []any{details, nullDetails(details)} {
			written, err := marshal(v)
			if err != nil {
				t.Fatalf("write %T: %v", v, err)
			}
			var again PlateDetails
			if err := again.UnmarshalJSON(written); err != nil {
				t.Fatalf("read %s again: %v", written, err)
			}
			if diff := cmp.Diff(details, again); diff != "" {
				t.Errorf("after %T (-first +second):\n%s", v, diff)
			}
		}
	})
}
