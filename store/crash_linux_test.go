package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"parkagent/store"
)

// crashPath makes this test binary, run again, the process that is killed.
const crashPath = "STORE_TEST_CRASH_PATH"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashPath); path != "" {
		fmt.Fprintln(os.Stderr, commitForEver(path, os.Args[1]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// commitForEver adds sessions from several goroutines and says on stdout which
// are on the disk. It ends by being killed.
func commitForEver(path, cycle string) error {
	db, err := store.Open(context.Background(), store.Options{Path: path})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for c := range errs {
		wg.Go(func() {
			for i := 0; errs[c] == nil; i++ {
				s := car(fmt.Sprintf("京%s-%d-%d", cycle, c, i))
				errs[c] = db.Update(context.Background(), func(tx *store.Tx) error {
					ctx := context.Background()
					if err := tx.InsertSession(ctx, s); err != nil {
						return err
					}
					_, err := tx.Append(ctx, store.KindEntry, s.Plate, store.NewStayFact(s))
					return err
				})
				if errs[c] == nil {
					fmt.Println(s.Plate)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func TestKilledProcessLosesNothingItAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	acknowledged := map[string]bool{}
	for cycle := range 6 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], fmt.Sprint(cycle))
		cmd.Env = append(os.Environ(), crashPath+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acknowledged[lines.Text()] = true
			if n == 20+13*cycle {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the process ended by itself: %v", err)
		}
		checkAfterCrash(t, path, acknowledged)
	}
}

func checkAfterCrash(t *testing.T, path string, acknowledged map[string]bool) {
	t.Helper()
	db := openAt(t, path)
	defer db.Close()
	list, err := db.OpenSessions(t.Context(), store.OpenFilter{})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, s := range list {
		there[s.Plate] = true
		if _, err := db.LastOf(t.Context(), store.KindEntry, s.Plate); err != nil {
			t.Errorf("session %s has no row: %v", s.Plate, err)
		}
	}
	for plate := range acknowledged {
		if !there[plate] {
			t.Errorf("%s was acknowledged and is lost", plate)
		}
	}
	if rows, err := db.VerifyChain(t.Context()); err != nil || rows != int64(len(list)) {
		t.Errorf("VerifyChain = %d, %v, want %d", rows, err, len(list))
	}
	if got, err := db.Pragma(t.Context(), "integrity_check"); err != nil || got != "ok" {
		t.Errorf("integrity_check = %q, %v", got, err)
	}
	if found, _, err := db.FinishedSessions(t.Context(), store.FinishedFilter{Plate: "京0-1"}); err != nil || len(found) != 0 {
		t.Errorf("search = %d, %v", len(found), err)
	}
}
