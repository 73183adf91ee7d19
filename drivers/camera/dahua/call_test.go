package dahua

import "testing"

func TestStreamCallsKeepTheirBrackets(t *testing.T) {
	tests := map[Source]string{
		SourceEvents: "/cgi-bin/eventManager.cgi?action=attach&codes=[TrafficJunction]&heartbeat=5",
		SourceSnap:   "/cgi-bin/snapManager.cgi?action=attachFileProc&channel=1&heartbeat=5&Flags[0]=Event&Events=[TrafficJunction]",
	}
	for source, want := range tests {
		if got := (Options{Channel: 1, Source: source}).streamCall(); got != want {
			t.Errorf("call for %s = %s, want %s", source, got, want)
		}
	}
}
