package downlink

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"parkagent/agent/config"
	"parkagent/protocol"
)

// A Client is a platform that may call. Refusing credentials that have been
// published somewhere is the configuration's job.
type Client struct {
	Name     string // names it in the books and the log
	User     string // the user header; each client has its own
	Password config.Secret
	Key      config.Secret // 24 or 16 ASCII characters
	ParkCode string        // the code this client knows the car park by

	Allow       []netip.Prefix        // where it may call from; empty means anywhere
	Permissions []protocol.Permission // empty means all
	Charset     protocol.Charset      // the one charset it sends; empty means either
	// ObjectData answers the single row of 3.2 and 3.4 as an object instead
	// of an array, for clients that were built that way.
	ObjectData bool
}

// A client is a Client ready for use.
type client struct {
	name        string
	login       [sha256.Size]byte // see digest
	cipher      *protocol.Cipher
	parkCode    string
	allow       []netip.Prefix
	permissions []protocol.Permission
	charset     protocol.Charset
	objectData  bool

	mu     sync.Mutex       // guards the following fields
	last   protocol.Charset // as the client last wrote
	offset int              // by how many days its date last was off
}

// newClients checks all clients and returns all that is wrong.
func newClients(configured []Client) ([]*client, error) {
	var problems []error
	clients := make([]*client, 0, len(configured))
	for i, c := range configured {
		at := func(err error) { problems = append(problems, fmt.Errorf("client %d (%s): %w", i+1, c.Name, err)) }
		cipher, err := protocol.NewCipher(c.Key.Reveal())
		if err != nil {
			at(err)
		}
		if c.Name == "" || c.User == "" || !c.Password.Set() || c.ParkCode == "" {
			at(errors.New("name, user, password and park code must all be given"))
		}
		for _, other := range configured[:i] {
			if other.User == c.User || other.Name == c.Name {
				at(fmt.Errorf("client %s has the same name or user", other.Name))
			}
		}
		for _, p := range c.Permissions {
			if !slices.Contains(permissions(), p) {
				at(fmt.Errorf("unknown permission %q", p))
			}
		}
		if c.Charset != "" && c.Charset != protocol.GBK && c.Charset != protocol.UTF8 {
			at(fmt.Errorf("unknown charset %q", c.Charset))
		}
		clients = append(clients, &client{
			name: c.Name, login: digest(c.User, c.Password.Reveal()), cipher: cipher, parkCode: c.ParkCode,
			allow: c.Allow, permissions: c.Permissions, charset: c.Charset, objectData: c.ObjectData,
		})
	}
	return clients, errors.Join(problems...)
}

func permissions() []protocol.Permission {
	return []protocol.Permission{
		protocol.PermitQuery, protocol.PermitPay, protocol.PermitManage, protocol.PermitCard, protocol.PermitBook,
	}
}

// digest is one value for user and password together, so that comparing it
// takes as long for an unknown user as for a wrong password.
func digest(user, password string) [sha256.Size]byte {
	u, p := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))
	return sha256.Sum256(append(u[:], p[:]...))
}

// authenticate returns the client with these credentials, or nil. It compares
// with every client, whatever it found before.
func authenticate(clients []*client, user, password string) *client {
	given := digest(user, password)
	var found *client
	for _, c := range clients {
		if subtle.ConstantTimeCompare(given[:], c.login[:]) == 1 {
			found = c
		}
	}
	return found
}

// allows reports whether the client may call from addr.
func (c *client) allows(addr netip.Addr) bool {
	return len(c.allow) == 0 || slices.ContainsFunc(c.allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// may reports whether the client has a permission.
func (c *client) may(p protocol.Permission) bool {
	return len(c.permissions) == 0 || slices.Contains(c.permissions, p)
}

func (c *client) lastCharset() protocol.Charset {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// remember keeps how the client writes, and reports whether its date is
// another one than in its last request.
func (c *client) remember(o protocol.Opened) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed := c.offset != o.DayOffset
	c.last, c.offset = o.Charset, o.DayOffset
	return changed
}
