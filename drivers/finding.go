package drivers

// A Finding is one thing that was learnt about a device by trying it, for an
// installer who looks for a fault. It has no language: the doctor command says
// in the installer's what it means and what to do about it, by Topic and Level.
//
// A driver that can try its device has a method
//
//	Diagnose(ctx context.Context) []Finding
//
// which asks and moves nothing: no arm, no relay, no text.
type Finding struct {
	Topic Topic
	Level Level
	Value string // what was found, as it is: "DS-TCG405-E V5.4.0", "+3.2s"; may be empty
	Err   error  // what failed, if anything
}

// A Topic is what a Finding is about.
type Topic string

// The topics. Each has its advice in the doctor command, and a test holds the
// two together.
const (
	TopicReach    Topic = "reach"     // the device answers; Value is its address
	TopicPort     Topic = "port"      // the way to a device opens; whether anything is at its end is not known
	TopicModel    Topic = "model"     // it is of the model that the driver is for; Value is what it says of itself
	TopicLogin    Topic = "login"     // it takes the user and password given
	TopicClock    Topic = "clock"     // its clock; Value is the difference to ours
	TopicGateList Topic = "gate list" // a camera's own list opens the gate, too
	TopicPush     Topic = "push"      // where a camera sends its events; Value is the address set in it
	TopicPicture  Topic = "picture"   // the size of a picture; Value in bytes
	TopicHeard    Topic = "heard"     // when a device that only calls was last heard
	TopicInputs   Topic = "inputs"    // what the inputs say now, and whether they contradict each other
	TopicRelays   Topic = "relays"    // relays that are on
	TopicMode     Topic = "mode"      // a board's own mode, which may move relays by itself
	TopicLine     Topic = "line"      // noise, echo, or late replies on a line
	TopicPaper    Topic = "paper"     // a printer's paper and cover
)

// A Level tells how good or bad a Finding is. The zero value is fine.
type Level uint8

// The levels.
const (
	LevelFine  Level = iota // as it should be
	LevelOdd                // works, and should be looked at
	LevelWrong              // does not work until it is mended
)
