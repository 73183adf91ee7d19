package lane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/tariff"
	"parkagent/drivers"
	"parkagent/store"
)

// A world is a car park as a bystander sees it: which cars stand where, which arms
// are up, and what was paid. Lanes, rules and books work on it without goroutines,
// one event at a time.
type world struct {
	t     *rapid.T
	path  string
	now   time.Time
	db    *store.DB
	desk  *billing.Desk
	rules *access.Rules
	ramps []*ramp

	inside map[string]bool // cars that are inside
	known  map[string]bool // of them, those that came in with a stay, and of whom no lane was deceived
	money  int64           // paid

	until map[string]time.Time // by stay: until when its car may leave without paying again, as its driver was told
}

// A ramp is a lane with what drives and stands there. It is the lane's gate.
type ramp struct {
	w      *world
	lane   *Lane
	code   string
	entry  bool
	inputs bool // it has one below its arm, and one behind it

	queue   []string // cars before the arm, the first first
	moving  string   // the car that drives through; empty without
	between bool     // it is below the arm still
	up      bool     // the arm is
	held    bool
	mode    string // what becomes of a command: works, fails, lost (only the answer), dead (it does not answer at all)
	doubt   bool   // its inputs were not read all the time since a car came
	asked   string // the command from outside that is being carried out
}

// The cars, none of which a camera takes for another.
var cars = []string{"粤B11111", "京A22222", "沪C33333", "苏D44444", "浙E55555"}

// TestAnyDayAtTheLanes plays random days at two entries and two exits.
func TestAnyDayAtTheLanes(t *testing.T) {
	dir, day := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		day++
		w := &world{t: rt, path: filepath.Join(dir, fmt.Sprintf("%d.db", day)), now: t0, inside: map[string]bool{}, known: map[string]bool{}, until: map[string]time.Time{}}
		for i, code := range []string{"IN1", "IN2", "OUT1", "OUT2"} {
			w.ramps = append(w.ramps, &ramp{w: w, code: code, entry: i < 2, inputs: i%2 == 0, mode: "works"})
		}
		w.open()
		defer func() { _ = w.db.Close() }() // they are many
		steps := map[string]func(){
			"arrive": w.arrive, "look": w.look, "look late": w.lookLate, "misread": w.misread, "pay": w.pay, "drive": w.drive, "back": w.back, "close": w.close,
			"gate": w.changeGate, "wait": w.wait, "beat": w.beat, "set clock": w.setClock, "command": w.command, "release": w.release,
			"correct": w.correct, "crash": w.crash,
		}
		names := slices.Sorted(maps.Keys(steps))
		names = append(names, "arrive", "arrive", "arrive", "look", "look", "drive", "drive", "drive", "drive", "drive", "pay", "pay", "beat", "beat", "wait", "close") // more often
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			steps[rapid.SampledFrom(names).Draw(rt, "step")]()
			w.sense()
			w.check()
		}
		w.everybodyLeaves()
		if _, err := w.db.VerifyChain(rt.Context()); err != nil {
			rt.Fatal(err)
		}
	})
}

// open opens the books and starts every lane, as an agent that starts does.
func (w *world) open() {
	now := func() time.Time { return w.now }
	ctx := w.t.Context()
	var err error
	w.db, err = store.Open(ctx, store.Options{Path: w.path, Now: now})
	w.must(err)
	w.desk, err = billing.New(billing.Config{DB: w.db, ParkCode: "1", Now: now, Tariffs: []tariff.Tariff{{
		Name: "all", Free: time.Minute, FreeInclusive: true, Blocks: []tariff.Block{{Unit: 5 * time.Minute, Price: 50}}, // less than the time to leave
	}}}, nil)
	w.must(err)
	w.rules, err = access.New(access.Config{DB: w.db, Bills: w.desk, Now: now})
	w.must(err)
	w.must(w.db.Update(ctx, func(tx *store.Tx) error {
		return tx.ReplaceAreas(ctx, []store.Area{{Code: 1, Name: "A", Places: 4}})
	}))
	for _, r := range w.ramps {
		cfg := Config{Code: r.code, Name: r.code, Direction: Exit, Area: 1, Gate: r, GateCode: "G" + r.code, Rules: w.rules, DB: w.db, Now: now}
		if r.entry {
			cfg.Direction = Entry
		}
		r.lane, err = New(cfg)
		w.must(err)
		r.lane.mono = now
		w.must(r.lane.resume(ctx))
	}
	w.sense()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(fmt.Errorf("unexpected: %w", err))
	}
}

