// Package health keeps how the devices are, for the books and for platforms (uplink 1.3).
//
// A device is well or has one fault, whose code is one of package drivers and
// whose words are here, in both languages. Only changes are booked. A device
// that fails is told of at once; whatever comes after that must last, so that one
// which comes and goes every second is a fault, and not a flood of reports.
package health

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"parkagent/drivers"
	"parkagent/store"
)

const (
	// SteadyFor is how long a device must have been well, or have another fault
	// than the one that was told, before that is told.
	SteadyFor = 3 * time.Second
	// steadyMost is the longest such time. It doubles each time that the device
	// fails again within comesBack of being well, and starts anew after that.
	steadyMost = time.Minute
	comesBack  = time.Minute
)

// A Config is what a Reporter needs.
type Config struct {
	DB       *store.DB
	Language string           // of the remarks: "en", or else Chinese
	Now      func() time.Time // nil means time.Now
	Log      *slog.Logger     // nil discards
}

// A Reporter books how the devices of one owner are. It belongs to one goroutine.
type Reporter struct {
	cfg     Config
	devices map[string]*device
}

// A device is what is known of one. Spans are measured by the monotonic clock, which
// nobody sets.
type device struct {
	told     drivers.Fault // as it stands in the books
	known    bool          // something stands there, of this run
	toldAt   time.Time
	mendedAt time.Time // when it was last told to be well after a fault; zero before

	seen    drivers.Fault // at the last look
	err     error
	seenAt  time.Time
	otherAt time.Time     // when it last looked otherwise
	steady  time.Duration // that a change must last
}

// New returns a Reporter. It touches nothing.
func New(cfg Config) *Reporter {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Reporter{cfg: cfg, devices: map[string]*device{}}
}

// Report notes what came of a call of a device, nil if it is well, and books that if
// it is a change to be told now. What cannot be booked is tried again with the next
// report. An empty code is no device.
func (r *Reporter) Report(ctx context.Context, code string, err error) {
	if code == "" {
		return
	}
	d := r.devices[code]
	if d == nil {
		d = &device{steady: SteadyFor}
		r.devices[code] = d
	}
	d.look(drivers.FaultOf(err), err, time.Now())
	r.settle(ctx, code, d)
}

// Settle books what has lasted long enough by now. Whoever reports seldom calls it
// now and then.
func (r *Reporter) Settle(ctx context.Context) {
	for code, d := range r.devices {
		r.settle(ctx, code, d)
	}
}

// Fault returns how a device was at the last look, told or not; FaultNone for one that
// was never looked at.
func (r *Reporter) Fault(code string) drivers.Fault {
	if d := r.devices[code]; d != nil {
		return d.seen
	}
	return drivers.FaultNone
}

// look notes how the device is now.
func (d *device) look(f drivers.Fault, err error, now time.Time) {
	if f != d.seen {
		d.otherAt = d.seenAt
	}
	d.seen, d.err, d.seenAt = f, err, now
}

// due reports whether what was seen last is to be told now.
func (d *device) due(now time.Time) bool {
	switch {
	case d.seenAt.IsZero():
		return false
	case !d.known:
		return true
	case d.seen == d.told:
		return false
	}
	return d.told == drivers.FaultNone || now.Sub(d.otherAt) >= d.steady
}

// tell notes that what was seen last is in the books.
func (d *device) tell(now time.Time) {
	switch {
	case d.known && d.seen == drivers.FaultNone:
		d.mendedAt = now
	case d.told != drivers.FaultNone:
	case !d.mendedAt.IsZero() && now.Sub(d.mendedAt) <= comesBack:
		d.steady = min(2*d.steady, steadyMost)
	default:
		d.steady = SteadyFor
	}
	d.told, d.known, d.toldAt = d.seen, true, now
}

// settle books what was seen last, if it is to be told.
func (r *Reporter) settle(ctx context.Context, code string, d *device) {
	now := time.Now()
	if !d.due(now) {
		return
	}
	if err := r.book(ctx, code, d.seen); err != nil {
		if ctx.Err() == nil {
			r.cfg.Log.Error("book a device's state", "device", code, "error", err)
		}
		return
	}
	switch {
	case d.seen != drivers.FaultNone:
		r.cfg.Log.Warn("device failed", "device", code, "fault", int(d.seen), "error", d.err)
	case d.known:
		r.cfg.Log.Info("device works again", "device", code, "after", now.Sub(d.toldAt).Round(time.Second))
	}
	d.tell(now)
}

// book commits a device's state and, if it is news, the row by which platforms are
// told.
func (r *Reporter) book(ctx context.Context, code string, f drivers.Fault) error {
	return r.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		status, remark := strconv.Itoa(int(f)), Remark(f, r.cfg.Language)
		changed, err := tx.SetDeviceState(ctx, code, status, remark, r.cfg.Now().UTC())
		if err != nil || !changed {
			return err
		}
		d, err := tx.Device(ctx, code)
		if err != nil {
			return err
		}
		_, err = tx.Append(ctx, store.KindDeviceState, code, store.DeviceFact{
			Code: d.Code, IP: d.IP, Name: d.Name, Type: d.Type, Status: status, Remark: remark,
		})
		return err
	})
}

// Faults returns every fault that there are words for, FaultNone first.
func Faults() []drivers.Fault {
	var all []drivers.Fault
	for f := range words() {
		all = append(all, f)
	}
	slices.Sort(all)
	return all
}

// Remark says what a fault is, in English where the language begins with "en" and in
// Chinese otherwise. It is empty for FaultNone.
func Remark(f drivers.Fault, language string) string {
	w, ok := words()[f]
	if !ok {
		w = words()[drivers.FaultOther]
	}
	if english(language) {
		return w.english
	}
	return w.chinese
}

// Of returns the error of a fault that a device's state tells of, nil for FaultNone.
func Of(f drivers.Fault) error {
	if f == drivers.FaultNone {
		return nil
	}
	return &drivers.FaultError{Fault: f, Err: errors.New(Remark(f, "en"))}
}
