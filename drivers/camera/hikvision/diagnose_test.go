package hikvision_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/drivers"
	"parkagent/drivers/camera"
	"parkagent/drivers/camera/hikvision"
	"parkagent/drivers/sim"
	"parkagent/drivers/sim/hik"
)

// told returns findings in short.
func told(found []drivers.Finding) []string {
	var short []string
	for _, f := range found {
		level := map[drivers.Level]string{drivers.LevelFine: "fine", drivers.LevelOdd: "odd", drivers.LevelWrong: "wrong"}[f.Level]
		short = append(short, strings.TrimSpace(fmt.Sprintf("%s %s %s", level, f.Topic, f.Value)))
	}
	return short
}

func TestACameraIsDiagnosed(t *testing.T) {
	login := func() *sim.HikCamera { return &sim.HikCamera{User: "admin", Password: "right"} }
	size := fmt.Sprint(len(sim.ScenePicture("", 0))) // a small one
	tests := []struct {
		name   string
		device *hik.Camera
		opt    hikvision.Options
		gate   bool
		want   []string
	}{
		{"as it should be", &hik.Camera{Login: login(), PushTo: "10.0.0.1:8099/camera/C1/secret/anything"}, hikvision.Options{}, true, []string{
			"fine reach HOST", "fine login admin", "fine model DS-TCG405-E V5.4.0", "fine clock", "fine gate list ctrlMod 1",
			"fine push 10.0.0.1:8099/camera/C1/…", "odd picture " + size,
		}},
		{"whose own list opens our gate, with a wrong clock", &hik.Camera{Login: login(), CtrlMod: "0", Clock: 2 * time.Hour}, hikvision.Options{}, true, []string{
			"fine reach HOST", "fine login admin", "fine model DS-TCG405-E V5.4.0", "wrong clock", "wrong gate list ctrlMod 0",
			"wrong push", "odd picture " + size,
		}},
		{"whose own list may open a gate, and that pushes elsewhere", &hik.Camera{Login: login(), CtrlMod: "2", PushTo: "10.0.0.1:8099/camera/C11/"}, hikvision.Options{}, false, []string{
			"fine reach HOST", "fine login admin", "fine model DS-TCG405-E V5.4.0", "fine clock", "odd gate list ctrlMod 2",
			"odd push 10.0.0.1:8099", "odd picture " + size,
		}},
		{"that is asked for its events and has no gate", &hik.Camera{Login: login(), Lacks: []hik.Call{hik.Entrance}}, hikvision.Options{Events: hikvision.EventsStream}, false, []string{
			"fine reach HOST", "fine login admin", "fine model DS-TCG405-E V5.4.0", "fine clock", "odd picture " + size,
		}},
		{"with another password", &hik.Camera{Login: &sim.HikCamera{User: "admin", Password: "other"}}, hikvision.Options{}, false, []string{
			"fine reach HOST", "wrong login admin",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url := serve(t, tt.device)
			cam := newCamera(t, hikvision.Config{BaseURL: url, User: "admin", Password: "right", Options: tt.opt})
			if tt.gate {
				if _, err := cam.Gate(hikvision.GateConfig{Device: "G1"}); err != nil {
					t.Fatal(err)
				}
			}
			got := told(cam.Diagnose(t.Context()))
			for i, line := range got {
				line = strings.Replace(line, strings.TrimPrefix(url, "http://"), "HOST", 1)
				if before, _, ok := strings.Cut(line, " clock "); ok {
					line = before + " clock" // its value is as exact as the machine is fast
				}
				got[i] = line
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings differ (-want +got):\n%s", diff)
			}
			for _, call := range tt.device.Calls() {
				if !strings.HasPrefix(call, http.MethodGet) {
					t.Errorf("diagnosing asked %s", call)
				}
			}
		})
	}
}

func TestALockedCameraIsDiagnosedAsSuch(t *testing.T) {
	device := &hik.Camera{Login: &sim.HikCamera{User: "admin", Password: "right"}}
	url := serve(t, device)
	for range 5 { // somebody else, from this address
		bad := newCamera(t, hikvision.Config{BaseURL: url, User: "admin", Password: "wrong"})
		if err := bad.Check(t.Context()); drivers.FaultOf(err) != drivers.FaultLogin {
			t.Fatal(err)
		}
	}
	cam := newCamera(t, hikvision.Config{BaseURL: url, User: "admin", Password: "right"})
	found := cam.Diagnose(t.Context())
	if last := found[len(found)-1]; last.Topic != drivers.TopicLogin || last.Level != drivers.LevelOdd || !errors.Is(last.Err, camera.ErrLocked) {
		t.Errorf("findings = %v, want a login that is locked", told(found))
	}
}

func TestACameraThatIsNotThereIsDiagnosedInOneLine(t *testing.T) {
	device := &hik.Camera{}
	device.SetFault(hik.Gone)
	cam := newCamera(t, hikvision.Config{BaseURL: serve(t, device)})
	found := cam.Diagnose(t.Context())
	if len(found) != 1 || found[0].Level != drivers.LevelWrong || !errors.Is(found[0].Err, drivers.ErrOffline) {
		t.Errorf("findings = %v, want one that it does not answer", told(found))
	}
	if got := told(newCamera(t, hikvision.Config{}).Diagnose(t.Context())); len(got) != 1 || got[0] != "wrong heard" {
		t.Errorf("findings of a camera without a link = %v, want that it was never heard", got)
	}
}

func TestAGateIsDiagnosedWithoutMoving(t *testing.T) {
	device := &hik.Camera{Login: &sim.HikCamera{User: "admin", Password: "right"}}
	device.SetInput(1, true)
	cam := newCamera(t, hikvision.Config{BaseURL: serve(t, device), User: "admin", Password: "right"})
	g, err := cam.Gate(hikvision.GateConfig{Device: "G1", Options: hikvision.GateOptions{Output: 1, Presence: &hikvision.Input{Number: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	got := told(g.Diagnose(t.Context()))
	if want := "fine inputs arm down, presence occupied, passage not fitted"; len(got) != 2 || got[1] != want {
		t.Errorf("findings = %v, want %s", got, want)
	}
	for _, call := range device.Calls() {
		if !strings.HasPrefix(call, http.MethodGet) {
			t.Errorf("diagnosing asked %s", call)
		}
	}
}
