package display_test

import (
	"testing"

	"parkagent/drivers/display"
	"parkagent/drivers/drivertest"
	"parkagent/drivers/sim/led"
)

var boardFaults = map[drivertest.DisplayFault]led.Fault{
	drivertest.DisplayFine:    led.Fine,
	drivertest.DisplaySilent:  led.Silent,
	drivertest.DisplayNoise:   led.Noise,
	drivertest.DisplayCrumbs:  led.Crumbs,
	drivertest.DisplayEcho:    led.Echo,
	drivertest.DisplayRefuses: led.Refuses,
	drivertest.DisplayGone:    led.Gone,
}

// A kind is one family of boards with settings, and the board that is simulated
// for it.
type kind struct {
	name  string
	opt   display.Options
	board func() *led.Board
	rig   drivertest.DisplayRig // what such a panel can do
}

func kinds() []kind {
	return []kind{
		{
			"AA55 card", display.HuaxiaOptions{Voice: true},
			func() *led.Board { return led.NewHuaxia(0x64, 4) },
			drivertest.DisplayRig{Lines: 4, Deaf: true, Recorded: true},
		},
		{
			"Onbon BX-6K card that must answer", display.OnbonOptions{Width: 128, Height: 64, Lines: 4, Ack: true, Colors: true, Voice: true, Volume: 5},
			func() *led.Board { return led.NewOnbon(1, 128, 64, 1, 4) },
			drivertest.DisplayRig{Lines: 4, MustAck: true},
		},
		{
			"Onbon BX-5K card that is not asked to answer", display.OnbonOptions{Model: "bx-5k", Width: 64, Lines: 2, Address: 0x5AA5, Voice: true},
			func() *led.Board { return led.NewOnbon(0x5AA5, 64, 32, 8, 2) },
			drivertest.DisplayRig{Lines: 2, Deaf: true},
		},
		{
			"SYN6288 that must answer", display.SpeechOptions{Ack: true},
			func() *led.Board { return led.NewSpeech(true) },
			drivertest.DisplayRig{MustAck: true},
		},
		{
			"SYN6288 that may answer", display.SpeechOptions{},
			func() *led.Board { return led.NewSpeech(true) },
			drivertest.DisplayRig{},
		},
		{
			"XFS5152 that must answer", display.SpeechOptions{Chip: "xfs5152", Ack: true},
			func() *led.Board { return led.NewSpeech(false) },
			drivertest.DisplayRig{MustAck: true},
		},
		{
			"count board", display.CountOptions{},
			led.NewCount,
			drivertest.DisplayRig{Deaf: true},
		},
	}
}

// rigOn returns the rig of a panel with this board.
func (k kind) rigOn(board *led.Board, panel *display.Panel) drivertest.DisplayRig {
	rig := k.rig
	rig.Display, rig.Device = panel, "L1"
	rig.Shown, rig.Spoken = board.Lines, board.Spoken
	if _, counts := k.opt.(display.CountOptions); counts {
		rig.Spoken = nil
		rig.Count = func() (int, bool) { n, _, ok := board.Count(); return n, ok }
	}
	rig.Fault = func(f drivertest.DisplayFault) { board.SetFault(boardFaults[f]) }
	return rig
}

func TestBoardsKeepTheContractInTime(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			drivertest.DisplayInBubble(t, func(t *testing.T) drivertest.DisplayRig {
				board := k.board()
				rig := k.rigOn(board, panelOn(t, memoryPort(t, board), k.opt))
				rig.Frames = board.Times
				return rig
			})
		})
	}
}

func TestBoardsThatAnswerKeepTheContractOverTCP(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		if !k.rig.MustAck {
			continue // as far as the driver knows, it has shown the text before it has
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			drivertest.Display(t, func(t *testing.T) drivertest.DisplayRig {
				board := k.board()
				return k.rigOn(board, patientPanelOn(t, networkPort(t, board), k.opt))
			})
		})
	}
}

func TestBoardsKeepTheContractBehindACamera(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			drivertest.DisplayInBubble(t, func(t *testing.T) drivertest.DisplayRig {
				board := k.board()
				ride := drivertest.NewRide(board.Feed)
				rig := k.rigOn(board, panelBehind(t, ride, k.opt))
				rig.Frames, rig.Answer = board.Times, ride.Answer
				rig.MustAck, rig.Deaf = false, true // by that way nobody answers
				rig.Fault = func(f drivertest.DisplayFault) { ride.SetAway(f == drivertest.DisplayGone) }
				return rig
			})
		})
	}
}
