package slips

import (
	"context"

	"parkagent/drivers"
)

// A Printer prints documents. Its methods may be called from any goroutine.
type Printer interface {
	// Print returns nil when the document was printed, as far as the printer can
	// tell. An error that wraps drivers.ErrRefused means that nothing of it was.
	Print(ctx context.Context, d drivers.Document) error
	// Check reports whether it would print now.
	Check(ctx context.Context) error
}
