package config

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// unknown reports the keys that have no place in the format, each with the
// nearest key that has.
func (p *parser) unknown(all *toml.StrictMissingError) {
	for i := range all.Errors {
		e := &all.Errors[i]
		line, column := e.Position()
		key := p.keyAt(offsetOf(p.index.doc, line, column), e.Key())
		_, _, text := position(p.index.doc, offsetOf(p.index.doc, line, column))
		problem := Problem{File: p.file, Line: line, Column: column, Key: key, Text: shown(text), Chinese: "未知的键", English: "unknown key"}
		if maySecret(key) {
			problem.Text = shownKey(text)
		}
		if near := nearest(plain(key)); near != "" {
			problem.Chinese += fmt.Sprintf("，是否应为 %s？", near)
			problem.English += fmt.Sprintf("; is it %s?", near)
		}
		p.problems = append(p.problems, problem)
	}
}

// keyAt returns the full path of the key at a byte offset, as the index counts
// it, or the path that the library gives.
func (p *parser) keyAt(offset int, given toml.Key) string {
	best, want := "", strings.Join(given, ".")
	for _, key := range p.index.keys {
		if p.index.places[key] == offset && (best == "" || plain(key) == want) {
			best = key
		}
	}
	if best == "" {
		return want
	}
	return best
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