func (w *world) ramp() *ramp { return rapid.SampledFrom(w.ramps).Draw(w.t, "lane") }

// GoString keeps what rapid prints of a draw short.
func (r *ramp) GoString() string { return r.code }

// at returns the ramp of a car, nil if it stands at none.
func (w *world) at(car string) *ramp {
	for _, r := range w.ramps {
		if r.moving == car || slices.Contains(r.queue, car) {
			return r
		}
	}
	return nil
}

// Gate: what the lanes command.

// Raise fails the test unless the reason is in the books before.
func (r *ramp) Raise(ctx context.Context) error {
	r.w.authorised(r)
	return r.does(func() { r.up = true })
}

// Lower is for whoever commands it from outside.
func (r *ramp) Lower(context.Context) error {
	switch {
	case r.asked != string(OpClose):
		r.w.t.Fatalf("%s: the lane lowers its arm by itself", r.code)
	case r.occupied() || r.moving != "" || r.held:
		return drivers.ErrRefused
	}
	return r.does(func() { r.up = false })
}

// Hold keeps the arm up.
func (r *ramp) Hold(context.Context) error { return r.does(func() { r.up, r.held = true, true }) }

// Release ends that.
func (r *ramp) Release(context.Context) error { return r.does(func() { r.held = false }) }

func (r *ramp) does(do func()) error {
	switch r.mode {
	case "works":
		do()
		return nil
	case "lost":
		do()
	}
	return fmt.Errorf("%w: no answer", drivers.ErrOffline)
}

// State says what the inputs see.
func (r *ramp) State(context.Context) (drivers.GateState, error) {
	if r.mode == "dead" {
		return drivers.GateState{}, fmt.Errorf("%w: no answer", drivers.ErrOffline)
	}
	s := drivers.GateState{Arm: drivers.ArmDown, Presence: drivers.PresenceNotFitted, Passage: drivers.PresenceNotFitted, HoldOpen: r.held}
	if r.up {
		s.Arm = drivers.ArmUp
	}
	if r.inputs {
		s.Presence, s.Passage = drivers.PresenceClear, drivers.PresenceClear
		if r.occupied() {
			s.Presence = drivers.PresenceOccupied
		}
		if r.moving != "" {
			s.Passage = drivers.PresenceOccupied
		}
	}
	return s, nil
}

func (r *ramp) occupied() bool { return len(r.queue) > 0 || r.between }

// watched reports whether the lane sees whether a car passes, and goes by that.
func (r *ramp) watched() bool {
	return r.inputs && !r.doubt && !r.lane.state.held && r.lane.state.sense.works(r.w.now)
}

// authorised checks that the journal says why a gate is opened, and that the car's
// stay is committed.
func (w *world) authorised(r *ramp) {
	rows, err := w.db.After(w.t.Context(), 0, 10_000)
	w.must(err)
	session := r.lane.state.car.Session
	for _, e := range slices.Backward(rows) {
		if e.Kind != store.KindCommand || e.Key != "G"+r.code {
			continue
		}
		var f store.CommandFact
		w.must(json.Unmarshal(e.Body, &f))
		if f.Result != "decided" || f.Command != "open" || (f.Reason == "remote") != (r.asked == string(OpOpen)) {
			continue
		}
		if f.Reason == "remote" {
			return
		}
		if f.Session != session {
			continue
		}
		if session == "" && f.Reason == string(access.ReasonReleased) {
			return
		}
		if s, err := w.db.Session(w.t.Context(), session); err == nil && s.State.Open() {
			return
		}
		break
	}
	w.t.Fatalf("%s opens for stay %q, and nothing in the books says why", r.code, session)
}

