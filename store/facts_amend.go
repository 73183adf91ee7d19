package store

// An Amendment is how a stay was put right. Amendments are words in the journal:
// add to them, never rename them.
type Amendment string

// The amendments.
const (
	AmendNear   Amendment = "near"   // at an exit, another plate was read and taken for this one
	AmendReread Amendment = "reread" // at an entry, the car that stood there still was read anew, and surer
	AmendTwin   Amendment = "twin"   // at an entry, a stay began within seconds under a plate like it: likely one car
	AmendBack   Amendment = "back"   // its car had not entered again: that stay was taken back, and this one goes on
	AmendPlate  Amendment = "plate"  // an operator corrected the plate
	AmendMerge  Amendment = "merge"  // an operator found it to be another stay of the same car
	AmendClose  Amendment = "close"  // an operator closed it: the car is not inside
)

// An AmendFact is a stay that was put right.
type AmendFact struct {
	Act        Amendment `json:"act"`
	Session    string    `json:"session"`
	Plate      string    `json:"plate"`                // as the books have it from now on
	Was        string    `json:"was,omitempty"`        // what they had before or, of a near plate, what was read
	Confidence int       `json:"confidence,omitempty"` // of that reading, out of 100
	Into       string    `json:"into,omitempty"`       // the stay that one which was merged goes on in, or its twin
	Lane       string    `json:"lane,omitempty"`
	Image      string    `json:"image,omitempty"`
	Reason     string    `json:"reason,omitempty"` // in the words of whoever did it
	Client     string    `json:"client,omitempty"`
	Address    string    `json:"address,omitempty"`
}
