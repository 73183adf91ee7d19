// Package booth is who works at the car park: operators, their sign-ins and their shifts.
//
// A Staff is the one place that changes them. It keeps nothing in memory but the
// failures of whoever guesses, so that an operator who is removed by a command, or
// whose password is changed, is out at once.
//
// Passwords are kept as argon2id hashes, tokens as SHA-256 digests. Every sign-in,
// its end and its refusal is a row of the journal; what operators do is journalled
// where it is done, under the name that By gives.
package booth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parkagent/agent/guard"
	"parkagent/store"
)

// Errors that callers turn into sentences for people.
var (
	// ErrBadLogin means that the name or the password is wrong, never which.
	ErrBadLogin = errors.New("wrong name or password")
	// ErrNoLogin means that a token is unknown, or its sign-in has ended.
	ErrNoLogin = errors.New("not signed in")
	// ErrPassword means that a password is too short, too long or the name.
	ErrPassword = errors.New("password refused")
	// ErrName means that an operator or a booth cannot be called so.
	ErrName = errors.New("name refused")
	// ErrRole means that there is no such role.
	ErrRole = errors.New("unknown role")
	// ErrTaken means that an operator has that name already.
	ErrTaken = errors.New("name is taken")
	// ErrNoOperator means that no operator has that name.
	ErrNoOperator = errors.New("unknown operator")
	// ErrOnShift means that the operator has begun a shift already.
	ErrOnShift = errors.New("operator is on shift")
	// ErrBoothTaken means that another operator is on shift in that booth.
	ErrBoothTaken = errors.New("booth is taken")
	// ErrNoShift means that the operator has no shift that lasts.
	ErrNoShift = errors.New("not on shift")
)

// A LockedError means that there were too many failures from an address, or for a
// name; it does not tell which.
type LockedError struct {
	Wait time.Duration // until the next attempt counts
}

// Error says so.
func (e *LockedError) Error() string { return "too many attempts" }

// A Role is what an operator may do. Which call needs which is in package console.
type Role string

// The roles.
const (
	RoleOperator  Role = "operator"  // works in a booth: takes money, opens gates, corrects plates
	RoleManager   Role = "manager"   // and refunds, closes stays, sees every report
	RoleInstaller Role = "installer" // sees and moves devices; no money and no stays
)

// Roles returns all roles.
func Roles() []Role { return []Role{RoleOperator, RoleManager, RoleInstaller} }

// A Config is what a Staff works with.
type Config struct {
	DB   *store.DB
	Idle time.Duration    // after so long without a call a sign-in is over; 0 means 12 hours
	Now  func() time.Time // nil means time.Now
	Log  *slog.Logger     // nil discards
}

// A Staff is the operators of a car park. Its methods may be called from any
// goroutine.
type Staff struct {
	cfg    Config
	nobody string // the hash that the password of a name nobody has is compared with

	// One brake for each address, as for platforms, and one for each name, for
	// guesses from many addresses. That of a name is short: nobody is to be kept
	// out of his booth by a stranger for long.
	addresses, names guard.Guard
}

// longestForName is for how long at most a name is locked.
const longestForName = time.Minute

// New returns the staff in the books.
func New(cfg Config) (*Staff, error) {
	if cfg.DB == nil {
		return nil, errors.New("booth: no store")
	}
	if cfg.Idle == 0 {
		cfg.Idle = 12 * time.Hour
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Staff{cfg: cfg, nobody: hash("nobody has this password"), names: guard.Guard{Longest: longestForName}}, nil
}

func (s *Staff) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// key is what an operator's rows are kept under in the journal.
func key(name string) string { return "operator:" + name }

// An Applicant is who is to become an operator.
type Applicant struct {
	Name, Password string
	Role           Role
	By             string // the operator who adds him; "command" for somebody at the machine
}

// Add adds an operator. Errors: ErrName, ErrPassword, ErrRole, ErrTaken.
func (s *Staff) Add(ctx context.Context, a Applicant) error {
	name := strings.TrimSpace(a.Name)
	switch {
	case !validName(name):
		return ErrName
	case !known(a.Role):
		return ErrRole
	}
	if err := checkPassword(name, a.Password); err != nil {
		return err
	}
	o := store.Operator{Name: name, Hash: hash(a.Password), Role: string(a.Role), UpdatedAt: s.now()}
	err := s.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.InsertOperator(ctx, o); err != nil {
			return err
		}
		return journalOperator(ctx, tx, store.OperatorFact{Name: name, Act: "add", Role: o.Role, By: a.By})
	})
	if errors.Is(err, store.ErrConflict) {
		return ErrTaken
	}
	return err
}

