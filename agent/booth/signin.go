package booth

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"parkagent/agent/guard"
	"parkagent/store"
)

// A SignIn is an operator who has signed in.
type SignIn struct {
	Operator  string
	Role      Role
	ExpiresAt time.Time // unless he makes a call before
}

// SignIn lets an operator in who knows his password, and returns the token for
// his calls. A wrong name takes as long as a wrong password and is answered alike.
//
// Errors: ErrBadLogin, *LockedError.
func (s *Staff) SignIn(ctx context.Context, name, password string, from netip.Addr) (token string, in SignIn, err error) {
	o, err := s.prove(ctx, strings.TrimSpace(name), password, from)
	if err != nil {
		return "", SignIn{}, err
	}
	token, now := newToken(), s.now()
	l := store.Login{Digest: digestOf(token), Operator: o.Name, Address: from.String(), From: now, ExpiresAt: now.Add(s.cfg.Idle)}
	err = s.change(ctx, o.Name, func(tx *store.Tx, now store.Operator) error {
		if now.Hash != o.Hash {
			return ErrBadLogin // changed since, which ended every sign-in but this
		}
		o.Role = now.Role
		if err := tx.InsertLogin(ctx, l); err != nil {
			return err
		}
		return journalLogin(ctx, tx, store.LoginFact{Operator: o.Name, Act: "in", Address: l.Address})
	})
	if errors.Is(err, ErrNoOperator) { // removed since
		err = ErrBadLogin
	}
	if err != nil {
		return "", SignIn{}, err
	}
	return token, SignIn{Operator: o.Name, Role: Role(o.Role), ExpiresAt: l.ExpiresAt}, nil
}

// ChangePassword gives an operator another password if he knows the old one, and
// ends his sign-ins but that of token. Errors: ErrBadLogin, *LockedError,
// ErrPassword.
func (s *Staff) ChangePassword(ctx context.Context, name, old, password, token string, from netip.Addr) error {
	if err := checkPassword(name, password); err != nil {
		return err
	}
	o, err := s.prove(ctx, name, old, from)
	if err != nil {
		return err
	}
	return s.setPassword(ctx, name, password, token, name, o.Hash)
}

// prove returns the operator with a name and password, and journals a failure.
func (s *Staff) prove(ctx context.Context, name, password string, from netip.Addr) (store.Operator, error) {
	o, err := s.cfg.DB.Operator(ctx, name)
	exists := err == nil
	switch {
	case errors.Is(err, store.ErrNotFound):
		o = store.Operator{Hash: s.nobody}
	case err != nil:
		return o, err
	}
	var right bool
	short := name[:min(len(name), 4*mostName)]
	// What is tried on a name that somebody else has locked is no guess: it must not
	// lock the booth as well.
	wait := s.names.Locked(short)
	if wait == 0 {
		var nameWait time.Duration
		right, wait = s.addresses.Try(guard.Source(from), func() (ok bool) {
			ok, nameWait = s.names.Try(short, func() bool { return matches(password, o.Hash) && exists })
			return ok
		})
		wait = max(wait, nameWait)
	}
	if wait > 0 {
		s.cfg.Log.Warn("sign-in locked", "address", from.String(), "wait", wait)
		return store.Operator{}, &LockedError{Wait: wait}
	}
	if right {
		return o, nil
	}
	s.cfg.Log.Warn("sign-in refused", "operator", o.Name, "address", from.String())
	if err := s.Note(ctx, store.LoginFact{Operator: o.Name, Act: "refused", Address: from.String()}); err != nil {
		return store.Operator{}, err
	}
	return store.Operator{}, ErrBadLogin
}

// extendEvery is how much of a sign-in's time has to be over before a call begins
// it anew: not every look is worth a write.
const extendEvery = 5 * time.Minute

// Who returns who signed in and got the token. A call of his makes the sign-in
// last. Errors: ErrNoLogin.
func (s *Staff) Who(ctx context.Context, token string) (SignIn, error) {
	in, err := s.Watch(ctx, token)
	if err != nil {
		return in, err
	}
	until := s.now().Add(s.cfg.Idle)
	if until.Sub(in.ExpiresAt) < extendEvery {
		return in, nil
	}
	in.ExpiresAt = until
	err = s.cfg.DB.Update(ctx, func(tx *store.Tx) error { return tx.ExtendLogin(ctx, digestOf(token), until) })
	if errors.Is(err, store.ErrNotFound) {
		return SignIn{}, ErrNoLogin
	}
	return in, err
}

// Watch is Who for somebody who only looks on: it makes nothing last.
func (s *Staff) Watch(ctx context.Context, token string) (SignIn, error) {
	if token == "" {
		return SignIn{}, ErrNoLogin
	}
	l, err := s.cfg.DB.LoginByDigest(ctx, digestOf(token))
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !s.now().Before(l.ExpiresAt):
		return SignIn{}, ErrNoLogin
	case err != nil:
		return SignIn{}, err
	}
	o, err := s.cfg.DB.Operator(ctx, l.Operator)
	if errors.Is(err, store.ErrNotFound) { // removed in between
		return SignIn{}, ErrNoLogin
	}
	return SignIn{Operator: o.Name, Role: Role(o.Role), ExpiresAt: l.ExpiresAt}, err
}

// SignOut ends the sign-in of a token; one that has ended already is fine.
func (s *Staff) SignOut(ctx context.Context, token string, from netip.Addr) error {
	err := s.cfg.DB.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.LoginByDigest(ctx, digestOf(token))
		if err != nil {
			return err
		}
		if err := tx.DeleteLogin(ctx, l.Digest); err != nil {
			return err
		}
		return journalLogin(ctx, tx, store.LoginFact{Operator: l.Operator, Act: "out", Address: from.String()})
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// Note journals what became of somebody at the door.
func (s *Staff) Note(ctx context.Context, f store.LoginFact) error {
	return s.cfg.DB.Update(ctx, func(tx *store.Tx) error { return journalLogin(ctx, tx, f) })
}

func journalLogin(ctx context.Context, tx *store.Tx, f store.LoginFact) error {
	_, err := tx.Append(ctx, store.KindLogin, key(f.Operator), f)
	return err
}