// tell hands an event to a lane. Its error is its sender's affair.
func (r *ramp) tell(e event) { _ = r.lane.handle(r.w.t.Context(), e) }

// sense lets every lane read its inputs.
func (w *world) sense() {
	for _, r := range w.ramps {
		st, err := r.State(w.t.Context())
		r.tell(sensed{presence: st.Presence, passage: st.Passage, arm: st.Arm, failed: err != nil})
		r.doubt = err != nil || r.doubt && (r.occupied() || r.moving != "" || r.lane.state.phase != idle)
	}
}

// Steps.

// arrive lets a car come to a lane, and be seen there if it is the first, or the
// one before may pass.
func (w *world) arrive() {
	car := rapid.SampledFrom(cars).Draw(w.t, "car")
	if w.at(car) != nil {
		return
	}
	var fit []*ramp
	for _, r := range w.ramps {
		if r.entry != w.inside[car] {
			fit = append(fit, r)
		}
	}
	r := rapid.SampledFrom(fit).Draw(w.t, "lane")
	r.queue = append(r.queue, car)
	w.sense()
	if first := r.queue[0]; first == car || r.lane.state.car.Plate == first && r.lane.state.phase == passing {
		r.tell(see(car))
	}
}

// look lets the camera of a lane see the first car once more.
func (w *world) look() {
	if r := w.ramp(); len(r.queue) > 0 {
		r.tell(see(r.queue[0]))
	}
}

// lookLate lets a camera tell late of a car.
func (w *world) lookLate() {
	e := see(rapid.SampledFrom(cars).Draw(w.t, "car"))
	e.rec.Offline = true
	w.ramp().tell(e)
}

// misread lets a camera read a plate that no car has.
func (w *world) misread() {
	if r := w.ramp(); len(r.queue) > 0 {
		r.tell(see("川K" + rapid.StringMatching(`[0-9]{5}`).Draw(w.t, "digits")))
	}
}

// pay lets the first car of an exit pay what it is asked to.
func (w *world) pay() {
	r := w.ramp()
	if r.entry || len(r.queue) == 0 {
		return
	}
	w.payFor(billing.Ref{Plate: r.queue[0]})
}

// payFor pays what is due for a car, if it is known, and tells the exits.
func (w *world) payFor(of billing.Ref) {
	o, _, err := w.desk.Order(w.t.Context(), of, "mall")
	if errors.Is(err, billing.ErrNoSession) {
		return
	}
	w.must(err)
	receipt, err := w.desk.Pay(w.t.Context(), billing.Notice{Order: o.No, Amount: o.Payable, Client: "mall"})
	w.must(err)
	w.money += o.Payable
	w.until[receipt.Session.ID] = receipt.Session.PaidUntil
	for _, r := range w.ramps {
		if !r.entry {
			r.tell(paid{session: receipt.Session.ID})
		}
	}
}

// drive moves what can move at a lane by one step: a car that drives through, or
// else the first before an arm that is up.
func (w *world) drive() { w.move(w.ramp()) }

func (w *world) move(r *ramp) {
	switch {
	case r.moving != "" && r.between:
		r.between = false
	case r.moving != "":
		r.moving = ""
	case len(r.queue) > 0 && r.up:
		r.moving, r.between, r.queue = r.queue[0], true, r.queue[1:]
		w.through(r, r.moving)
	}
}

