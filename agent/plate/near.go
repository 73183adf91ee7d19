package plate

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// What it costs to take one character for another. The figures are steps of
// unlikeliness, not probabilities: cameras take what looks alike for each other
// all the time, and anything for anything now and then.
const (
	costAlike   = 1  // what every camera confuses; also a province that was not read
	costSimilar = 2  // what is confused in bad light or under dirt; also one province for another
	costAny     = 5  // anything else
	costTooMuch = 11 // more than two characters that were taken for anything
)

// alike and similar are groups of characters that cameras take for each other. O
// and I stand in no serial, but are read in them.
var (
	alike   = []string{"0ODQ", "8B", "1IL", "2Z", "5S", "7T"}
	similar = []string{"6G", "UV", "MN", "PR", "CG", "EF", "38", "08", "17", "1T", "4A", "6B", "DB", "KX", "VY", "HN", "HM", "WM", "JU"}
)

// How sure of its reading, out of 100, a camera is.
const (
	verySure = 98
	sure     = 96
	halfSure = 90
)

// Near returns the one of the plates among which a reading is of, or false when
// that is likely of none of them, or of more than one. All are in normal form;
// confidence is the camera's, out of 100, and 0 where it does not tell.
//
// A reading costs what its characters cost together, each compared with the one
// in its place. What it may cost follows from how likely it is to be right all the
// same, and its car one that nobody has seen come in:
//
//   - as much as one character that was taken for anything, when no plate is
//     written like that, or the camera says that it is not sure;
//   - else as much as two characters that look alike, one of them as every camera
//     confuses them;
//   - as much as one that looks alike, or two that every camera confuses, when the
//     camera is very sure.
//
// Every other plate must cost so much more that it would take a second misread
// character, taken for anything, to be that one; where the camera is less than half
// sure or does not tell, still more than that. So nobody is charged by a guess: one that is
// not settled by this is the operator's.
//
// What comes of it is what BenchmarkNear prints: of a million misread cars in lots of
// 500 one was taken for another, with both of its misread characters against it, and of
// a thousand that nobody saw come in, two were taken for one inside. Whoever calls
// holds against that what else is known: colours, areas, plates seen before.
func Near(read string, confidence int, among []string) (string, bool) {
	if slices.Contains(among, read) {
		return read, true
	}
	best, next, found := nearest(read, among)
	if best > mayCost(read, confidence) || next < othersCost(best, confidence) {
		return "", false
	}
	return found, true
}

// NearAny reports whether a reading is likely of any of the plates among which, of more
// than one as well. It takes what Near takes.
func NearAny(read string, confidence int, among []string) bool {
	best, _, _ := nearest(read, among)
	return best <= mayCost(read, confidence)
}

// nearest returns the plate that a reading costs least to be of, what that is, and what
// it costs to be of the next.
func nearest(read string, among []string) (best, next int, found string) {
	best, next = costTooMuch, costTooMuch
	for _, p := range among {
		switch c := distance(read, p); {
		case c < best:
			best, next, found = c, best, p
		case c < next && p != found:
			next = c
		}
	}
	return best, next, found
}

// Confusable reports whether two different plates in normal form are so much alike that
// a camera reads one for the other although it is very sure.
func Confusable(a, b string) bool { return a != b && distance(a, b) <= costSimilar }

// mayCost returns the most that a reading may cost.
func mayCost(read string, confidence int) int {
	switch {
	case !written(read), confidence > 0 && confidence < sure:
		return costAny
	case confidence >= verySure:
		return costSimilar
	}
	return costAlike + costSimilar
}

// othersCost returns the least that every other plate must cost.
func othersCost(best, confidence int) int {
	if best <= costAlike+costSimilar && confidence >= halfSure {
		return best + costAny
	}
	return min(best+costAny+1, costTooMuch)
}

// written reports whether a plate is written like that, perhaps without its province.
func written(read string) bool {
	return Valid(read) || Tail(read) == read && Valid("京"+read)
}

// distance returns what it costs to take a reading for a plate, costTooMuch at most.
func distance(read, p string) int {
	cost := 0
	if first, size := utf8.DecodeRuneInString(read); !strings.HasPrefix(p, read[:size]) && isProvince(first) != isProvince(firstOf(p)) {
		read, p, cost = Tail(read), Tail(p), costAlike
	}
	for read != "" && p != "" && cost < costTooMuch {
		a, n := utf8.DecodeRuneInString(read)
		b, m := utf8.DecodeRuneInString(p)
		read, p = read[n:], p[m:]
		if a != b {
			cost += costOf(a, b)
		}
	}
	if read != "" || p != "" {
		return costTooMuch
	}
	return min(cost, costTooMuch)
}

// costOf returns what it costs to take one character for another one.
func costOf(a, b rune) int {
	switch {
	case a < utf8.RuneSelf && b < utf8.RuneSelf:
		return int(costs[a][b])
	case isProvince(a) && isProvince(b):
		return costSimilar
	}
	return costAny
}

// costs is costOf for letters and digits.
var costs = costTable()

func costTable() (t [utf8.RuneSelf][utf8.RuneSelf]uint8) {
	for a := range t {
		for b := range t[a] {
			t[a][b] = costAny
		}
	}
	fill := func(cost uint8, groups []string) {
		for _, g := range groups {
			for _, a := range g {
				for _, b := range g {
					t[a][b] = cost
				}
			}
		}
	}
	fill(costSimilar, similar)
	fill(costAlike, alike)
	return t
}

func isProvince(c rune) bool { return strings.ContainsRune(provinces, c) }

func firstOf(s string) rune {
	c, _ := utf8.DecodeRuneInString(s)
	return c
}
