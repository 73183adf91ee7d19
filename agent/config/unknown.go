package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// later holds the keys and tables of the format that this version does nothing
// with, and the values of theirs that ask for nothing. A key with such a value is
// accepted, any other is refused: a setting that silently does not hold is worse
// than one that is missing.
var later = map[string][]string{
	"calendar":             nil,
	"tariff.days":          {"[]"},
	"tariff.valid_from":    {""},
	"tariff.valid_to":      {""},
	"tariff.day_starts":    {"00:00"},
	"tariff.visits_cap":    {"0"},
	"tariff.visits_period": {"day", "24h"},
	"tariff.adders":        {"[]"},
	"tariff.percent":       {"100"},
	"tariff.round_total":   {"1"},
	"tariff.band.from":     {"00:00", ""},
	"tariff.band.to":       {"24:00", ""},
	"tariff.band.cap":      {"0"},
	"tariff.band.crossing": {"split", "start"},
	"tariff.band.ladder":   {"continue", "restart"},
}

// notYet is what is said about them.
const (
	notYetChinese = "本版本不支持，请删除"
	notYetEnglish = "is not supported by this version; remove it"
)

// unknown reports the keys that have no place in the format, each with the
// nearest key that has.
func (p *parser) unknown(all *toml.StrictMissingError) {
	reported := map[string]bool{}
	for i := range all.Errors {
		e := &all.Errors[i]
		line, column := e.Position()
		key := p.keyAt(offsetOf(p.index.doc, line, column), e.Key())
		name := plain(key)
		root, _, _ := strings.Cut(name, ".")
		for _, n := range []string{name, root} {
			if _, ok := later[n]; ok {
				name = n
			}
		}
		neutral, isLater := later[name]
		if isLater && p.asksNothing(key, neutral) {
			continue
		}
		if isLater && len(neutral) == 0 {
			// One report for a whole table, not for each of its keys.
			if reported[name] {
				continue
			}
			reported[name] = true
		}
		_, _, text := position(p.index.doc, offsetOf(p.index.doc, line, column))
		problem := Problem{File: p.file, Line: line, Column: column, Key: key, Text: shown(text), Chinese: notYetChinese, English: notYetEnglish}
		if !isLater {
			problem.Chinese, problem.English = "未知的键", "unknown key"
			if maySecret(key) {
				problem.Text = shownKey(text)
			}
			if near := nearest(plain(key)); near != "" {
				problem.Chinese += fmt.Sprintf("，是否应为 %s？", near)
				problem.English += fmt.Sprintf("; is it %s?", near)
			}
		}
		p.problems = append(p.problems, problem)
	}
}

// keyAt returns the full path of the key at a byte offset, as the index counts
// it, or the path that the library gives.
func (p *parser) keyAt(offset int, given toml.Key) string {
	best, want := "", strings.Join(given, ".")
	for _, key := range p.index.keys {
		if p.index.places[key].start == offset && (best == "" || plain(key) == want) {
			best = key
		}
	}
	if best == "" {
		return want
	}
	return best
}

// asksNothing reports whether a key has one of the values that change nothing.
func (p *parser) asksNothing(key string, neutral []string) bool {
	at, ok := p.index.places[key]
	if !ok {
		return false
	}
	value := at.value
	if at.empty {
		value = "[]"
	}
	return slices.Contains(neutral, value)
}

// nearest returns the last part of the key of the format that differs from this
// one by one or two letters, or "".
func nearest(key string) string {
	above, name := "", key
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		above, name = key[:i], key[i+1:]
	}
	best, distance := "", min(3, len(name)/2+1)
	for _, candidate := range keysBelow(above) {
		if d := edits(strings.ToLower(name), candidate); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// edits is the number of letters to insert, delete or replace between two words.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
