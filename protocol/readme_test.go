package protocol

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The guide for integrators, README.md, is held to be true here: its vectors, its
// error texts, its links, and what it says about every interface.

// A guideSection is what stands below a heading of the guide.
type guideSection struct {
	title  string
	text   string              // without its blocks
	blocks map[string][]string // fenced blocks by what stands behind their ```
}

func readGuide(t *testing.T) []guideSection {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := []guideSection{{blocks: map[string][]string{}}}
	kind, block := "", []string(nil)
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		s := &sections[len(sections)-1]
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && block == nil:
			kind, block = fence, []string{}
		case isFence:
			s.blocks[kind] = append(s.blocks[kind], strings.Join(block, "\n"))
			block = nil
		case block != nil:
			block = append(block, line)
		case strings.HasPrefix(line, "#"):
			sections = append(sections, guideSection{title: line, blocks: map[string][]string{}})
		default:
			s.text += line + "\n"
		}
	}
	if block != nil {
		t.Fatalf("a block %s has no end", kind)
	}
	return sections
}

func TestTheGuideIsWrittenForEveryInterface(t *testing.T) {
	want := headings()
	var got []string
	for _, s := range readGuide(t) {
		title, isInterface := strings.CutPrefix(s.title, "### ")
		if !isInterface {
			if n := len(s.blocks["json request"]) + len(s.blocks["json answer"]); n > 0 {
				t.Errorf("%d examples stand below %q", n, s.title)
			}
			continue
		}
		got = append(got, title)
		t.Run(title, func(t *testing.T) { s.check(t, title) })
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(got))); diff != "" || len(got) != 45 {
		t.Errorf("%d interfaces (-ours +guide):\n%s", len(got), diff)
	}
}

func (s guideSection) check(t *testing.T, title string) {
	words := strings.Fields(title)
	name := words[len(words)-1]
	c, ok := contracts()[name]
	if !ok {
		if len(s.blocks["link"]) != 1 {
			t.Error("neither an interface nor a link")
		}
		return
	}
	if len(s.blocks["json request"]) != 1 || len(s.blocks["json answer"]) != 1 {
		t.Fatalf("blocks are %v, want one request and one answer", slices.Collect(maps.Keys(s.blocks)))
	}
	s.checkFacts(t, words[0], name, c)
	s.checkRequest(t, name, c)
	s.checkAnswer(t, c)
}

// checkFacts checks the line below the heading.
func (s guideSection) checkFacts(t *testing.T, direction, name string, c contract) {
	t.Helper()
	line, _, _ := strings.Cut(strings.TrimSpace(s.text), "\n")
	if direction == "uplink" {
		u, _ := UplinkNamed(name)
		want := "`POST <your URL>/" + u.Name + "` · report"
		if u.Question {
			want = "`POST <your URL>/" + u.Name + "` · question"
		}
		if !strings.HasPrefix(line, want) {
			t.Errorf("it says %q, want %q", line, want)
		}
		return
	}
	r, _ := RouteNamed(name)
	var required []string
	typ := reflect.TypeOf(c.request)
	for i := range typ.NumField() {
		tag, err := readTag(typ.Field(i))
		if err != nil {
			t.Fatal(err)
		}
		if tag.required {
			required = append(required, "`"+tag.name+"`")
		}
	}
	if required == nil {
		required = []string{"nothing"}
	}
	want := "`POST " + r.Path() + "` · permission `" + string(r.Permission) + "` · required " + strings.Join(required, ", ")
	if line != want {
		t.Errorf("it says\n%s, want\n%s", line, want)
	}
}

// checkRequest reads and writes the request again, and sends it through the cipher.
func (s guideSection) checkRequest(t *testing.T, name string, c contract) {
	t.Helper()
	text := []byte(s.blocks["json request"][0])
	again := rewritten(t, text, c.request)
	if diff := cmp.Diff(readObject(t, text), readObject(t, again)); diff != "" {
		t.Errorf("request (-guide +written):\n%s", diff)
	}
	now := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	cipher := newCipher(t, testKey)
	body, err := cipher.Seal(json.RawMessage(text), DayOf(now, time.UTC), GBK)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := cipher.Open(body, OpenOptions{Now: now, Params: paramsOf(t, name)})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if diff := cmp.Diff(readObject(t, text), readObject(t, opened.JSON)); diff != "" {
		t.Errorf("request (-guide +deciphered):\n%s", diff)
	}
}

// checkAnswer reads and writes the answer again, row by row and as a whole.
func (s guideSection) checkAnswer(t *testing.T, c contract) {
	t.Helper()
	text := []byte(s.blocks["json answer"][0])
	reply, err := DecodeReply(text)
	if err != nil || !reply.OK() {
		t.Fatalf("DecodeReply = %+v, %v", reply, err)
	}
	if (c.answer == nil) != (len(reply.Rows) == 0) {
		t.Errorf("%d rows, of %T", len(reply.Rows), c.answer)
	}
	var rows []json.RawMessage
	for _, row := range reply.Rows {
		rows = append(rows, rewritten(t, row, c.answer))
	}
	again, err := marshal(Response{Data: rows})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(readObject(t, text), readObject(t, again)); diff != "" {
		t.Errorf("answer (-guide +written):\n%s", diff)
	}
}

