package platform

import (
	"context"
	"errors"
	"fmt"

	"parkagent/protocol"
)

// A CarPark is a car park as a platform calls it: the downlink, a method for each
// of its 28 interfaces. The park code is filled in everywhere.
//
// An error that is a [*protocol.RefusedError] is the car park's answer and may be
// shown to the driver. A [*protocol.NoAnswerError] means that nobody knows: ask
// again. That is safe for Pay too, because an order that is paid with the same
// amounts twice counts once.
type CarPark struct {
	client   *protocol.Client
	parkCode string
}

// errNoRow means that a successful answer lacks the row it promises.
var errNoRow = errors.New("answered without a row")

// NewCarPark makes a CarPark from a client whose URL is the car park's address
// without a path. An empty park code means the one that belongs to the client's
// user.
func NewCarPark(client *protocol.Client, parkCode string) *CarPark {
	return &CarPark{client: client, parkCode: parkCode}
}

// ParkCode returns the park code that is filled in, "" for that of the client's user.
func (c *CarPark) ParkCode() string { return c.parkCode }

// Call calls the interface with the given name, in any case, with a message of
// the caller's own making, and returns the answer as it is.
func (c *CarPark) Call(ctx context.Context, name string, message any) (protocol.Reply, error) {
	route, ok := protocol.RouteNamed(name)
	if !ok {
		return protocol.Reply{}, fmt.Errorf("no interface %s", name)
	}
	return c.client.Post(ctx, route.Path(), message)
}

// do calls an interface whose answer has no rows.
func (c *CarPark) do(ctx context.Context, name string, message any) error {
	_, err := c.Call(ctx, name, message)
	return err
}

// rows calls an interface that answers any number of rows.
func rows[T any](ctx context.Context, c *CarPark, name string, message any) ([]T, error) {
	reply, err := c.Call(ctx, name, message)
	if err != nil {
		return nil, err
	}
	list, err := protocol.RowsOf[T](reply)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

// one calls an interface that answers one row.
func one[T any](ctx context.Context, c *CarPark, name string, message any) (row T, err error) {
	reply, err := c.Call(ctx, name, message)
	if err != nil {
		return row, err
	}
	row, ok, err := protocol.FirstOf[T](reply)
	if err == nil && !ok {
		err = errNoRow
	}
	if err != nil {
		return row, fmt.Errorf("%s: %w", name, err)
	}
	return row, nil
}
