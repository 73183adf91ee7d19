package downlink_test

import (
	"encoding/json"

	"parkagent/store"
)

// factsOf returns the bodies of all journal rows of a kind, oldest first.
func factsOf[T any](p *park, kind store.Kind) []T {
	p.t.Helper()
	entries, err := p.db.After(p.t.Context(), 0, 10_000)
	if err != nil {
		p.t.Fatal(err)
	}
	var facts []T
	for _, e := range entries {
		if e.Kind != kind {
			continue
		}
		var fact T
		if err := json.Unmarshal(e.Body, &fact); err != nil {
			p.t.Fatal(err)
		}
		facts = append(facts, fact)
	}
	return facts
}
