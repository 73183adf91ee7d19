package console

import (
	"context"
	"errors"
	"net/http"

	"parkagent/agent/booth"
	"parkagent/store"
)

// login signs an operator in. The token is for programs; a browser has it in a
// cookie that no script can read.
func (b *Booths) login(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Name     string `json:"name" wire:"required"`
		Password string `json:"password" wire:"required"`
	}](a)
	if err != nil {
		return nil, err
	}
	token, in, err := b.cfg.Staff.SignIn(ctx, q.Name, q.Password, a.from)
	if err != nil {
		return nil, err
	}
	http.SetCookie(a.w, b.cookie(a, token, 0))
	return struct {
		Token string `json:"token"`
		who
	}{token, b.who(in)}, nil
}

func (b *Booths) cookie(a act, token string, age int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: token, Path: BoothPrefix, MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: a.r.TLS != nil,
	}
}

// A who is an operator as his page shows him.
type who struct {
	Operator string `json:"operator"`
	Role     string `json:"role"`
	Expires  string `json:"expires"` // without a call before
}

func (b *Booths) who(in booth.SignIn) who {
	return who{Operator: in.Operator, Role: string(in.Role), Expires: b.dash(in.ExpiresAt)}
}

func (b *Booths) logout(ctx context.Context, a act) (any, error) {
	http.SetCookie(a.w, b.cookie(a, "", -1))
	return nil, b.cfg.Staff.SignOut(ctx, a.token, a.from)
}

// me tells who is signed in, and of his shift.
func (b *Booths) me(ctx context.Context, a act) (any, error) {
	answer := struct {
		who
		Shift *shift `json:"shift"` // null when he is on none
	}{who: b.who(a.SignIn)}
	s, err := b.cfg.DB.OpenShift(ctx, a.Operator)
	if err == nil {
		seen := b.shift(s)
		answer.Shift = &seen
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return answer, nil
}

func (b *Booths) password(ctx context.Context, a act) (any, error) {
	q, err := decode[struct {
		Old string `json:"old" wire:"required"`
		New string `json:"new" wire:"required"`
	}](a)
	if err != nil {
		return nil, err
	}
	return nil, b.cfg.Staff.ChangePassword(ctx, a.Operator, q.Old, q.New, a.token, a.from)
}
