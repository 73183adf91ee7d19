package booth_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/booth"
	"parkagent/store"
)

const password = "correct horse"

var (
	booth1   = netip.MustParseAddr("192.0.2.11")
	booth2   = netip.MustParseAddr("192.0.2.12")
	noPerson = "口令打错"
)

// A rig is a staff over real books, with a manager 老王 and an operator 小李.
type rig struct {
	*booth.Staff

	t     *testing.T
	db    *store.DB
	wrong string // the password of failures
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, wrong: noPerson}
	var err error
	r.db, err = store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "park.db")})
	r.did(err)
	t.Cleanup(func() { _ = r.db.Close() })
	r.Staff, err = booth.New(booth.Config{DB: r.db})
	r.did(err)
	for name, role := range map[string]booth.Role{"老王": booth.RoleManager, "小李": booth.RoleOperator} {
		r.did(r.Add(t.Context(), booth.Applicant{Name: name, Password: password, Role: role, By: "command"}))
	}
	return r
}

func (r *rig) did(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// in signs 小李 in and returns the token.
func (r *rig) in() string {
	r.t.Helper()
	token, _, err := r.SignIn(r.t.Context(), "小李", password, booth1)
	r.did(err)
	return token
}

// facts returns the bodies of a kind of journal rows.
func facts[T any](t *testing.T, db *store.DB, kind store.Kind) []T {
	t.Helper()
	rows, err := db.After(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	for _, e := range rows {
		if e.Kind != kind {
			continue
		}
		var f T
		if err := json.Unmarshal(e.Body, &f); err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// fails makes n attempts with a wrong password and returns what the last met.
func (r *rig) fails(n int, name string, from netip.Addr) error {
	var err error
	for range n {
		_, _, err = r.SignIn(r.t.Context(), name, r.wrong, from)
	}
	return err
}

func TestASignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		token, in, err := r.SignIn(t.Context(), " 小李 ", password, booth1)
		want := booth.SignIn{Operator: "小李", Role: booth.RoleOperator, ExpiresAt: time.Now().UTC().Add(12 * time.Hour)}
		if diff := cmp.Diff(want, in); err != nil || diff != "" {
			t.Errorf("SignIn, %v (-want +got):\n%s", err, diff)
		}
		if got, err := r.Who(t.Context(), token); err != nil || got != want {
			t.Errorf("Who = %+v, %v, want %+v", got, err, want)
		}
		r.did(r.SignOut(t.Context(), token, booth1))
		r.did(r.SignOut(t.Context(), token, booth1))
		if _, err := r.Who(t.Context(), token); !errors.Is(err, booth.ErrNoLogin) {
			t.Errorf("after the end: %v, want ErrNoLogin", err)
		}
		if err := r.fails(1, "小李", booth1); !errors.Is(err, booth.ErrBadLogin) {
			t.Errorf("with a wrong password: %v", err)
		}
		if err := r.fails(1, noPerson, booth1); !errors.Is(err, booth.ErrBadLogin) {
			t.Errorf("with a wrong name: %v", err)
		}
		facts := facts[store.LoginFact](t, r.db, store.KindLogin)
		if diff := cmp.Diff([]store.LoginFact{
			{Operator: "小李", Act: "in", Address: "192.0.2.11"}, {Operator: "小李", Act: "out", Address: "192.0.2.11"},
			{Operator: "小李", Act: "refused", Address: "192.0.2.11"}, {Act: "refused", Address: "192.0.2.11"},
		}, facts); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
	})
}

// Neither a token nor a password, nor what somebody typed for a name, is kept.
func TestNothingSecretIsInTheBooks(t *testing.T) {
	r := newRig(t)
	token := r.in()
	_ = r.fails(1, noPerson, booth1)
	rows, err := r.db.After(t.Context(), 0, 1000)
	r.did(err)
	operators, err := r.db.Operators(t.Context())
	r.did(err)
	text, err := json.Marshal([]any{rows, operators})
	r.did(err)
	for _, e := range rows {
		text = append(text, e.Body...)
	}
	for _, secret := range []string{token, password, noPerson} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in the books", secret)
		}
	}
	if !strings.HasPrefix(operators[0].Hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %q", operators[0].Hash)
	}
}

func TestASignInIsOverWhenNobodyCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		token := r.in()
		for range 3 { // calls make it last
			pass(11 * time.Hour)
			_, err := r.Who(t.Context(), token)
			r.did(err)
		}
		pass(11 * time.Hour)
		if _, err := r.Watch(t.Context(), token); err != nil {
			t.Errorf("looking on within the time: %v", err)
		}
		pass(time.Hour)
		if _, err := r.Who(t.Context(), token); !errors.Is(err, booth.ErrNoLogin) {
			t.Errorf("twelve hours after the last call: %v, want ErrNoLogin", err)
		}
	})
}

func TestGuessingLocks(t *testing.T) {
	tests := []struct {
		name  string
		guess func(*rig)
		who   string
		from  netip.Addr
		want  time.Duration // of the lock, 0 none
	}{
		{"ten failures are free", func(r *rig) { _ = r.fails(10, "小李", booth1) }, "小李", booth1, 0},
		{"the next locks the address", func(r *rig) { _ = r.fails(11, noPerson, booth1) }, "小李", booth1, 5 * time.Second},
		{"whatever the name", func(r *rig) { _ = r.fails(11, noPerson, booth1) }, "老王", booth1, 5 * time.Second},
		{"but no other address", func(r *rig) { _ = r.fails(11, noPerson, booth1) }, "小李", booth2, 0},
		{"failures from many addresses lock the name", func(r *rig) {
			for a, n := netip.MustParseAddr("198.51.100.1"), 0; n < 11; a, n = a.Next(), n+1 {
				_ = r.fails(1, "小李", a)
			}
		}, "小李", booth1, 5 * time.Second},
		{"but no other name", func(r *rig) {
			for a, n := netip.MustParseAddr("198.51.100.1"), 0; n < 11; a, n = a.Next(), n+1 {
				_ = r.fails(1, "小李", a)
			}
		}, "老王", booth1, 0},
		{"a name for a minute at most", func(r *rig) {
			for a, n := netip.MustParseAddr("198.51.100.1"), 0; n < 20; a, n = a.Next(), n+1 {
				_ = r.fails(1, "小李", a)
				if n >= 10 {
					pass(time.Minute)
				}
			}
			_ = r.fails(1, "小李", booth2)
		}, "小李", booth1, time.Minute},
		{"who tries his own name while a stranger locks it does not lock his booth", func(r *rig) {
			for a, n := netip.MustParseAddr("198.51.100.1"), 0; n < 11; a, n = a.Next(), n+1 {
				_ = r.fails(1, "小李", a)
			}
			for range 30 {
				_, _, err := r.SignIn(r.t.Context(), "小李", password, booth1)
				if !errors.As(err, new(*booth.LockedError)) {
					r.t.Fatal(err)
				}
			}
		}, "老王", booth1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.wrong = strings.Repeat("x", 257) // it is too long to be worth a hash, of which there would be many
				tt.guess(r)
				_, _, err := r.SignIn(t.Context(), tt.who, password, tt.from)
				locked := new(booth.LockedError)
				if !errors.As(err, &locked) {
					locked = &booth.LockedError{}
					r.did(err)
				}
				if locked.Wait != tt.want {
					t.Fatalf("locked for %v, want %v", locked.Wait, tt.want)
				}
				pass(tt.want)
				if _, _, err := r.SignIn(t.Context(), tt.who, password, tt.from); err != nil {
					t.Errorf("after the lock: %v", err)
				}
			})
		})
	}
}

