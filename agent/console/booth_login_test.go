package console_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/booth"
	"parkagent/agent/config"
	"parkagent/store"
)

func (r *boothRig) local() netip.Addr { return netip.MustParseAddr("127.0.0.1") }

func TestABrowserSignsInAndOut(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "")
	r.token(booth.RoleOperator) // he is there
	resp, err := http.DefaultClient.Do(r.request("", "login", `{"name":"li","password":"correct horse"}`))
	r.did(err)
	r.did(resp.Body.Close())
	cookies := resp.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Path != "/booth/" {
		t.Fatalf("cookies = %v", cookies)
	}
	me := r.request("", "me", "")
	me.AddCookie(cookies[0])
	want := map[string]any{"operator": "li", "role": "operator", "expires": "2026-03-03 00:00:00", "shift": nil}
	if diff := cmp.Diff(want, r.send(me).data); diff != "" {
		t.Errorf("me (-want +got):\n%s", diff)
	}
	out := r.request("", "logout", "")
	out.AddCookie(cookies[0])
	if a := r.send(out); a.status != http.StatusOK || a.code != 0 {
		t.Errorf("logout is answered %+v", a)
	}
	again := r.request("", "me", "")
	again.AddCookie(cookies[0])
	if a := r.send(again); a.status != http.StatusUnauthorized || a.msg != "尚未登录或登录已过期，请重新登录" {
		t.Errorf("after logout: %+v", a)
	}
}

// Whoever guesses learns nothing, and is locked out.
func TestWrongSignIns(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.token(booth.RoleOperator) // he is there
	const wrong = "The name or the password is wrong."
	for _, fields := range []map[string]any{{"name": "li", "password": "wrong horse"}, {"name": "nobody", "password": password}} {
		if a := r.try("", "login", fields); a.status != http.StatusUnauthorized || a.msg != wrong || a.data != nil {
			t.Errorf("%v is answered %+v", fields, a)
		}
	}
	r.refuses("", "login", map[string]any{"name": "li"}, "The parameter password is required.")
	for range 9 {
		r.try("", "login", map[string]any{"name": "li", "password": "wrong horse"})
	}
	resp, err := http.DefaultClient.Do(r.request("", "login", body(map[string]any{"name": "li", "password": password})))
	r.did(err)
	r.did(resp.Body.Close())
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("the right password behind a lock: %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if strings.Contains(r.log.String(), password) || strings.Contains(r.log.String(), "wrong horse") {
		t.Error("a password is in the log")
	}
}

func TestWhatIsNoCall(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	change := func(what func(*http.Request)) *http.Request {
		req := r.request(booth.RoleManager, "lanes", "")
		what(req)
		return req
	}
	for _, tt := range []struct {
		name   string
		req    *http.Request
		status int
		msg    string
	}{
		{"an unknown call", r.request(booth.RoleManager, "lane", ""), 404, "There is no such call."},
		{"a GET", change(func(q *http.Request) { q.Method = http.MethodGet }), 405, "The method must be POST."},
		{"a form of another site", change(func(q *http.Request) { q.Header.Set("Content-Type", "application/x-www-form-urlencoded") }), 415, "The request must be JSON (Content-Type: application/json)."},
		{"no type", change(func(q *http.Request) { q.Header.Del("Content-Type") }), 415, "The request must be JSON (Content-Type: application/json)."},
		{"CSV where none is read", change(func(q *http.Request) { q.Header.Set("Content-Type", "text/csv") }), 415, "The request must be JSON (Content-Type: application/json)."},
		{"a script of another site", change(func(q *http.Request) { q.Header.Set("Origin", "http://evil.example") }), 403, "The request comes from another site and is refused."},
		{"a wrong token", change(func(q *http.Request) { q.Header.Set("Authorization", "Bearer x") }), 401, "Nobody is signed in, or not any more; please sign in."},
		{"a token that is no bearer's", change(func(q *http.Request) { q.Header.Set("Authorization", r.token(booth.RoleManager)) }), 401, "Nobody is signed in, or not any more; please sign in."},
		{"a large body", r.request(booth.RoleManager, "lanes", strings.Repeat(" ", 5000)), 413, "The request is too large."},
		{"no JSON", r.request(booth.RoleManager, "gate/open", "["), 200, "The request is not valid JSON."},
	} {
		a := r.send(tt.req)
		if a.status != tt.status || a.code != 1 || tt.name != "a large body" && tt.name != "no JSON" && a.msg != tt.msg || a.msg == "" {
			t.Errorf("%s is answered %+v, want %d %q", tt.name, a, tt.status, tt.msg)
		}
	}
}

