package reply

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"parkagent/drivers"
)

// writeTime is how long writing an answer may take: some kilobytes at most.
const writeTime = 2 * time.Second

// Send answers a contact with body as JSON, returns once that was handed to the
// network, and tells whoever waits for a how it went. A camera that has hung up
// meanwhile gets no order: whoever asked is sent on to another contact.
func Send(w http.ResponseWriter, r *http.Request, body any, a Answer) error {
	if r.Context().Err() != nil {
		a.Gone()
		return nil
	}
	err := write(w, body)
	a.Written(err)
	return err
}

func write(w http.ResponseWriter, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	conn := http.NewResponseController(w)
	_ = conn.SetWriteDeadline(time.Now().Add(writeTime))      // a test's recorder has none
	defer func() { _ = conn.SetWriteDeadline(time.Time{}) }() // or it would meet the next answer on this connection
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("%w: answer camera: %w", drivers.ErrOffline, err)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("%w: answer camera: %w", drivers.ErrOffline, err)
	}
	return nil
}
