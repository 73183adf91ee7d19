package gate

import "time"

// SetPresenceAge lets the presence reading be so old when the close contact is
// given, for tests on a machine that is busy with other things.
func SetPresenceAge(r *Relay, d time.Duration) { r.guard.Age = d }

// SetBarrierPresenceAge is SetPresenceAge for a Barrier.
func SetBarrierPresenceAge(b *Barrier, d time.Duration) { b.guard.Age = d }
