package display

import "time"

// SetReplyTime lets a card that must answer do so this late, for tests on a
// machine that is busy with other things.
func SetReplyTime(p *Panel, d time.Duration) { p.wire.reply = d }
