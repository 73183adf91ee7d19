package store

// A MoveFact is a car that passed from one area of the car park into another.
type MoveFact struct {
	Session string `json:"session"`
	Lane    string `json:"lane"`
	From    int    `json:"from"` // area codes
	To      int    `json:"to"`
	AtMs    int64  `json:"atMs"`
}

// An UnknownFact is a stay of which the books know no entry, as it was opened at
// an exit.
type UnknownFact struct {
	Session string `json:"session"`
	Lane    string `json:"lane"`
	Fee     int64  `json:"fee"` // fen
}
