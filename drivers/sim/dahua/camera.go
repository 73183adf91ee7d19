package dahua

import (
	"net/http"
	"sync"
)

// A Camera is one simulated camera.
type Camera struct {
	URL        string // where it pushes, without /NotificationInfo/…
	PushFaults PushFaults
	Client     *http.Client // with which it pushes; nil: http.DefaultClient

	mu      sync.Mutex // guards the following fields
	uploads int        // pushes made
}
