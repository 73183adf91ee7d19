package display

import (
	"time"

	"parkagent/drivers"
	"parkagent/drivers/options"
)

// A board is one family of boards in one model: what to send for a screen, and
// how to read what comes back. It knows no line. Its methods are called by one
// goroutine at a time.
type board interface {
	// profile returns the numbers of the model.
	profile() profile
	// compose returns the frames that put s up, in the order in which they
	// are sent. None at all means that s has nothing that this board shows or
	// says.
	compose(s drivers.Screen) []message
	// reply looks in received for the board's answer to sent, past noise and
	// past our own frame where an adapter throws it back. While there is none
	// it returns false.
	reply(received, sent []byte) (reply, bool)
	// probe returns a frame that the board answers and that shows and speaks
	// nothing, or nil where the family has none.
	probe() []byte
}

// A profile is what the models of a family differ in for those who talk to them.
type profile struct {
	gap   time.Duration // between the end of a frame and the next
	reply time.Duration // for an answer to come; 0: the family never answers
	must  bool          // a board that does not answer has failed
	sure  bool          // the family's question is known to be answered by every card
	lasts lasting       // for how long what it is sent is right
}

// A lasting is for how long what a board was sent is right.
type lasting uint8

const (
	asScreen lasting = iota // as long as the screen that it is of
	forGood                 // until the board is sent something else
	spoken                  // it is said once, and then or never
)

// A message is one frame of a screen.
type message struct {
	what  string // for errors
	frame []byte
}

// A reply is a board's answer to one frame.
type reply struct {
	refused error  // why the board did not take the frame; nil: it did
	state   string // what the board says of itself, if anything
}

// Times that most boards need.
const (
	frameGap  = 50 * time.Millisecond  // to put a line up
	replyTime = 400 * time.Millisecond // a card that answers does so within 100 ms
)

// gapOf reads the option "gap" of a board to which a screen is so many frames: all of
// them must be out before a call ends, with some time for the frames themselves.
func gapOf(o *options.Reader, frames int) time.Duration {
	gap := o.Duration("gap", frameGap, frameGap, time.Second)
	if gaps := time.Duration(frames - 1); gaps*gap > showTime-frameTime {
		o.Fail("gap", "%v between %d frames takes longer than a screen may; %v is the most", gap, frames, ((showTime - frameTime) / gaps).Truncate(10*time.Millisecond))
	}
	return gap
}

// frameTime is what all frames of a screen take on a line that is not very slow.
const frameTime = time.Second

// gapOr returns gap, or what most boards need where none is given.
func gapOr(gap time.Duration) time.Duration { return max(gap, frameGap) }

// lineOf returns line i of s. A text without characters might leave the old one
// standing, so that an empty line is a blank.
func lineOf(s drivers.Screen, i int) drivers.Line {
	if i < len(s.Lines) && s.Lines[i].Text != "" {
		return s.Lines[i]
	}
	return drivers.Line{Text: " "}
}

// standSeconds returns d in whole seconds, rounded up and no more than most, as
// boards count them: 0 stands until it is replaced.
func standSeconds(d time.Duration, most int) int {
	if d <= 0 {
		return 0
	}
	return int(min((d+time.Second-1)/time.Second, time.Duration(most)))
}
