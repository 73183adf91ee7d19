package store

// A CardFact is a card as it is after a change.
type CardFact struct {
	// Platform, if set, is the only one that the row is for: it is met for the
	// first time and told of the cards that were there before.
	Platform string          `json:"platform,omitempty"`
	Act      string          `json:"act"` // add, edit, recharge, delete, first contact
	Card     int64           `json:"card"`
	Name     string          `json:"name"`
	Owner    string          `json:"owner"`
	Tel      string          `json:"tel,omitempty"`
	Room     string          `json:"room,omitempty"`
	CarType  int             `json:"carType"`
	Spaces   int             `json:"spaces"`
	FromMs   int64           `json:"fromMs"`
	ToMs     int64           `json:"toMs"` // a deleted card's deletion, if that was earlier
	Balance  int64           `json:"balance,omitempty"`
	Plates   []CardPlateFact `json:"plates"`
	Client   string          `json:"client,omitempty"`
	Address  string          `json:"address,omitempty"`
}

// A CardPlateFact is one plate, or number of an IC card, of a CardFact.
type CardPlateFact struct {
	Plate string `json:"plate,omitempty"`
	Etc   string `json:"etc,omitempty"`
}

// NewCardFact describes c. Who did what is for the caller to fill in.
func NewCardFact(c Card) CardFact {
	f := CardFact{
		Card: c.ID, Name: c.Name, Owner: c.Owner, Tel: c.Tel, Room: c.Room, CarType: c.CarType, Spaces: c.Spaces,
		FromMs: Millis(c.From), ToMs: Millis(c.Ends()), Balance: c.Balance, Plates: []CardPlateFact{},
	}
	for _, p := range c.Plates {
		f.Plates = append(f.Plates, CardPlateFact(p))
	}
	return f
}

// A RechargeFact is money or time that was added to a card.
type RechargeFact struct {
	Card    int64  `json:"card"`
	Order   string `json:"order,omitempty"`
	Amount  int64  `json:"amount"`          // fen
	Added   int64  `json:"added,omitempty"` // fen or visits
	FromMs  int64  `json:"fromMs,omitempty"`
	ToMs    int64  `json:"toMs,omitempty"`
	Client  string `json:"client,omitempty"`
	Address string `json:"address,omitempty"`
}

// A CardUseFact is what a stay took from a card.
type CardUseFact struct {
	Card    int64  `json:"card"`
	Session string `json:"session"`
	Used    int64  `json:"used"` // fen or visits; less than 0 was given back
	Balance int64  `json:"balance"`
}

// A BlackFact is an entry of the blacklist: as it is after a change, or that a
// car with its plate stood at an entry.
type BlackFact struct {
	Act     string `json:"act"` // add, edit, delete; refused; held: let in by a gate that was held open; released: let in by an operator; near: let in, because it is only like it; corrected: found inside
	Black   int64  `json:"black"`
	Plate   string `json:"plate"` // as the camera read it, when refused
	Remark  string `json:"remark,omitempty"`
	Lane    string `json:"lane,omitempty"`
	Place   string `json:"place,omitempty"`
	Image   string `json:"image,omitempty"`
	SeenMs  int64  `json:"seenMs,omitempty"`
	Client  string `json:"client,omitempty"`
	Address string `json:"address,omitempty"`
}

// A BookingFact is a booking as it is after a change.
type BookingFact struct {
	Act      string `json:"act"` // add, edit, cancel, use
	Booking  int64  `json:"booking"`
	Plate    string `json:"plate"`
	PreMoney int64  `json:"preMoney"`
	PreUsed  int64  `json:"preUsed,omitempty"`
	FromMs   int64  `json:"fromMs"`
	ToMs     int64  `json:"toMs"`
	Type     int    `json:"type"`
	Session  string `json:"session,omitempty"` // of the car inside that it became the booking of, or that used its money up
	Client   string `json:"client,omitempty"`
	Address  string `json:"address,omitempty"`
}

// A SpacesSetFact is that somebody set the free places of an area.
type SpacesSetFact struct {
	Area    int    `json:"area"`
	Free    int    `json:"free"`
	Offset  int    `json:"offset"` // to what is counted
	Client  string `json:"client,omitempty"`
	Address string `json:"address,omitempty"`
}

// A DeductionFact is a seamless deduction: asked for, or answered.
type DeductionFact struct {
	Deduction string `json:"deduction"`
	Session   string `json:"session"`
	Platform  string `json:"platform"`
	Asked     int64  `json:"asked"`
	State     int    `json:"state"` // DeductionState
	Taken     int64  `json:"taken,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// A CorrectFact is that a platform is to reverse a deduction of a stay that has
// ended.
type CorrectFact struct {
	Platform  string `json:"platform"` // the only one that the row is for
	Deduction string `json:"deduction"`
	Session   string `json:"session"`
	Plate     string `json:"plate"`
	EnteredMs int64  `json:"enteredMs"`
	LeftMs    int64  `json:"leftMs"`
	Total     int64  `json:"total"` // that was asked for
	Place     string `json:"place"`
	Image     string `json:"image,omitempty"`
}

// A ChangeFact is a change order: made, or settled.
type ChangeFact struct {
	Change   string `json:"change"`
	Order    string `json:"order"`
	Session  string `json:"session"`
	Kiosk    string `json:"kiosk"`
	Due      int64  `json:"due"`
	Inserted int64  `json:"inserted"`
	Settled  bool   `json:"settled,omitempty"`
	Type     int    `json:"type,omitempty"`
	Client   string `json:"client,omitempty"`
}

// A CodeFact is that a platform's payment code was shown for an order, or that a
// driver's was handed to a platform. The driver's code itself is kept nowhere.
type CodeFact struct {
	Order    string `json:"order"`
	Session  string `json:"session"`
	Platform string `json:"platform"` // whose code was shown; empty for a driver's
	Kiosk    string `json:"kiosk"`
	Act      string `json:"act"`              // shown, scanned, accepted, refused, unknown
	Reason   string `json:"reason,omitempty"` // of a refusal
}
