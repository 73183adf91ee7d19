package platform

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parkagent/protocol"
)

// TestGuideIsWhatAPlatformAnswers sends the uplink chapter of the integrator's
// guide to a platform, in its order, and compares what it answers with what the
// guide shows. Codes and numbers that a platform makes only have to be there.
func TestGuideIsWhatAPlatformAnswers(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	p, client := start(t, testConfig())
	p.SetAccount("粤A11113", 5000)
	p.SetPricing(func(protocol.PriceQuery) (int64, bool) { return 1500, true })
	section := regexp.MustCompile("(?s)\n### uplink [0-9.]+ ([A-Za-z]+)\n.*?```json request\n(.*?)```\n\n```json answer\n(.*?)```")
	calls := section.FindAllStringSubmatch(string(text), -1)
	if len(calls) != 15 { // 5.1 and 5.2 are links
		t.Fatalf("the guide shows %d calls of the uplink, want 15", len(calls))
	}
	for _, c := range calls {
		name, request, answer := c[1], c[2], c[3]
		reply, err := client.Post(t.Context(), name, json.RawMessage(request))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, err := protocol.DecodeReply([]byte(answer))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(rowsWithout(t, want.Rows, "qrcode", "orderNo"), rowsWithout(t, reply.Rows, "qrcode", "orderNo")); diff != "" {
			t.Errorf("%s is answered otherwise than shown (-shown +answered):\n%s", name, diff)
		}
	}
	if got := p.Totals(); got.Deducted != 500 || got.Reversed != 500 || got.Corrections != 1 || got.Cards != 1 || got.Blacklisted != 1 {
		t.Errorf("the platform has booked %+v of the guide's story", got)
	}
}

// rowsWithout are the rows, with the named fields only marked as being there.
func rowsWithout(t *testing.T, rows []json.RawMessage, made ...string) []map[string]any {
	t.Helper()
	var list []map[string]any
	for _, raw := range rows {
		row := map[string]any{}
		if err := json.Unmarshal(raw, &row); err != nil {
			t.Fatal(err)
		}
		for _, name := range made {
			if v, ok := row[name].(string); ok {
				row[name] = v != ""
			}
		}
		list = append(list, row)
	}
	return list
}
