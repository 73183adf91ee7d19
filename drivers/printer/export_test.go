package printer

import "time"

// SetTimes shortens how long a printer's answers are waited for.
func SetTimes(p *Printer, answer, print time.Duration) { p.answerTime, p.printTime = answer, print }