func TestAPasswordIsChanged(t *testing.T) {
	r := newRig(t)
	mine, other := r.in(), r.in()
	for _, tt := range []struct {
		name, old, password string
		want                error
	}{
		{"without the old one", noPerson, "another horse", booth.ErrBadLogin},
		{"to one that is too short", password, "7 chars", booth.ErrPassword},
		{"to one that is too long", password, strings.Repeat("x", 257), booth.ErrPassword},
		{"to one that is no text", password, "12345678\xff", booth.ErrPassword},
		{"to another", password, "八个字就够了的", booth.ErrPassword},
		{"to another of eight characters", password, "八个字就够了的呢", nil},
	} {
		if err := r.ChangePassword(t.Context(), "小李", tt.old, tt.password, mine, booth1); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := r.Who(t.Context(), mine); err != nil {
		t.Errorf("who changed it is out: %v", err)
	}
	if _, err := r.Who(t.Context(), other); !errors.Is(err, booth.ErrNoLogin) {
		t.Errorf("another sign-in goes on: %v", err)
	}
	if _, _, err := r.SignIn(t.Context(), "小李", password, booth1); !errors.Is(err, booth.ErrBadLogin) {
		t.Errorf("with the old password: %v", err)
	}
}

// What proved itself by a password that is changed before it is in the books is
// out with every other sign-in: whoever changes a password that was stolen is to be
// sure of it.
func TestASignInByAPasswordThatChangesMeanwhile(t *testing.T) {
	ways := map[string]func(context.Context, *rig) error{
		"signs in": func(ctx context.Context, r *rig) error {
			_, _, err := r.SignIn(ctx, "小李", password, booth1)
			return err
		},
		"changes it": func(ctx context.Context, r *rig) error {
			return r.ChangePassword(ctx, "小李", password, "another horse", "", booth1)
		},
	}
	changes := map[string]func(context.Context, *store.Tx) error{
		"another password": func(ctx context.Context, tx *store.Tx) error {
			return tx.UpdateOperator(ctx, store.Operator{Name: "小李", Hash: "another", Role: "operator"})
		},
		"removed": func(ctx context.Context, tx *store.Tx) error { return tx.DeleteOperator(ctx, "小李") },
	}
	for who, does := range ways {
		for name, change := range changes {
			t.Run(who+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t)
					came := make(chan error, 1)
					r.did(r.db.Update(t.Context(), func(tx *store.Tx) error {
						go func() { came <- does(t.Context(), r) }()
						synctest.Wait() // the password is proved, and waits for the books
						return change(t.Context(), tx)
					}))
					if err := <-came; !errors.Is(err, booth.ErrBadLogin) && !errors.Is(err, booth.ErrNoOperator) {
						t.Errorf("%v, want ErrBadLogin", err)
					}
					for _, f := range facts[store.LoginFact](t, r.db, store.KindLogin) {
						t.Errorf("journal = %+v", f)
					}
				})
			})
		}
	}
}

func TestOperatorsAreAddedChangedAndRemoved(t *testing.T) {
	r := newRig(t)
	token := r.in()
	ctx := t.Context()
	for _, tt := range []struct {
		name string
		who  booth.Applicant
		want error
	}{
		{"a name that is taken", booth.Applicant{Name: "小李", Password: password, Role: booth.RoleManager}, booth.ErrTaken},
		{"no name", booth.Applicant{Password: password, Role: booth.RoleManager}, booth.ErrName},
		{"a name with a space", booth.Applicant{Name: "小 李", Password: password, Role: booth.RoleManager}, booth.ErrName},
		{"a name like a flag", booth.Applicant{Name: "-li", Password: password, Role: booth.RoleManager}, booth.ErrName},
		{"a name like a formula", booth.Applicant{Name: "=li", Password: password, Role: booth.RoleManager}, booth.ErrName},
		{"a long name", booth.Applicant{Name: strings.Repeat("李", 33), Password: password, Role: booth.RoleManager}, booth.ErrName},
		{"no role", booth.Applicant{Name: "小张", Password: password}, booth.ErrRole},
		{"the name as password", booth.Applicant{Name: "xiaozhang", Password: "XiaoZhang", Role: booth.RoleManager}, booth.ErrPassword},
		{"an installer", booth.Applicant{Name: "li.ming-2", Password: password, Role: booth.RoleInstaller, By: "老王"}, nil},
	} {
		if err := r.Add(ctx, tt.who); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	r.did(r.SetRole(ctx, "小李", booth.RoleManager, "老王"))
	if in, err := r.Who(ctx, token); err != nil || in.Role != booth.RoleManager {
		t.Errorf("the new role: %+v, %v", in, err)
	}
	r.did(r.Remove(ctx, "小李", "老王"))
	if _, err := r.Who(ctx, token); !errors.Is(err, booth.ErrNoLogin) {
		t.Errorf("who was removed is in: %v", err)
	}
	for name, err := range map[string]error{
		"removing": r.Remove(ctx, "小李", "老王"), "a role": r.SetRole(ctx, "小李", booth.RoleManager, "老王"),
		"a password": r.SetPassword(ctx, "小李", password, "", "老王"),
	} {
		if !errors.Is(err, booth.ErrNoOperator) {
			t.Errorf("%s of nobody: %v", name, err)
		}
	}
	if diff := cmp.Diff([]store.OperatorFact{
		{Name: "li.ming-2", Act: "add", Role: "installer", By: "老王"}, {Name: "小李", Act: "role", Role: "manager", By: "老王"}, {Name: "小李", Act: "remove", By: "老王"},
	}, facts[store.OperatorFact](t, r.db, store.KindOperator)[2:]); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

// pass lets a time go by, in a bubble of synctest.
func pass(d time.Duration) { <-time.After(d) }
