package lane

import (
	"errors"
	"testing"
	"time"

	"parkagent/agent/access"
	"parkagent/drivers"
)

const card = "oAbCdEf-00000001"

func scan(card string) scanned { return scanned{scan: Scan{CardNo: card}} }

func looks(card string, p drivers.Presence) looked {
	return looked{scan: Scan{CardNo: card}, presence: p}
}

// says is a verdict on a scan.
func says(card string, v access.Verdict) ruled {
	return ruled{of: ruleScan{scan: Scan{CardNo: card}}, v: v}
}

var (
	mayPass = access.Verdict{Open: true, Reason: access.ReasonTemporary, Plate: "空000001", Session: "s1"}
	mustPay = access.Verdict{Reason: access.ReasonDue, Plate: "空000001", Session: "s1", Payable: 500, Stay: time.Hour}
	hasPaid = access.Verdict{Open: true, Reason: access.ReasonPaid, Plate: "空000001", Session: "s1", Stay: time.Hour}
	priced  = access.Verdict{Reason: access.ReasonAsking, Plate: "粤B12345", Session: "s1", Stay: time.Hour, Ask: true}
	deducts = access.Verdict{Reason: access.ReasonDue, Plate: "粤B12345", Session: "s1", Payable: 500, Stay: time.Hour, Ask: true}
)

