package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/store"
)

func TestVisitsOfAPlateComeInTheOrderOfLeaving(t *testing.T) {
	db := open(t)
	late, early, other := gone("京A11113", noon.Add(2*time.Hour)), gone("京A11113", noon), gone("京A11114", noon)
	outside, void := gone("京A11113", noon.Add(-time.Millisecond)), gone("京A11113", noon)
	void.State = store.Void
	insert(t, db, late, early, other, outside, void, car("京A11113"))
	got, err := db.Visits(t.Context(), "京A11113", noon, noon.Add(2*time.Hour))
	if diff := cmp.Diff([]store.Session{early, late}, got); err != nil || diff != "" {
		t.Errorf("Visits, %v (-want +got):\n%s", err, diff)
	}
}
