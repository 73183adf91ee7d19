package camera_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim"
)

const picture = "/ISAPI/Streaming/channels/1/picture"

func newClient(t *testing.T, cfg camera.ClientConfig) *camera.Client {
	t.Helper()
	c, err := camera.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ask(ctx context.Context, c *camera.Client, path string) (camera.Answer, error) {
	return c.Do(ctx, http.MethodGet, path, "", nil, camera.MaxPicture)
}

// serve serves handler until the test ends.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAWrongPasswordIsTriedOnceByHoweverMany(t *testing.T) {
	device := &sim.HikCamera{User: "admin", Password: "right"}
	c := newClient(t, camera.ClientConfig{BaseURL: serve(t, device), User: "admin", Password: "wrong"})
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() {
			_, err := ask(t.Context(), c, picture)
			if !errors.Is(err, drivers.ErrRefused) || drivers.FaultOf(err) != drivers.FaultLogin {
				t.Errorf("error = %v, want a refused login", err)
			}
		})
	}
	calls.Wait()
	if n := device.Asked(); n != 2 || device.Locked() {
		t.Errorf("camera was asked %d times, locked %v; want one challenge and one try", n, device.Locked())
	}
}

func TestALoginIsUsedAgain(t *testing.T) {
	device := &sim.HikCamera{User: "admin", Password: "right"}
	c := newClient(t, camera.ClientConfig{BaseURL: serve(t, device), User: "admin", Password: "right"})
	const calls = 10
	var running sync.WaitGroup
	for range calls {
		running.Go(func() {
			if _, err := ask(t.Context(), c, picture); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if n := device.Asked(); n != calls+1 {
		t.Errorf("camera was asked %d times for %d calls, want one challenge more", n, calls)
	}
}

// A challenger asks for a digest and takes what accept does. It gives out its
// nonces in order.
type challenger struct {
	accept func(authorization string) bool
	stale  bool
	same   bool   // every nonce is the first
	body   string // of its 401

	tries atomic.Int64 // with an Authorization
	asked atomic.Int64
	nonce atomic.Int64
}

func (c *challenger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.asked.Add(1)
	authorization := r.Header.Get("Authorization")
	if authorization != "" {
		c.tries.Add(1)
		if c.accept(authorization) {
			return
		}
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="r", qop="auth", nonce="n%d", stale=%t`, c.next(), c.stale))
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, c.body)
}

func (c *challenger) next() int64 {
	if c.same {
		return 1
	}
	return c.nonce.Add(1)
}

func TestAnOldNonceIsRenewedOnce(t *testing.T) {
	for _, stale := range []bool{true, false} { // these cameras do not say it
		device := &challenger{stale: stale}
		valid := `nonce="n1"`
		device.accept = func(authorization string) bool { return strings.Contains(authorization, valid) }
		c := newClient(t, camera.ClientConfig{BaseURL: serve(t, device), User: "u", Password: "p"})
		if _, err := ask(t.Context(), c, "/"); err != nil {
			t.Fatal(err)
		}
		valid = `nonce="n2"`
		if _, err := ask(t.Context(), c, "/"); err != nil {
			t.Errorf("with stale=%v: error = %v, want a second login", stale, err)
		}
	}
}

func TestAPasswordThatIsChangedCostsTwoTriesAtMost(t *testing.T) {
	tests := []struct {
		name, body string
		same       bool
		want       int64 // tries after the change
	}{
		{"a camera that does not count", "", false, 2},
		{"a camera whose nonce never gets old", "", true, 1},
		{"a camera with tries left", "<userCheck><retryLoginTime>4</retryLoginTime></userCheck>", false, 2},
		{"a camera with few tries left", "<userCheck><retryLoginTime>2</retryLoginTime></userCheck>", false, 1},
		{"a camera that locks", "<userCheck><lockStatus>lock</lockStatus><unlockTime>60</unlockTime></userCheck>", false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			device := &challenger{same: tt.same}
			device.accept = func(string) bool { return true }
			c := newClient(t, camera.ClientConfig{BaseURL: serve(t, device), User: "u", Password: "p"})
			if _, err := ask(t.Context(), c, "/"); err != nil {
				t.Fatal(err)
			}
			device.accept, device.body = func(string) bool { return false }, tt.body
			before := device.tries.Load()
			for range 10 {
				if _, err := ask(t.Context(), c, "/"); drivers.FaultOf(err) != drivers.FaultLogin {
					t.Errorf("error = %v, want a refused login", err)
				}
			}
			if n := device.tries.Load() - before; n != tt.want {
				t.Errorf("%d tries, want %d", n, tt.want)
			}
		})
	}
}

func TestALockedCameraIsLeftAlone(t *testing.T) {
	tests := []struct {
		name, body string
		wait       time.Duration
		tries      int64 // that it takes to be refused
	}{
		{"for half an hour, when it does not say for how long", "", 30 * time.Minute, 1},
		{"for as long as it says", "<userCheck><lockStatus>lock</lockStatus><unlockTime>120</unlockTime></userCheck>", 121 * time.Second, 0},
		{"for a day, if it says a year", "<userCheck><lockStatus>lock</lockStatus><unlockTime>31536000</unlockTime></userCheck>", 24*time.Hour + time.Second, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				device := &challenger{body: tt.body, accept: func(string) bool { return false }}
				c := newClient(t, camera.ClientConfig{
					BaseURL: "http://camera", User: "u", Password: "p", HTTP: drivertest.NewWeb(t, device),
				})
				refused := func() {
					t.Helper()
					if _, err := ask(t.Context(), c, "/"); !errors.Is(err, drivers.ErrRefused) || drivers.FaultOf(err) != drivers.FaultLogin {
						t.Fatalf("error = %v, want a refused login", err)
					}
				}
				if _, err := ask(t.Context(), c, "/"); errors.Is(err, camera.ErrLocked) != (tt.tries == 0) || !errors.Is(err, drivers.ErrRefused) {
					t.Errorf("error = %v, want one that says whether the camera locked", err)
				}
				refused()
				if n := device.tries.Load(); n != tt.tries {
					t.Errorf("%d tries, want %d", n, tt.tries)
				}
				asked := device.asked.Load()
				<-time.After(tt.wait - time.Second) // the bubble's clock
				refused()
				if n := device.asked.Load(); n != asked {
					t.Errorf("camera was asked %d times while locked", n-asked)
				}
				<-time.After(2 * time.Second)
				device.accept, device.body = func(string) bool { return true }, ""
				if _, err := ask(t.Context(), c, "/"); err != nil {
					t.Errorf("after the lock: %v", err)
				}
			})
		})
	}
}

func TestALockThatIsToldWithAnotherStatusHolds(t *testing.T) {
	asked := 0
	c := newClient(t, camera.ClientConfig{User: "u", Password: "p", BaseURL: serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++ // one call at a time
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<userCheck><lockStatus>lock</lockStatus><unlockTime>600</unlockTime></userCheck>")
	}))})
	if _, err := ask(t.Context(), c, "/"); !errors.Is(err, camera.ErrLocked) || drivers.FaultOf(err) != drivers.FaultLogin {
		t.Errorf("error = %v, want one that says that the camera locked", err)
	}
	if _, err := ask(t.Context(), c, "/"); drivers.FaultOf(err) != drivers.FaultLogin || asked != 1 {
		t.Errorf("error = %v after %d calls, want a refused login after one", err, asked)
	}
}

func TestAPasswordIsNeverSentInClear(t *testing.T) {
	var tries atomic.Int64
	c := newClient(t, camera.ClientConfig{User: "u", Password: "p", BaseURL: serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			tries.Add(1)
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))})
	if _, err := ask(t.Context(), c, "/"); drivers.FaultOf(err) != drivers.FaultLogin || tries.Load() != 0 {
		t.Errorf("error = %v after %d tries, want a refusal without any", err, tries.Load())
	}
}

func TestAQueryGoesOutAsItStands(t *testing.T) {
	const query = "action=attach&codes=[TrafficJunction]&Flags[0]=Event"
	device := &sim.HikCamera{User: "admin", Password: "right"}
	var seen atomic.Value
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.RequestURI)
		device.ServeHTTP(w, r) // which checks the digest of it
	}))
	c := newClient(t, camera.ClientConfig{BaseURL: url, User: "admin", Password: "right"})
	if _, err := ask(t.Context(), c, picture+"?"+query); err != nil {
		t.Fatal(err)
	}
	if want := picture + "?" + query; seen.Load() != want {
		t.Errorf("request for %q, want %q", seen.Load(), want)
	}
}

func TestWhatAStatusTells(t *testing.T) {
	const status = `<?xml version="1.0"?><ResponseStatus xmlns="x"><statusCode>4</statusCode><statusString>Invalid Operation</statusString><subStatusCode>%s</subStatusCode></ResponseStatus>`
	tests := []struct {
		name   string
		status int
		body   string
		want   error
		says   string
	}{
		{"no such path", 404, "", camera.ErrNoFunction, ""},
		{"no such method", 405, "", camera.ErrNoFunction, ""},
		{"a model without it", 403, fmt.Sprintf(status, "notSupport"), camera.ErrNoFunction, ""},
		{"a model without it, in JSON", 403, `{"statusCode":4,"statusString":"Invalid Operation","subStatusCode":"notSupport"}`, camera.ErrNoFunction, ""},
		{"not allowed now", 403, fmt.Sprintf(status, "lowPrivilege"), drivers.ErrRefused, `status 403: "Invalid Operation lowPrivilege"`},
		{"busy", 503, "", drivers.ErrOffline, "status 503"},
		{"a redirection", 302, "", drivers.ErrRefused, "status 302"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, camera.ClientConfig{BaseURL: serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://192.0.2.1/")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))})
			answer, err := ask(t.Context(), c, "/")
			if !errors.Is(err, tt.want) || answer.Status != tt.status || !strings.Contains(fmt.Sprint(err), tt.says) {
				t.Errorf("status %d, %v; want %d, %v that says %q", answer.Status, err, tt.status, tt.want, tt.says)
			}
			if _, err := c.Open(t.Context(), http.MethodGet, "/"); !errors.Is(err, tt.want) {
				t.Errorf("Open = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAnAddressIsNotToldInAnError(t *testing.T) {
	c := newClient(t, camera.ClientConfig{BaseURL: serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))})
	_, err := ask(t.Context(), c, "/open?plate=B12345")
	if !errors.Is(err, drivers.ErrOffline) || strings.Contains(err.Error(), "B12345") {
		t.Errorf("error = %v, want one without the plate", err)
	}
}

func TestAStreamOutlivesTheTimeOfACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		web := drivertest.NewWeb(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/silent" {
				<-hold
				return
			}
			_, _ = io.WriteString(w, "first")
			_ = http.NewResponseController(w).Flush()
			<-time.After(time.Minute) // the bubble's clock
			_, _ = io.WriteString(w, "last")
		}))
		defer close(hold)
		c := newClient(t, camera.ClientConfig{BaseURL: "http://camera", HTTP: web})
		resp, err := c.Open(t.Context(), http.MethodGet, "/")
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "firstlast" {
			t.Errorf("stream = %q, %v", body, err)
		}
		_ = resp.Body.Close()

		start := time.Now()
		if _, err := c.Open(t.Context(), http.MethodGet, "/silent"); !errors.Is(err, drivers.ErrOffline) {
			t.Errorf("a stream that does not begin = %v, want ErrOffline", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("Open took %v, want 5s", took)
		}
	})
}

func TestACertificateIsKnownByItsFingerprint(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	server.Config.ErrorLog = nil
	fingerprint := fmt.Sprintf("%X", sha256.Sum256(server.Certificate().Raw))

	_, err := ask(t.Context(), newClient(t, camera.ClientConfig{BaseURL: server.URL}), "/")
	if !errors.Is(err, drivers.ErrOffline) || !strings.Contains(err.Error(), strings.ToLower(fingerprint)) {
		t.Errorf("a certificate nobody vouches for = %v, want ErrOffline that says its fingerprint", err)
	}
	if _, err := ask(t.Context(), newClient(t, camera.ClientConfig{BaseURL: server.URL, Certificate: fingerprint}), "/"); err != nil {
		t.Errorf("the certificate that was named = %v, want no error", err)
	}
	other := strings.Repeat("ab", 32)
	if _, err := ask(t.Context(), newClient(t, camera.ClientConfig{BaseURL: server.URL, Certificate: other}), "/"); !errors.Is(err, drivers.ErrOffline) {
		t.Errorf("another certificate = %v, want ErrOffline", err)
	}
	if _, err := camera.NewClient(camera.ClientConfig{BaseURL: server.URL, Certificate: "abc"}); err == nil {
		t.Error("a fingerprint of three digits was taken")
	}
}
