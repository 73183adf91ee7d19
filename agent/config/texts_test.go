package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/signs"
	"parkagent/drivers"
)

func TestTextsAreReadAsTheyStand(t *testing.T) {
	c, errs := parse(t, site+`
[[text]]
event = "fee"
lanes = ["IN1"]
lines = ["{plate}", "停车{stay} 请缴费{amount}元"]
colors = ["green", "red"]
voice = "{plate},请缴费{spoken_amount}元"
seconds = 20

[[text]]
event = "idle"
lines = []

[[text]]
event = "idle"
lines = ["空位 {free}"]

[[text]]
event = "full"
voice = ""
`)
	if errs != nil {
		t.Fatal(errs)
	}
	fee, silent := "{plate},请缴费{spoken_amount}元", ""
	want := []signs.Template{
		{Event: signs.Fee, Lanes: []string{"IN1"}, Lines: []string{"{plate}", "停车{stay} 请缴费{amount}元"}, Colors: []drivers.LineColor{drivers.Green, drivers.Red}, Voice: &fee, Stands: 20 * time.Second},
		{Event: signs.Idle, Lines: []string{}},
		{Event: signs.Idle, Lines: []string{"空位 {free}"}},
		{Event: signs.Full, Voice: &silent},
	}
	if diff := cmp.Diff(want, c.Texts); diff != "" {
		t.Errorf("Texts (-want +got):\n%s", diff)
	}
}

func TestATextThatCannotBeShownIsAMistake(t *testing.T) {
	for _, tt := range []struct{ name, text, key, english string }{
		{"of no event", `lines = ["a"]`, "event", "must be given"},
		{"of an unknown event", "event = \"welcome\"\nlines = [\"a\"]", "event", "idle, entry, entry_card"},
		{"that changes nothing", `event = "fee"`, "", "changes nothing"},
		{"with an unknown placeholder", "event = \"fee\"\nlines = [\"a\", \"{plat}\"]", "lines[1]", "no placeholder {plat}; these are: {plate} {amount}"},
		{"with a placeholder that is empty then", "event = \"idle\"\nlines = [\"{park}\", \"{plate}\"]", "lines[1]", "{plate} has no value at idle and would never be shown; these have: {free} {park} {lane} {time}"},
		{"and says one", "event = \"entry\"\nvoice = \"{plate},{amount}\"", "voice", "{amount} has no value at entry"},
		{"of an unknown event with a placeholder", "event = \"welcome\"\nlines = [\"{until}\"]", "event", "idle, entry, entry_card"},
		{"with half a placeholder", "event = \"fee\"\nvoice = \"{plate\"", "voice", "without the other"},
		{"in an unknown colour", "event = \"fee\"\ncolors = [\"red\", \"blue\"]", "colors[1]", "red, green, yellow"},
		{"at a lane that is not there", "event = \"fee\"\nvoice = \"\"\nlanes = [\"IN1\", \"OUT9\"]", "lanes[1]", "no [[lane]]"},
		{"for longer than boards count", "event = \"fee\"\nseconds = 256", "seconds", "0 to 255"},
		{"of too many lines", "event = \"fee\"\nlines = [\"\", \"\", \"\", \"\", \"\", \"\", \"\", \"\", \"\"]", "lines", "8 lines"},
		{"of too many characters", "event = \"fee\"\nvoice = \"" + strings.Repeat("长", 91) + "\"", "voice", "90"},
		{"in two lines of one", "event = \"fee\"\nlines = [\"a\\nb\"]", "lines[0]", "line breaks"},
		{"given twice", "event = \"fee\"\nvoice = \"\"\n[[text]]\nevent = \"fee\"\nvoice = \"\"", "event", "twice"},
		{"given twice for a lane", "event = \"fee\"\nvoice = \"\"\nlanes = [\"IN1\"]\n[[text]]\nevent = \"fee\"\nvoice = \"\"\nlanes = [\"IN1\"]", "lanes[0]", "twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := parse(t, site+"\n[[text]]\n"+tt.text)
			key := strings.TrimSuffix("."+tt.key, ".")
			if len(errs) != 1 || !strings.HasPrefix(errs[0].Key, "text[") || !strings.HasSuffix(errs[0].Key, "]"+key) || !strings.Contains(errs[0].English, tt.english) {
				t.Errorf("mistakes = %v, want one of %q that says %q", errs, key, tt.english)
			}
		})
	}
	if _, errs := parse(t, site+"\n[text]\nevent = \"fee\""); len(errs) != 1 || !strings.Contains(errs[0].English, "two brackets") {
		t.Errorf("mistakes = %v, want the brackets", errs)
	}
}

func TestBoardsOfFreePlaces(t *testing.T) {
	const board = "[[device]]\ncode = \"L9\"\nname = \"余位屏\"\nkind = \"%s\"\ndriver = \"%s\"\nip = \"192.0.2.77\"\narea = %d\n"
	c, errs := parse(t, site+fmt.Sprintf(board, "display", "fangkong", 1))
	if errs != nil || len(c.Warnings) > 0 || *c.Devices[len(c.Devices)-1].Area != 1 {
		t.Fatalf("mistakes %v, %+v; want neither mistakes nor warnings", errs, c)
	}
	for _, tt := range []struct{ name, text, key, english string }{
		{"of an area that is not there", site + fmt.Sprintf(board, "display", "fangkong", 9), ".area", "no [[area]]"},
		{"that is no display", site + fmt.Sprintf(board, "camera", "hikvision", 1), ".area", "only a display"},
		{"that belongs to a lane", strings.Replace(site, "gate = \"G1\"", "gate = \"G1\"\ndisplay = \"L9\"", 1) + fmt.Sprintf(board, "display", "fangkong", 0), ".area", "belongs to a lane"},
	} {
		if _, errs := parse(t, tt.text); len(errs) != 1 || !strings.HasSuffix(errs[0].Key, tt.key) || !strings.Contains(errs[0].English, tt.english) {
			t.Errorf("one %s: mistakes %v, want one of %s that says %q", tt.name, errs, tt.key, tt.english)
		}
	}
}