// Every call but login wants a sign-in, and a role that may make it. A call that
// is missing here fails the test, so that nobody adds one without saying whose it is.
func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	all, staff, manager := []string(nil), []string{"manager", "operator"}, []string{"manager"}
	want := map[string][]string{
		"login": all, "logout": all, "me": all, "password": all, "lanes": all, "events": all,
		"gate/open": all, "gate/close": all, "gate/stop": all, "gate/hold": all, "gate/release": all,
		"pass": staff, "lane/plate": staff,
		"report/takings": staff, "report/inside": staff, "report/openings": {"installer", "manager", "operator"},
		"report/payments": manager, "report/discounts": manager,
		"plate": staff, "merge": manager, "close": manager, "overdue": staff, "walk": manager,
		"bill": staff, "cash": staff, "discounts": staff, "discount": staff, "recall": staff, "refund": manager, "assign": manager, "fee": staff, "ticket": staff, "receipt": staff,
		"shift/start": staff, "shift/handover": staff, "shift/totals": staff, "shift/list": staff,
	}
	if diff := cmp.Diff(want, r.booths.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	forbidden := 0
	for call, may := range want {
		if call == "login" || call == "logout" || call == "events" { // the last is no POST
			continue
		}
		if a := r.try("", call, nil); a.status != http.StatusUnauthorized || a.code != 1 {
			t.Errorf("%s without a sign-in: %+v", call, a)
		}
		for _, role := range booth.Roles() {
			a := r.try(role, call, nil)
			if is, ought := a.status == http.StatusForbidden, len(may) > 0 && !slices.Contains(may, string(role)); is != ought {
				t.Errorf("%s by %s is answered %+v, want it forbidden: %v", call, role, a, ought)
			} else if is {
				forbidden++
			}
		}
	}
	noted := 0
	for _, f := range facts[store.LoginFact](r, store.KindLogin) {
		if f.Act == "forbidden" && f.Operator != "" && f.Call != "" && f.Address == "127.0.0.1" {
			noted++
		}
	}
	if noted != forbidden || noted == 0 {
		t.Errorf("%d refusals are in the journal, want %d", noted, forbidden)
	}
}

func TestASignInEndsByItself(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	r.token(booth.RoleManager)
	r.after(12 * time.Hour)
	if a := r.try(booth.RoleManager, "me", nil); a.status != http.StatusUnauthorized {
		t.Errorf("after twelve hours without a call: %+v", a)
	}
}

func TestAnOperatorChangesHisPassword(t *testing.T) {
	t.Parallel()
	r := newBoothRig(t, "en")
	if a := r.try(booth.RoleOperator, "password", map[string]any{"old": "wrong horse", "new": "battery staple"}); a.status != http.StatusUnauthorized {
		t.Errorf("with a wrong old one: %+v", a)
	}
	r.refuses(booth.RoleOperator, "password", map[string]any{"old": password, "new": "short"}, "A password has 8 characters at least and is not the name.")
	does[any](r, booth.RoleOperator, "password", map[string]any{"old": password, "new": "battery staple"})
	does[any](r, booth.RoleOperator, "me", nil)
	if a := r.try("", "login", map[string]any{"name": "li", "password": "battery staple"}); a.code != 0 {
		t.Errorf("with the new one: %+v", a)
	}
	if text := fmt.Sprint(facts[map[string]any](r, store.KindOperator)); !strings.Contains(text, "act:password by:li") {
		t.Errorf("journal: %s", text)
	}
}

// Whoever writes a booth's page finds every call in the package's documentation and
// in the README.
func TestEveryCallIsDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("console.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n### Booths\n")
	section, _, _ = strings.Cut(section, "\n# ")
	for call := range newBoothRig(t, "en").booths.Calls() {
		name := strings.TrimPrefix(call, "report/") // one line for all of them
		if name = strings.TrimPrefix(name, "gate/"); !strings.Contains(string(doc), name) {
			t.Errorf("the package's documentation lacks %s", call)
		}
		if !strings.Contains(section, "`"+call+"`") && !strings.Contains(section, "GET "+call) {
			t.Errorf("the README lacks %s", call)
		}
	}
}

// What the configuration may say of people is what people can be.
func TestTheRolesOfTheConfigurationAreTheStaffs(t *testing.T) {
	t.Parallel()
	var roles []string
	for _, r := range booth.Roles() {
		roles = append(roles, string(r))
	}
	if diff := cmp.Diff(config.Roles(), roles); diff != "" {
		t.Errorf("roles (-config +staff):\n%s", diff)
	}
}
