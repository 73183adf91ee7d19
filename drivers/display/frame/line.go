package frame

import "parkagent/drivers"

// A Line is one line of a panel and what stands on it.
type Line struct {
	Row     byte // from 0, the top
	Text    string
	Color   drivers.LineColor
	Seconds byte // how long the text stands; 0: until it is replaced
}
