package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"parkagent/agent/downlink"
	"parkagent/protocol"
)

// guideTable returns the rows of the guide's table with these columns, by cell.
func guideTable(t *testing.T, columns string) [][]string {
	t.Helper()
	text := string(must(os.ReadFile("../../protocol/README.md"))(t))
	_, table, found := strings.Cut(text, "\n"+columns+"\n")
	if !found {
		t.Fatalf("the guide has no table %s", columns)
	}
	var rows [][]string
	for line := range strings.Lines(table) {
		line, isRow := strings.CutPrefix(strings.TrimSpace(line), "| ")
		if !isRow {
			break
		}
		if !strings.HasPrefix(line, "---") {
			rows = append(rows, strings.Split(strings.TrimSuffix(line, " |"), " | "))
		}
	}
	return rows
}

// pattern matches what a sentence with verbs becomes, and nothing else.
func pattern(sentence string) *regexp.Regexp {
	text := regexp.QuoteMeta(sentence)
	text = strings.ReplaceAll(strings.ReplaceAll(text, "%s", ".+"), "%d", `\d+`)
	return regexp.MustCompile("^" + text + "$")
}

// TestGuideListsEverySentence compares the guide with what the agent says, both
// ways: platforms compare these sentences.
func TestGuideListsEverySentence(t *testing.T) {
	const columns = "| interfaces | when | zh-CN | en |"
	unlisted := downlink.Sentences()
	numbers := map[string]bool{"any": true, "search": true, "pay machine": true}
	for _, r := range protocol.Routes() {
		number := r.Number
		if number == "" {
			number = r.Name
		}
		numbers[number] = true
	}
	for _, row := range guideTable(t, columns) {
		if len(row) != 4 {
			t.Errorf("%q has %d cells, want four", row, len(row))
			continue
		}
		for number := range strings.SplitSeq(row[0], ", ") {
			if !numbers[number] {
				t.Errorf("%q is no interface, in %q", number, row)
			}
		}
		at := -1
		for i, s := range unlisted {
			if pattern(s[0]).MatchString(row[2]) && pattern(s[1]).MatchString(row[3]) {
				at = i
			}
		}
		if at < 0 {
			t.Errorf("the agent does not say %q, %q, or it is in the guide twice", row[2], row[3])
			continue
		}
		unlisted = append(unlisted[:at], unlisted[at+1:]...)
	}
	for _, s := range unlisted {
		t.Errorf("the guide lacks | %s | %s |", s[0], s[1])
	}
}
