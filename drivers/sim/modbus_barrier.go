package sim

import (
	"slices"
	"time"
)

// A BarrierConfig says how an arm is wired to a board. Coil and input numbers
// count from 0; None means not wired.
type BarrierConfig struct {
	Open, Close, Hold               int // relays
	Presence, LimitOpen, LimitClose int // inputs

	// PresenceActiveLow says that the presence input is on while nothing
	// stands under the arm.
	PresenceActiveLow bool

	// RestOn are relays that are on while their contact is not given, because
	// it goes through their other terminal. All relays of a new board are off,
	// so such a contact is given until a driver brings it to rest.
	RestOn []int

	// Stop, where it is not nil, is the number of the relay that stops the arm
	// where it is and keeps it there for as long as its contact is given.
	Stop *int

	// Passage, where it is not nil, is how the input behind the arm is wired.
	Passage *PassageInput

	Travel    time.Duration // from one end to the other; 0 means 1 s
	AutoClose time.Duration // how long it stays up before it closes by itself; 0 means for ever

	// Unguarded takes away the barrier's own protection: it then closes on
	// what stands under it, and a Strike is recorded.
	Unguarded bool
}

// None is the number of a contact that is not wired.
const None = -1

// A PassageInput is on while a car drives over what is behind the arm; off then,
// if it is ActiveLow.
type PassageInput struct {
	Number    int
	ActiveLow bool
}

// A Barrier is an arm and its controller. An open contact raises the arm and,
// while it is closed, keeps it up against everything else. A close contact
// lowers it. Its methods may be called from any goroutine.
type Barrier struct {
	board *Board
	cfg   BarrierConfig

	// The following fields are guarded by board.mu.
	at       time.Time // what is known is known for this time
	position float64   // 0 down, 1 up
	moves    int       // +1 rises, -1 falls, 0 stands
	openOn   bool      // an open or hold contact is closed
	stopOn   bool      // the stop contact is given
	jammed   bool      // nothing moves the arm

	limitsStuck bool // both limit inputs are on
	occupied    bool
	behind      bool      // something is over the passage input
	idle        time.Time // since when the arm is up with nothing to keep it there
	struck      bool      // a strike of this fall is recorded
}

// NewBarrier wires an arm, which is down, to a board. A board has one barrier.
func NewBarrier(b *Board, cfg BarrierConfig) *Barrier {
	if cfg.Travel == 0 {
		cfg.Travel = time.Second
	}
	r := &Barrier{board: b, cfg: cfg}
	b.mu.Lock()
	defer b.mu.Unlock()
	r.at = b.stepLocked()
	b.barrier = r
	for n := range b.coils {
		r.coilChangedLocked(n, b.coils[n].on, r.at)
	}
	r.wireLocked(r.at)
	return r
}

// SetPresence puts something under the arm or takes it away.
func (r *Barrier) SetPresence(occupied bool) {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	now := r.board.stepLocked()
	if r.occupied == occupied {
		return
	}
	r.occupied = occupied
	if occupied && r.moves < 0 && !r.cfg.Unguarded {
		r.moveLocked(+1, now)
	}
	r.idle = now
	r.wireLocked(now)
}

// SetPassage puts something behind the arm or takes it away.
func (r *Barrier) SetPassage(occupied bool) {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	now := r.board.stepLocked()
	r.behind = occupied
	r.wireLocked(now)
}

// Position returns how far up the arm is: 0 down, 1 up.
func (r *Barrier) Position() float64 {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	r.board.stepLocked()
	return r.position
}

// Openings returns when the arm began to rise.
func (r *Barrier) Openings() []time.Time {
	var times []time.Time
	for _, e := range r.board.Events() {
		if e.Kind == ArmRises {
			times = append(times, e.At)
		}
	}
	return times
}

// Jam keeps the arm where it is, whatever it is told, or lets it go.
func (r *Barrier) Jam(jammed bool) {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	now := r.board.stepLocked()
	if r.jammed = jammed; jammed {
		r.moves = 0
		return
	}
	r.coilChangedLocked(r.cfg.Open, r.contactLocked(r.cfg.Open), now)
}