// TestDecideScan is the specification of a car without a plate before a lane.
func TestDecideScan(t *testing.T) {
	failed := errors.New("no answer")
	in := func(rest ...step) []step { // a car that came in
		return append([]step{
			{0, scan(card), "look " + card},
			{0, looks(card, drivers.PresenceNotFitted), "rule scan " + card},
			{0, says(card, mayPass), "raise"},
			{0, raised{}, "confirm s1, answer <nil>, show 1"},
			{0, confirmed{}, ""},
		}, rest...)
	}
	due := func(rest ...step) []step { // a car that has to pay
		return append([]step{
			{0, scan(card), "look " + card},
			{0, looks(card, drivers.PresenceOccupied), "rule scan " + card},
			{0, says(card, mustPay), "answer refused: due, show 4"},
		}, rest...)
	}
	tests := []script{
		{name: "the gate first, then the books, then the answer and the welcome", steps: in()},
		{
			name: "the same number again is answered the same, and nothing happens; later it is told once more that it may pass; then it is asked about",
			steps: in(
				step{9 * time.Second, scan(card), "answer again <nil>"},
				step{11 * time.Second, scan(card), "answer again <nil>, show 1"},
				step{29 * time.Second, scan(card), "answer again <nil>, show 1"},
				step{30 * time.Second, scan(card), "look " + card},
			),
		},
		{
			name:  "another number is another car",
			steps: in(step{time.Second, scan("another"), "look another"}),
		},
		{
			name: "nobody stands there, until somebody does",
			steps: []step{
				{0, scan(card), "look " + card},
				{0, looks(card, drivers.PresenceClear), "answer no car stands at the lane"},
				{time.Second, scan(card), "look " + card},
				{time.Second, looks(card, drivers.PresenceOccupied), "rule scan " + card},
			},
		},
		{
			name: "a gate that cannot be asked who stands there stops nobody",
			steps: []step{
				{0, scan(card), "look " + card},
				{0, looks(card, drivers.PresenceUnknown), "rule scan " + card},
			},
		},
		{
			name: "a refusal is answered the same for ten seconds",
			steps: []step{
				{0, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{0, says(card, access.Verdict{Reason: access.ReasonFull}), "answer refused: full, show 3"},
				{9 * time.Second, scan(card), "answer again refused: full"},
				{10 * time.Second, scan(card), "look " + card},
			},
		},
		{
			name: "a number that is inside is told so",
			steps: []step{
				{0, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{0, says(card, access.Verdict{Reason: access.ReasonCardInside}), "answer refused: card number inside, show 13"},
			},
		},
		{
			name: "one that has just passed, as the books know after a restart, is told that it may",
			steps: []step{
				{0, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{0, says(card, access.Verdict{Reason: access.ReasonCardInside, Repeat: true, Plate: "空000001", Session: "s1"}), "answer <nil>, show 1"},
				{20 * time.Second, scan(card), "answer again <nil>, show 1"},
			},
		},
		{
			name: "money is due: the gate stays shut until it is paid, and the scan after that is a success",
			steps: due(
				step{5 * time.Second, scan(card), "answer again refused: due"},
				step{8 * time.Second, paid{session: "s1"}, "recheck s1"},
				step{8 * time.Second, ruled{of: recheck{session: "s1"}, v: hasPaid}, "raise"},
				step{8 * time.Second, raised{}, "confirm s1, show 2"},
				step{8 * time.Second, confirmed{}, ""},
				step{9 * time.Second, scan(card), "answer again <nil>"},
				step{20 * time.Second, scan(card), "answer again <nil>, show 2"},
				step{40 * time.Second, scan(card), "look " + card},
			),
		},
		{
			name: "a gate that does not follow is asked again as for any car",
			steps: []step{
				{0, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{0, says(card, mayPass), "raise"},
				{0, raised{err: failed}, "answer no answer, show 8"},
				{500 * time.Millisecond, scan(card), "answer again no answer"},
				{time.Second, tick{}, "raise again"},
				{time.Second, raised{}, "confirm s1, show 1"},
				{2 * time.Second, scan(card), "answer again <nil>"},
			},
		},
		{
			name: "books that fail are said, asked again, and no repetition",
			steps: []step{
				{0, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{0, ruled{of: ruleScan{scan: Scan{CardNo: card}}, err: failed}, "answer no answer, show 9"},
				{time.Second, scan(card), "look " + card},
				{5 * time.Second, tick{}, "rule scan " + card},
				{5 * time.Second, says(card, mayPass), "raise"},
				{5 * time.Second, raised{}, "confirm s1, show 1"},
			},
		},
		{
			name: "a car that is recognised takes the place of one that waits",
			steps: due(
				step{5 * time.Second, see("粤B22222"), "rule 粤B22222"},
				step{5 * time.Second, open("粤B22222", "s2", access.ReasonFree), "raise"},
				step{5 * time.Second, raised{}, "confirm s2, show 1"},
			),
		},
		{
			name: "a scan that has to wait for a platform is told so, and then what is due",
			steps: []step{
				{0, looks(card, drivers.PresenceOccupied), "rule scan " + card},
				{0, says(card, access.Verdict{Reason: access.ReasonAsking, Session: "s1", Ask: true, Stay: time.Hour}), "answer refused: asking, show 11, inquire s1"},
				{time.Second, scan(card), "answer again refused: asking"},
				{2 * time.Second, paid{session: "s1"}, "recheck s1"},
				{2 * time.Second, ruled{of: recheck{session: "s1"}, v: mustPay}, "show 4"},
				{3 * time.Second, scan(card), "answer again refused: due"},
			},
		},
	}
	for _, tt := range tests {
		tt.play(t)
	}
}

// TestDecideBlackScan is for how long the driver of a blacklisted car does not get
// in as one without a plate.
func TestDecideBlackScan(t *testing.T) {
	refused := func(rest ...step) []step {
		return append([]step{
			{0, see("粤B12345"), "rule 粤B12345"},
			{0, ruled{of: rule{}, v: access.Verdict{Plate: "粤B12345", Reason: access.ReasonBlacklist}}, "show 12"},
		}, rest...)
	}
	asks := func(at time.Duration, want string) step {
		return step{at, looks(card, drivers.PresenceOccupied), want}
	}
	const no, yes = "answer refused: blacklist, show 12", "rule scan " + card
	sense := func(at time.Duration, p drivers.Presence) step { return step{at, sensed{presence: p}, ""} }
	tests := []script{
		{name: "for half a minute after it was refused", steps: refused(asks(29*time.Second, no), asks(30*time.Second, yes))},
		{
			name:  "or after it was seen again, which is not asked about",
			steps: refused(step{25 * time.Second, see("粤b·12345"), ""}, asks(54*time.Second, no), asks(55*time.Second, yes)),
		},
		{
			name:  "a kept event has not been seen now",
			steps: refused(step{25 * time.Second, recognised{rec: drivers.Recognition{Plate: "粤B12345"}, late: true}, "record late"}, asks(31*time.Second, yes)),
		},
		{
			name: "as long as something stands there",
			steps: refused(sense(20*time.Second, drivers.PresenceOccupied), sense(40*time.Second, drivers.PresenceOccupied),
				asks(69*time.Second, no), asks(70*time.Second, yes)),
		},
		{
			name:  "and not when something stands there again later",
			steps: refused(sense(2*time.Second, drivers.PresenceClear), sense(31*time.Second, drivers.PresenceOccupied), asks(32*time.Second, yes)),
		},
		{
			name: "nor when another car is recognised",
			steps: refused(step{time.Second, see("粤B22222"), "rule 粤B22222"}, step{time.Second, ruled{of: rule{}, v: access.Verdict{Plate: "粤B22222", Reason: access.ReasonFull}}, "show 3"},
				sense(2*time.Second, drivers.PresenceOccupied), asks(3*time.Second, yes)),
		},
		{
			name: "unless that was beside it",
			steps: refused(step{time.Second, see("粤B22222"), "rule 粤B22222"}, step{time.Second, ruled{of: rule{}, v: access.Verdict{Plate: "粤B22222", Reason: access.ReasonFull}}, "show 3"},
				step{2 * time.Second, see("粤B12345"), ""}, asks(3*time.Second, no)),
		},
		{
			name: "nor once it is not listed any more",
			steps: refused(step{31 * time.Second, see("粤B12345"), "rule 粤B12345"}, step{31 * time.Second, ruled{of: rule{}, v: access.Verdict{Plate: "粤B12345", Reason: access.ReasonFull}}, "show 3"},
				step{32 * time.Second, see("粤B12345"), ""}, asks(33*time.Second, yes)),
		},
	}
	for _, tt := range tests {
		tt.play(t)
	}
}

// TestDecideAsk is the specification of a lane whose platforms are asked.
func TestDecideAsk(t *testing.T) {
	failed := errors.New("no answer")
	asks := func(v access.Verdict, rest ...step) []step {
		return append([]step{
			{0, see("粤B12345"), "rule 粤B12345"},
			{0, ruled{of: rule{}, v: v}, "show 11, inquire s1"},
		}, rest...)
	}
	later := func(v access.Verdict) ruled { return ruled{of: recheck{session: "s1"}, v: v} }
	tests := []script{
		{
			name: "a platform that deducts in time lets the car out without a word of money",
			steps: asks(deducts,
				step{time.Second, paid{session: "other"}, ""},
				step{2 * time.Second, paid{session: "s1"}, "recheck s1"},
				step{2 * time.Second, later(hasPaid), "raise"},
				step{2 * time.Second, raised{}, "confirm s1, show 2"},
			),
		},
		{
			name: "without an answer in time the driver is asked to pay, and a late one still lets the car out",
			steps: asks(deducts,
				step{4 * time.Second, tick{}, ""},
				step{5 * time.Second, tick{}, "recheck s1"},
				step{5 * time.Second, later(mustPay), "show 4"},
				step{6 * time.Second, tick{}, ""},
				step{9 * time.Second, paid{session: "s1"}, "recheck s1"},
			),
		},
		{
			name: "a price that says nothing is due",
			steps: asks(priced,
				step{time.Second, paid{session: "s1"}, "recheck s1"},
				step{time.Second, later(access.Verdict{Open: true, Reason: access.ReasonFree, Session: "s1", Stay: time.Hour}), "raise"},
			),
		},
		{
			name:  "where there is no platform the lane goes on at once",
			steps: asks(priced, step{0, unasked{session: "s1"}, "recheck s1"}, step{0, later(mustPay), "show 4"}, step{time.Second, unasked{session: "s1"}, ""}),
		},
		{
			name: "books that fail when it is to go on are asked again, once at a time",
			steps: asks(priced,
				step{5 * time.Second, tick{}, "recheck s1"},
				step{5 * time.Second, ruled{of: recheck{session: "s1"}, err: failed}, "show 9"},
				step{6 * time.Second, tick{}, ""},
				step{10 * time.Second, tick{}, "recheck s1"},
				step{10 * time.Second, later(mustPay), "show 4"},
			),
		},
		{
			name: "another car takes its place",
			steps: asks(priced,
				step{time.Second, see("粤B22222"), "rule 粤B22222"},
				step{time.Second, shut("粤B22222", access.ReasonNoSession), "show 5"},
				step{2 * time.Second, paid{session: "s1"}, "stand s1"},
				step{2 * time.Second, stood{session: "s1"}, ""},
				step{6 * time.Second, tick{}, ""},
			),
		},
		{
			name:  "the same car seen again while it waits is the same event",
			steps: asks(priced, step{time.Second, see("粤B12345"), ""}),
		},
	}
	for _, tt := range tests {
		tt.play(t)
	}
}

func TestDaysLeft(t *testing.T) {
	tests := []struct {
		name    string
		carType int
		validTo time.Time
		want    int
	}{
		{"to the end of today", 2, t0.Add(10 * time.Hour), 0},
		{"to the end of tomorrow", 2, t0.Add(34 * time.Hour), 1},
		{"it has ended meanwhile", 2, t0.Add(-time.Hour), -1},
		{"of a booking nobody wants to know", 100, t0.Add(34 * time.Hour), -1},
		{"a temporary car has none", 0, time.Time{}, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := daysLeft(access.Verdict{CarType: tt.carType, ValidTo: tt.validTo}, t0); got != tt.want {
				t.Errorf("daysLeft = %d, want %d", got, tt.want)
			}
		})
	}
}
