package protocol

import (
	"errors"
	"fmt"
)

// A PlateDetail is a vehicle of a card: by its plate, or by an IC or ETC card for
// the gate's reader. Only one of the two is meant to be given.
type PlateDetail struct {
	PlateNo string `json:"plateNo" wire:"alias=plateNum|carNo"`
	EtcNo   string `json:"etcNo"`
	// Type is what downlink 4.2 does with it, PlateRemove or PlateAdd. Absent
	// there, adding is meant, which changes nothing for a plate that the card has.
	Type Int `json:"type,omitzero" wire:"oneof=0|1"`
}

// The Type of a PlateDetail.
const (
	PlateRemove = 0
	PlateAdd    = 1
)

// PlateDetails are the vehicles of a card. On the wire they are a JSON array inside
// a string; a real array is read as well.
type PlateDetails []PlateDetail

// MarshalJSON writes a string with a JSON array in it. What a detail lacks is an
// empty string there, as the document's requests show it; a [CardInfo] writes null.
func (d PlateDetails) MarshalJSON() ([]byte, error) {
	if d == nil {
		d = PlateDetails{}
	}
	return inString([]PlateDetail(d))
}

// UnmarshalJSON reads a string with an array in it, or an array; null and "" are
// an empty list. A detail with neither plate nor card is left out. Anything else
// is an error: a card must not lose a plate by a slip of the pen.
func (d *PlateDetails) UnmarshalJSON(raw []byte) error {
	*d = nil
	if isAbsent(raw) {
		return nil
	}
	var list struct {
		Items []PlateDetail `json:"items"`
	}
	if err := DecodeFields(append(append([]byte(`{"items":`), raw...), '}'), &list); err != nil {
		return errors.New("not a list of plates")
	}
	for _, detail := range list.Items {
		if detail.PlateNo != "" || detail.EtcNo != "" {
			*d = append(*d, detail)
		}
	}
	return nil
}

// nullDetails are PlateDetails as downlink 4.5 answers them, with null for what a
// detail lacks.
type nullDetails PlateDetails

func (d nullDetails) MarshalJSON() ([]byte, error) {
	type row struct {
		PlateNo *string `json:"plateNo"`
		EtcNo   *string `json:"etcNo"`
		Type    Int     `json:"type,omitzero"`
	}
	orNil := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	rows := make([]row, len(d))
	for i, detail := range d {
		rows[i] = row{orNil(detail.PlateNo), orNil(detail.EtcNo), detail.Type}
	}
	return inString(rows)
}

// inString writes v as JSON inside a JSON string.
func inString(v any) ([]byte, error) {
	inner, err := marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode list: %w", err)
	}
	return marshal(string(inner))
}
