// Package codes acts on what scanners at lanes read: a payment code charges the car that stands there, a ticket lets its car out.
package codes

import (
	"context"

	"parkagent/drivers"
)

// A Scanner reads codes.
type Scanner interface {
	// Watch calls emit for each code, one after the other, until ctx is done, and
	// then returns nil. It opens its line again by itself. emit returns at once.
	Watch(ctx context.Context, emit func(context.Context, drivers.Code)) error
	// Check reports whether the scanner can be heard. It may be called while Watch
	// runs.
	Check(ctx context.Context) error
}
