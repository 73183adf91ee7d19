package protocol

// The messages of downlink 4.8 and 4.9, the blacklist.

// A BlackEdit is the request of downlink 4.8 BlackListControl: a plate is put on the
// blacklist, or an entry of it is changed or deleted.
type BlackEdit struct {
	ParkCode    string `json:"parkCode,omitempty"`
	BlackID     Int    `json:"blackId,omitzero"`                              // absent or 0 when adding
	PlateNo     string `json:"plateNo,omitempty" wire:"alias=plateNum|carNo"` // absent means unchanged
	Remark      string `json:"remark,omitempty"`                              // the reason
	ControlType Int    `json:"controlType" wire:"required,oneof=0|1|2"`       // EditAdd, EditChange or EditDelete
}

// Check returns an error when it is not clear which plate to add, or which entry to
// change or delete.
func (e BlackEdit) Check() error {
	switch {
	case e.ControlType.N == EditAdd && e.PlateNo == "":
		return &FieldError{Field: "plateNo", Problem: Missing}
	case e.ControlType.N != EditAdd && !e.BlackID.Set:
		return &FieldError{Field: "blackId", Problem: Missing}
	case e.ControlType.N != EditAdd && e.BlackID.N <= 0:
		return &FieldError{Field: "blackId", Problem: OutOfRange}
	}
	return nil
}

// A BlackID is the row that downlink 4.8 BlackListControl answers: the number of
// the new entry, or the one that was asked.
type BlackID struct {
	BlackID int64 `json:"blackId"`
}

// A BlackQuery is the request of downlink 4.9 GetBlackInfo. Without a plate the
// whole blacklist is listed.
type BlackQuery struct {
	ParkCode string `json:"parkCode,omitempty"`
	PlateNo  string `json:"plateNo,omitempty" wire:"alias=plateNum|carNo"`
}

// A BlackInfo is a row that downlink 4.9 GetBlackInfo answers.
type BlackInfo struct {
	BlackID int64  `json:"blackId"`
	PlateNo string `json:"plateNo"`
	Remark  string `json:"remark"` // the reason
}
