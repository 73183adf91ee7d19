package printer

import "time"

// SetTimes shortens how long a printer's answers are waited for.
func SetTimes(p *Printer, answer, print time.Duration) { p.answerTime, p.printTime = answer, print }

// Tear lets a printer think that so many bytes of a document did not all reach it.
func Tear(p *Printer, bytes int) { p.torn = bytes }