// through notes that a car drives under an arm.
func (w *world) through(r *ramp, car string) {
	w.inside[car] = r.entry
	w.known[car] = false
	if r.entry {
		s, err := w.db.OpenSessionByPlate(w.t.Context(), car)
		// Below an arm of which no input and no answer tells it may be taken for one
		// that turned back. What another entry has decided since changes nothing where
		// the inputs tell.
		mine := r.lane.state.phase == passing && r.lane.state.car.Plate == car
		w.known[car] = err == nil && s.EntryLane == r.code && (s.State == store.Inside || r.watched()) || mine && r.watched()
	}
	// The lane takes it for the car that it let pass. Nobody can tell otherwise.
	if for1 := r.lane.state.car.Plate; for1 != "" && for1 != car {
		w.known[for1], w.known[car] = false, false
	}
}

// back lets the first car of a lane back out.
func (w *world) back() {
	if r := w.ramp(); len(r.queue) > 0 {
		w.backsOut(r)
	}
}

func (w *world) backsOut(r *ramp) {
	car := r.queue[0]
	r.queue = r.queue[1:]
	if !r.watched() { // the gate's answer ends its stay, or has
		s, err := w.db.OpenSessionByPlate(w.t.Context(), car)
		w.known[car] = w.known[car] && err == nil && s.State == store.Inside
	}
}

// close lets an arm come down by itself.
func (w *world) close() {
	if r := w.ramp(); !r.occupied() && r.moving == "" && !r.held {
		r.up = false
	}
}

func (w *world) changeGate() {
	w.ramp().mode = rapid.SampledFrom([]string{"works", "works", "works", "fails", "lost", "dead"}).Draw(w.t, "mode")
}

func (w *world) beat() {
	w.after(time.Duration(rapid.IntRange(1, 4000).Draw(w.t, "milliseconds")) * time.Millisecond)
}
func (w *world) wait() {
	w.after(time.Duration(rapid.IntRange(5, 3000).Draw(w.t, "seconds")) * time.Second)
}

// setClock sets the clock, by which nothing happens.
func (w *world) setClock() {
	w.now = w.now.Add(time.Duration(rapid.IntRange(-90, 90).Draw(w.t, "minutes")) * time.Minute)
}

func (w *world) after(d time.Duration) {
	w.now = w.now.Add(d)
	for _, r := range w.ramps {
		r.tell(tick{})
	}
}

func (w *world) command() {
	r := w.ramp()
	op := rapid.SampledFrom([]Op{OpOpen, OpOpen, OpClose, OpHold, OpRelease, OpRelease}).Draw(w.t, "op")
	r.order(op)
}

func (r *ramp) order(op Op) {
	r.asked = string(op)
	r.tell(commanded{cmd: Command{Op: op, Client: "booth", Reason: "rain"}})
	r.asked = ""
}

func (w *world) release() { w.letThrough(w.ramp()) }

func (w *world) letThrough(r *ramp) {
	// The operator should have looked: it is another car that the lane takes for there.
	if means := r.lane.state.stands(w.now).Plate; len(r.queue) == 0 || r.queue[0] != means {
		w.known[means] = false
	}
	r.tell(ordered{pass: letPass{release: &access.Release{Reason: "lost ticket", By: access.By{Client: "booth"}}, out: make(chan access.Verdict, 1)}})
}

func (w *world) correct() {
	if r := w.ramp(); len(r.queue) > 0 {
		r.tell(ordered{pass: letPass{plate: r.queue[0], remark: "mud", out: make(chan access.Verdict, 1)}})
	}
}

// crash loses all that is not in the books.
func (w *world) crash() {
	leaving, err := w.db.SessionsInState(w.t.Context(), store.Leaving)
	w.must(err)
	for _, s := range leaving { // a restart lets out whoever was to be let out lately, and cannot see who has driven off
		w.known[s.Plate] = w.known[s.Plate] && w.at(s.Plate) != nil
	}
	w.must(w.db.Close())
	for _, r := range w.ramps {
		r.doubt = true
	}
	w.open()
}

