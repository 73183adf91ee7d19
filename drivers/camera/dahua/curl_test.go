package dahua_test

import (
	"net/http/httptest"
	"os/exec"
	"testing"

	simdahua "parkagent/drivers/sim/dahua"
)

// TestCurlUnderstandsTheSimulatedCamera keeps driver and simulated camera from
// agreeing on something that nobody else speaks: curl logs in by its own digest.
func TestCurlUnderstandsTheSimulatedCamera(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed: it is the independent client of the simulated camera (apt install curl)")
	}
	device := &simdahua.Camera{User: "admin", Password: "right"}
	server := httptest.NewServer(device)
	defer server.Close()
	ask := func(password, call string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), curl, "-q", "--noproxy", "*", "-g", "-s", "--max-time", "10", "--digest", "-u", "admin:"+password, server.URL+"/cgi-bin/"+call)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("curl %s: %v", call, err)
		}
		return string(out)
	}
	tests := []struct{ name, password, call, want string }{
		{"its type", "right", "magicBox.cgi?action=getDeviceType", "type=ITC413-PW4D-IZ1\r\n"},
		{"an output, with raw brackets", "right", "configManager.cgi?action=setConfig&AlarmOut[0].Mode=1", "OK\r\n"},
		{"an output, with escaped brackets", "right", "configManager.cgi?action=setConfig&AlarmOut%5B0%5D.Mode=2", "Error\r\nBad Request!\r\n"},
		{"the strobe", "right", "trafficSnap.cgi?action=openStrobe&channel=1&info.openType=Normal&info.plateNumber=%E7%B2%A4B12345", "OK\r\n"},
		{"the inputs", "right", "alarm.cgi?action=getInState", "result=0\r\n"},
		{"a call that it does not have", "right", "magicBox.cgi?action=reboot", "Error\r\nNot Implemented!\r\n"},
		{"a wrong password", "wrong", "magicBox.cgi?action=getDeviceType", "Error\r\nInvalid Authority!\r\n"},
	}
	for _, tt := range tests {
		if got := ask(tt.password, tt.call); got != tt.want {
			t.Errorf("%s = %q, want %q", tt.name, got, tt.want)
		}
	}
	if raised, _ := device.Moves(); raised != 2 || !device.Output(0) || device.LastOpening().Get("info.plateNumber") != "粤B12345" {
		t.Errorf("%d commands to open, output on %v, opening %v", raised, device.Output(0), device.LastOpening())
	}
}