// StickLimits makes both limit inputs say that the arm is there, as when a switch
// is stuck, or lets them say the truth again.
func (r *Barrier) StickLimits(stuck bool) {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	now := r.board.stepLocked()
	r.limitsStuck = stuck
	r.wireLocked(now)
}

func (r *Barrier) coilChangedLocked(n int, on bool, at time.Time) {
	on = on != slices.Contains(r.cfg.RestOn, n)
	if r.cfg.Stop != nil && n == *r.cfg.Stop {
		if r.stopOn = on; on {
			r.moves = 0
		}
	}
	switch n {
	case r.cfg.Open, r.cfg.Hold:
		r.openOn = r.contactLocked(r.cfg.Open) || r.contactLocked(r.cfg.Hold)
		r.idle = at
		if on {
			r.moveLocked(+1, at)
		}
	case r.cfg.Close:
		if on && !r.openOn && (!r.occupied || r.cfg.Unguarded) {
			r.moveLocked(-1, at)
		}
	}
	r.wireLocked(at)
}

func (r *Barrier) contactLocked(n int) bool {
	return n >= 0 && n < len(r.board.coils) && r.board.coils[n].on != slices.Contains(r.cfg.RestOn, n)
}

func (r *Barrier) moveLocked(direction int, at time.Time) {
	if r.jammed || r.stopOn || r.moves == direction || direction > 0 && r.position == 1 || direction < 0 && r.position == 0 {
		return
	}
	r.moves, r.struck = direction, false
	r.board.recordLocked(Event{At: at, Kind: either(direction > 0, ArmRises, ArmFalls)})
}

// advanceLocked moves the arm up to a time, stopping at each thing that happens
// on the way.
func (r *Barrier) advanceLocked(to time.Time) {
	for r.at.Before(to) {
		next := to
		if r.moves != 0 {
			rest := r.position
			if r.moves > 0 {
				rest = 1 - r.position
			}
			// At least a nanosecond, or rounding would stop the clock.
			if end := r.at.Add(max(time.Duration(rest*float64(r.cfg.Travel)), 1)); end.Before(next) {
				next = end
			}
		} else if r.closesByItself() {
			if due := r.idle.Add(r.cfg.AutoClose); !due.After(r.at) {
				r.moveLocked(-1, r.at)
				continue
			} else if due.Before(next) {
				next = due
			}
		}
		r.travelLocked(next)
	}
}

func (r *Barrier) closesByItself() bool {
	return r.cfg.AutoClose > 0 && r.position == 1 && !r.openOn && !r.occupied
}

// travelLocked moves the arm for the time until next, during which nothing else
// happens.
func (r *Barrier) travelLocked(next time.Time) {
	falling := r.moves < 0
	r.position += float64(r.moves) * float64(next.Sub(r.at)) / float64(r.cfg.Travel)
	r.at = next
	const rest = 1e-6 // of the way: what floating point may leave
	switch {
	case r.moves > 0 && r.position > 1-rest:
		r.position, r.moves, r.idle = 1, 0, next
		r.board.recordLocked(Event{At: next, Kind: ArmUp})
	case r.moves < 0 && r.position < rest:
		r.position, r.moves = 0, 0
		r.board.recordLocked(Event{At: next, Kind: ArmDown})
	}
	if falling && r.occupied && !r.struck && r.position < 0.5 {
		r.struck = true
		r.board.recordLocked(Event{At: next, Kind: Strike})
	}
	r.wireLocked(next)
}

// wireLocked puts on the inputs what they see.
func (r *Barrier) wireLocked(at time.Time) {
	r.board.setInputLocked(r.cfg.Presence, r.occupied != r.cfg.PresenceActiveLow, at)
	if p := r.cfg.Passage; p != nil {
		r.board.setInputLocked(p.Number, r.behind != p.ActiveLow, at)
	}
	r.board.setInputLocked(r.cfg.LimitOpen, r.position == 1 || r.limitsStuck, at)
	r.board.setInputLocked(r.cfg.LimitClose, r.position == 0 || r.limitsStuck, at)
}