// Checks.

// check compares the books with the world.
func (w *world) check() {
	ctx := w.t.Context()
	open, err := w.db.OpenSessions(ctx, store.OpenFilter{})
	w.must(err)
	count := map[string]int{}
	for _, s := range open {
		count[s.Plate]++
	}
	for car, in := range w.inside {
		if r := w.at(car); in && w.known[car] && count[car] != 1 && (r == nil || r.entry || r.watched()) {
			w.t.Fatalf("%s is inside and has %d open stays; the journal ends with\n%s", car, count[car], w.history())
		}
	}
	b, err := w.db.Books(ctx)
	w.must(err)
	if len(b.Mismatches) > 0 || b.Fee+b.Over != b.Credit+b.Unpaid+b.Paid+b.Waived || b.Paid+b.Prepaid+b.Orphans != w.money {
		w.t.Fatalf("%d was paid, the books say %+v", w.money, b)
	}
	for _, r := range w.ramps {
		s := r.lane.state
		if s.phase != waiting || s.car.Payable == 0 {
			continue
		}
		if until := w.until[s.car.Session]; until.After(w.now) {
			w.t.Fatalf("%s asks for %d of a stay that is paid until %v", r.code, s.car.Payable, until)
		}
	}
}

// history is the end of the journal, for a failure.
func (w *world) history() string {
	var b strings.Builder
	rows, err := w.db.After(w.t.Context(), 0, 10_000)
	w.must(err)
	for _, e := range rows[max(0, len(rows)-15):] {
		if e.Kind != store.KindSpaces {
			fmt.Fprintf(&b, "%s %s %s %s\n", e.At.Format(time.TimeOnly), e.Kind, e.Key, e.Body)
		}
	}
	return b.String()
}

// everybodyLeaves lets the gates work from now on, and every car out. One that is
// known to be inside leaves by itself, others by an operator's hand.
func (w *world) everybodyLeaves() {
	for _, r := range w.ramps {
		r.mode = "works"
	}
	for range 3 * len(cars) { // what was under way ends
		for _, r := range w.ramps {
			w.move(r)
		}
		w.sense()
		w.check()
	}
	for _, r := range w.ramps {
		for len(r.queue) > 0 {
			w.backsOut(r)
		}
		r.order(OpRelease)
		r.up = false
	}
	w.settle()
	for _, car := range cars {
		if w.inside[car] {
			w.leaves(car, rapid.SampledFrom([]*ramp{w.ramps[2], w.ramps[3]}).Draw(w.t, "exit"))
		}
	}
}

func (w *world) settle() {
	for range 8 {
		w.sense()
		w.after(20 * time.Second)
		w.check()
	}
}

func (w *world) leaves(car string, r *ramp) {
	known := w.known[car]
	r.queue, r.up = []string{car}, false
	w.sense()
	for range 5 {
		r.tell(see(car))
		w.check()
		if !r.up && r.lane.state.phase == waiting {
			w.payFor(billing.Ref{Lane: r.code})
		}
		if !known && !r.up {
			w.letThrough(r)
		}
		for range 3 {
			w.move(r)
			w.sense()
			w.after(time.Second)
			w.check()
		}
		if w.at(car) == nil {
			break
		}
		w.after(40 * time.Second)
	}
	if w.at(car) != nil {
		w.t.Fatalf("%s, of whom the books know: %v, stands at %s for ever; the lane is in phase %d for %+v", car, known, r.code, r.lane.state.phase, r.lane.state.car)
	}
	w.settle()
	if s, err := w.db.OpenSessionByPlate(w.t.Context(), car); known && !errors.Is(err, store.ErrNotFound) {
		w.t.Fatalf("%s has left, and its stay is in state %d, %v; the journal ends with\n%s", car, s.State, err, w.history())
	}
}