// SetPassword gives an operator another password, and ends his sign-ins but that
// of the token keep, which may be empty. Errors: ErrPassword, ErrNoOperator.
func (s *Staff) SetPassword(ctx context.Context, name, password, keep, by string) error {
	return s.setPassword(ctx, name, password, keep, by, "")
}

// setPassword is SetPassword if the operator still has the hash was, where that is
// not empty; otherwise the error is ErrBadLogin.
func (s *Staff) setPassword(ctx context.Context, name, password, keep, by, was string) error {
	if err := checkPassword(name, password); err != nil {
		return err
	}
	hashed := hash(password)
	return s.change(ctx, name, func(tx *store.Tx, o store.Operator) error {
		if was != "" && o.Hash != was {
			return ErrBadLogin
		}
		o.Hash, o.UpdatedAt = hashed, s.now()
		if err := tx.UpdateOperator(ctx, o); err != nil {
			return err
		}
		if err := tx.DeleteLoginsOf(ctx, name, digestOf(keep)); err != nil {
			return err
		}
		return journalOperator(ctx, tx, store.OperatorFact{Name: name, Act: "password", By: by})
	})
}

// SetRole gives an operator another role, which counts from his next call on.
// Errors: ErrRole, ErrNoOperator.
func (s *Staff) SetRole(ctx context.Context, name string, role Role, by string) error {
	if !known(role) {
		return ErrRole
	}
	return s.change(ctx, name, func(tx *store.Tx, o store.Operator) error {
		o.Role, o.UpdatedAt = string(role), s.now()
		if err := tx.UpdateOperator(ctx, o); err != nil {
			return err
		}
		return journalOperator(ctx, tx, store.OperatorFact{Name: name, Act: "role", Role: o.Role, By: by})
	})
}

// Remove removes an operator and ends his sign-ins. Errors: ErrNoOperator, and
// ErrOnShift while he has a drawer to hand over.
func (s *Staff) Remove(ctx context.Context, name, by string) error {
	return s.change(ctx, name, func(tx *store.Tx, _ store.Operator) error {
		switch _, err := tx.OpenShift(ctx, name); {
		case err == nil:
			return ErrOnShift
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		if err := tx.DeleteOperator(ctx, name); err != nil {
			return err
		}
		return journalOperator(ctx, tx, store.OperatorFact{Name: name, Act: "remove", By: by})
	})
}

// change runs fn on an operator, in a transaction.
func (s *Staff) change(ctx context.Context, name string, fn func(*store.Tx, store.Operator) error) error {
	return s.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		o, err := tx.Operator(ctx, name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return ErrNoOperator
		case err != nil:
			return err
		}
		return fn(tx, o)
	})
}

func journalOperator(ctx context.Context, tx *store.Tx, f store.OperatorFact) error {
	_, err := tx.Append(ctx, store.KindOperator, key(f.Name), f)
	return err
}

func known(r Role) bool { return r == RoleOperator || r == RoleManager || r == RoleInstaller }

// mostName is how many characters a name has at most.
const mostName = 32

// validName reports whether an operator, or a booth, can be called so: letters of
// any script, digits and . _ - between them, so that a name stands in a report,
// a log and a command line as it is.
func validName(name string) bool {
	if name == "" || utf8.RuneCountInString(name) > mostName {
		return false
	}
	for i, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && (i == 0 || !strings.ContainsRune("._-", r)) {
			return false
		}
	}
	return true
}

// The bounds of a password, in characters and in bytes.
const (
	leastPassword = 8
	mostPassword  = 256
)

func checkPassword(name, password string) error {
	switch {
	case utf8.RuneCountInString(password) < leastPassword, len(password) > mostPassword, !utf8.ValidString(password):
		return fmt.Errorf("%w: %d characters at least", ErrPassword, leastPassword)
	case strings.EqualFold(name, password):
		return fmt.Errorf("%w: it is the name", ErrPassword)
	}
	return nil
}