// rewritten reads text as a message and returns it as we write it.
func rewritten(t *testing.T, text []byte, message any) []byte {
	t.Helper()
	read := reflect.New(reflect.TypeOf(message))
	if err := DecodeFields(text, read.Interface()); err != nil {
		t.Fatalf("DecodeFields: %v", err)
	}
	again, err := marshal(read.Interface())
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestTheVectorsOfTheGuide(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range readGuide(t) {
		for _, block := range s.blocks["vector"] {
			vector := map[string]string{}
			for line := range strings.SplitSeq(block, "\n") {
				name, value, found := strings.Cut(line, ":")
				if !found {
					t.Fatalf("not understood: %s", line)
				}
				vector[name] = strings.TrimPrefix(value, " ")
				seen[name] = true
			}
			checkVector(t, vector)
			seen[vector["charset"]] = true
			if vector["text"] == "" {
				seen["nothing"] = true
			}
		}
	}
	for _, want := range []string{"gbk", "utf-8", "nothing", "body", "damaged"} {
		if !seen[want] {
			t.Errorf("no vector shows %s", want)
		}
	}
}

func checkVector(t *testing.T, vector map[string]string) {
	t.Helper()
	charset, err := ParseCharset(vector["charset"])
	if err != nil {
		t.Fatal(err)
	}
	cipher, day, text := newCipher(t, vector["key"]), Day(vector["date"]), []byte(vector["text"])
	if got := cipher.Encrypt(day, EncodeText(charset, text)); got != vector["data"] {
		t.Errorf("%s is encrypted to %s, the guide says %s", text, got, vector["data"])
	}
	now, err := time.Parse(dayLayout, vector["date"])
	if err != nil {
		t.Fatal(err)
	}
	body := vector["body"]
	if body == "" {
		body = `{"data":"` + vector["data"] + `"}`
	}
	options := OpenOptions{Now: now, Params: []string{"parkCode", "plateNo", "deviceCode", "useName"}}
	opened, err := cipher.Open([]byte(body), options)
	if err != nil {
		t.Fatalf("Open(%s): %v", body, err)
	}
	if len(text) == 0 {
		text = []byte("{}")
	}
	if diff := cmp.Diff(readObject(t, text), readObject(t, opened.JSON)); diff != "" || opened.DayOffset != 0 {
		t.Errorf("%s (-guide +deciphered):\n%s", body, diff)
	}
	if vector["damaged"] == "" {
		return
	}
	damaged, err := cipher.Decrypt(Day(vector["read as of"]), vector["data"])
	if err != nil || string(DecodeText(charset, damaged)) != vector["damaged"] {
		t.Errorf("read as of %s it is %s, %v, the guide says %s", vector["read as of"], DecodeText(charset, damaged), err, vector["damaged"])
	}
	// A day off is found out.
	if options.Now, err = time.Parse(dayLayout, vector["read as of"]); err != nil {
		t.Fatal(err)
	}
	if opened, err := cipher.Open([]byte(body), options); err != nil || opened.DayOffset != -1 {
		t.Errorf("Open a day later = %+v, %v, want it a day behind", opened, err)
	}
}

func TestTheErrorTextsOfTheGuide(t *testing.T) {
	want := [][2]string{}
	for _, err := range []error{
		&FieldError{"plateNo", Missing}, &FieldError{"plateNo", Malformed}, &FieldError{"plateNo", OutOfRange}, ErrData, ErrTooLarge, ErrBody,
	} {
		want = append(want, [2]string{Message(err, "zh-CN"), Message(err, "en")})
	}
	got := [][2]string{}
	for _, s := range readGuide(t) {
		if s.title != "## Answers and errors" {
			continue
		}
		_, table, _ := strings.Cut(s.text, "| when | zh-CN | en |\n")
		for line := range strings.Lines(table) {
			cells := strings.Split(strings.TrimSpace(line), " | ")
			if len(cells) != 3 {
				break
			}
			if !strings.HasPrefix(line, "| ---") {
				got = append(got, [2]string{cells[1], strings.TrimSuffix(cells[2], " |")})
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error texts (-ours +guide):\n%s", diff)
	}
}

func TestTheLinksOfTheGuide(t *testing.T) {
	const base, order = "http://platform.example/park", "120260228112000456B12345C"
	want := map[string]string{"### uplink 5.1": TicketLink(base, "1"), "### uplink 5.2": ChangeLink(base, "1", order)}
	got := map[string]string{}
	for _, s := range readGuide(t) {
		for _, link := range s.blocks["link"] {
			got[s.title] = link
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-ours +guide):\n%s", diff)
	}
}

func TestTheExamplesOfTheGuideAreOneStory(t *testing.T) {
	said := map[string]map[string]bool{} // the values of each field
	var note func(value any)
	note = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for name, v := range value {
				name = strings.ToLower(name)
				if said[name] == nil {
					said[name] = map[string]bool{}
				}
				said[name][fmt.Sprint(v)] = true
				note(v)
			}
		case []any:
			for _, v := range value {
				note(v)
			}
		}
	}
	for _, s := range readGuide(t) {
		for _, kind := range []string{"json request", "json answer"} {
			for _, block := range s.blocks[kind] {
				note(readObject(t, []byte(block)))
			}
		}
	}
	for name, want := range map[string][]string{
		"parkcode":   {"1"},
		"plateno":    {"B123", "B12345", "粤A11113", "粤A11115", "粤B12345", "粤B88888"},
		"platenum":   {EncodePlate("粤B12345")},
		"carno":      {EncodePlate("粤B12345")},
		"devicecode": {"C2", "G1", "G2", "L1", "L2"},
		"areacode":   {"1"},
		"cardid":     {"1", "2"},
		"bookid":     {"1"},
		"blackid":    {"0", "1"},
		"orderno": {
			"120260228112000456B12345C", "120260301101700123B12345", // change, bill
			"260301103000456", "M20260301001", "P20260301000017", "P20260301000018", // discount, and the platform's own
		},
	} {
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(said[name]))); diff != "" {
			t.Errorf("%s (-want +guide):\n%s", name, diff)
		}
	}
}
