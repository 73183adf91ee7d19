package config

import "log/slog"

// hidden is all that a Secret shows of itself.
const hidden = "***"

// A Secret is a password or key that does not show itself in logs, messages or
// JSON. The zero value is no secret.
type Secret struct {
	value  string
	inline bool // stands in the configuration itself
}

// NewSecret returns the secret with this value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the secret itself, for whoever must send or compare it.
func (s Secret) Reveal() string { return s.value }

// Set reports whether there is a secret.
func (s Secret) Set() bool { return s.value != "" }

// String returns "***".
func (s Secret) String() string { return hidden }

// GoString returns "***".
func (s Secret) GoString() string { return hidden }

// LogValue returns "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns "***".
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
