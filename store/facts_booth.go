package store

// The kinds of rows about who works at the booths.
const (
	KindOperator Kind = "operator" // OperatorFact, key "operator:" and name: an operator was added, changed or removed
	KindLogin    Kind = "login"    // LoginFact, key "operator:" and name: a sign-in, its end, or a refusal
	KindShift    Kind = "shift"    // ShiftFact, key "booth:" and name: a shift began or ended
)

// An OperatorFact says what was changed about an operator.
type OperatorFact struct {
	Name string `json:"name"`
	Act  string `json:"act"` // add, role, password, remove
	Role string `json:"role,omitempty"`
	By   string `json:"by"` // an operator, or "command" for somebody with access to the machine
}

// A LoginFact says who signed in or out, or was refused.
type LoginFact struct {
	Operator string `json:"operator"` // empty for a name that nobody has: it may be a password, typed into the wrong field
	Act      string `json:"act"`      // in, out, refused (wrong password), forbidden (a call that the role may not make)
	Call     string `json:"call,omitempty"`
	Address  string `json:"address,omitempty"`
}

// A ShiftFact is a shift as it began or ended. Money in fen.
type ShiftFact struct {
	Shift    int64    `json:"shift"`
	Operator string   `json:"operator"`
	Booth    string   `json:"booth"`
	Lanes    []string `json:"lanes,omitempty"`
	FromMs   int64    `json:"fromMs"`
	ToMs     int64    `json:"toMs,omitempty"` // zero: it began
	Float    int64    `json:"float"`
	Counted  int64    `json:"counted,omitempty"`
	Expected int64    `json:"expected,omitempty"`
	Note     string   `json:"note,omitempty"`
	By       string   `json:"by"` // who did it: the operator himself, or who handed over to him
}

// NewShiftFact describes s; by is who began or ended it.
func NewShiftFact(s Shift, by string) ShiftFact {
	return ShiftFact{
		Shift: s.ID, Operator: s.Operator, Booth: s.Booth, Lanes: s.Lanes, FromMs: Millis(s.From), ToMs: Millis(s.To),
		Float: s.Float, Counted: s.Counted, Expected: s.Expected, Note: s.Note, By: by,
	}
}
