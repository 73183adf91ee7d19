package plate

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// A lot is a car park of plates and the camera at its exit, both seeded. The
// camera is not the table of Near: it has its own pairs, and one misread character in
// ten is any other.
type lot struct {
	rng    *rand.Rand
	parked []string
}

const (
	digits  = "0123456789"
	letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
)

// confused are what this camera reads for what, the usual ones more than once.
var confused = []string{
	"0D", "0D", "0Q", "0Q", "DQ", "8B", "8B", "8B", "1L", "1L", "2Z", "2Z", "5S", "5S", "7T", "7T",
	"6G", "UV", "MN", "PR", "CG", "EF", "38", "6B", "08", "4A", "1T", "KX",
}

// newLot fills a lot with n cars, a few of them of one firm and with plates that
// were given out one after another.
func newLot(seed uint64, n int) *lot {
	l := &lot{rng: rand.New(rand.NewPCG(seed, 2026))}
	for len(l.parked) < n {
		if len(l.parked)%200 == 0 {
			first := l.rng.IntN(997)
			head := "粤B" + l.some(letters) + l.some(digits)
			for i := range 2 {
				l.add(fmt.Sprintf("%s%03d", head, first+i))
			}
		}
		l.add(l.plate())
	}
	return l
}

func (l *lot) add(p string) {
	if !slices.Contains(l.parked, p) {
		l.parked = append(l.parked, p)
	}
}

func (l *lot) some(of string) string {
	r := []rune(of)
	return string(r[l.rng.IntN(len(r))])
}

// plate makes a plate as they are on the roads of one city: most are its own, and
// most of their serials are digits with a letter or two.
func (l *lot) plate() string {
	head := "粤B"
	switch n := l.rng.IntN(100); {
	case n < 10:
		head = "粤" + l.some(letters)
	case n < 20:
		head = l.some(provinces) + l.some(letters)
	}
	patterns := []string{"ddddd", "Ldddd", "Ldddd", "LLddd", "LLddd", "dLddd", "ddLdd", "dddLd", "ddddL", "LdddL", "dLLdd", "Nddddd", "Nddddd", "NLdddd", "dddddN"}
	for _, c := range patterns[l.rng.IntN(len(patterns))] {
		switch c {
		case 'd':
			head += l.some(digits)
		case 'L':
			head += l.some(letters)
		case 'N':
			head += l.some("DDDDDDFABC")
		}
	}
	return head
}

// misread changes n characters of a plate: nine times in ten one that this camera
// takes for others into one of those, else any one into any other.
func (l *lot) misread(p string, n int) string {
	r := []rune(p)
	var prone, rest []int // places of characters that it takes for others, and the rest
	for _, at := range l.rng.Perm(len(r)) {
		if len(likely(r[at])) > 0 {
			prone = append(prone, at)
		} else {
			rest = append(rest, at)
		}
	}
	for range n {
		if len(prone) > 0 && l.rng.IntN(10) > 0 {
			at := prone[0]
			to := likely(r[at])
			r[at], prone = to[l.rng.IntN(len(to))], prone[1:]
			continue
		}
		all := slices.Concat(rest, prone)
		at := all[l.rng.IntN(len(all))]
		of := digits + letters
		if at == 0 {
			of = provinces
		}
		to := slices.DeleteFunc([]rune(of), func(c rune) bool { return c == r[at] })
		r[at] = to[l.rng.IntN(len(to))]
		same := func(i int) bool { return i == at }
		prone, rest = slices.DeleteFunc(prone, same), slices.DeleteFunc(rest, same)
	}
	return string(r)
}

// likely returns what this camera reads for a character.
func likely(c rune) (to []rune) {
	for _, pair := range confused {
		switch p := []rune(pair); c {
		case p[0]:
			to = append(to, p[1])
		case p[1]:
			to = append(to, p[0])
		}
	}
	return to
}

// confidence is what the camera says of a reading with n characters wrong.
func (l *lot) confidence(n int) int {
	x := l.rng.NormFloat64()
	switch n {
	case 0:
		return max(60, 100-int(4*max(x, -x)))
	case 1:
		return min(99, max(35, int(85+8*x)))
	}
	return min(99, max(35, int(75+9*x)))
}

// Outcomes are what became of cars at the exit of a lot.
type outcomes struct {
	misread, resolved [3]int // by how many characters of the plate were misread: all, and those whose stay was found
	wrong             int    // of them, charged for another car's stay by a near match
	spelled           int    // misread as just the plate of another car inside: no reading tells, and none counts above
	unseen, misplaced int    // right readings of cars that are not inside: all, and those taken for one that is
}

func (o *outcomes) percent(n int) float64 {
	return 100 * float64(o.resolved[n]) / float64(o.misread[n])
}

// exits lets n cars out of lots of 500 whose plates are misread, one in ten of them
// twice, and a fifth as many that nobody saw come in. tells says whether the camera
// says how sure it is.
func exits(seed uint64, n int, tells bool) *outcomes {
	o := &outcomes{}
	var l *lot
	for i := range n {
		if i%1000 == 0 {
			l = newLot(seed+uint64(i), 500)
		}
		wrong := 1
		if l.rng.IntN(10) == 0 {
			wrong = 2
		}
		car := l.parked[l.rng.IntN(len(l.parked))]
		o.leave(l, car, l.misread(car, wrong), wrong, tells)
		if other := l.plate(); i%5 == 0 && !slices.Contains(l.parked, other) {
			o.leave(l, "", other, 0, tells)
		}
	}
	return o
}

// leave lets a car out; "" is one that is not inside.
func (o *outcomes) leave(l *lot, car, read string, wrong int, tells bool) {
	confidence := 0
	if tells {
		confidence = l.confidence(wrong)
	}
	got, ok := Near(read, confidence, l.parked)
	switch {
	case car == "":
		o.unseen++
		if ok {
			o.misplaced++
		}
	case slices.Contains(l.parked, read):
		o.spelled++
	default:
		o.misread[wrong]++
		if ok && got == car {
			o.resolved[wrong]++
		}
		if ok && got != car {
			o.wrong++
		}
	}
}
