package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"parkagent/drivers/sim"
)

// A hostilePush is what a camera, or somebody in its place, pushes.
type hostilePush struct {
	name, path string
	kind       string // content type
	body       string
	status     int
	say        string // what the camera is told, and the log
}

// hikPush is a push of a Hikvision camera with faults, as its content type and
// body.
func hikPush(form sim.HikForm, f sim.HikFaults) (kind, body string) {
	c := sim.HikCamera{Form: form, Faults: f}
	kind, _, b := c.Event(sim.SmallCar("粤B00666", time.Now()))
	return kind, string(b)
}

func vzPush(f sim.VzFaults) string {
	c := sim.VzCamera{Serial: "S", Faults: f}
	return string(c.Event(1, sim.SmallCar("粤B00666", time.Now())))
}

// xmlBomb would be a gigabyte if its entities were believed.
const xmlBomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">` +
	`<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><EventNotificationAlert><ANPR><licensePlate>&c;</licensePlate></ANPR></EventNotificationAlert>`

func hikPushes() []hostilePush {
	const at, text = "/camera/C1/park", "application/xml"
	multi, whole := hikPush(sim.HikMultipart, sim.HikFaults{})
	_, xml := hikPush(sim.HikXML, sim.HikFaults{})
	_, broken := hikPush(sim.HikXML, sim.HikFaults{BrokenXML: true})
	_, brokenPart := hikPush(sim.HikMultipart, sim.HikFaults{BrokenXML: true})
	_, oversize := hikPush(sim.HikMultipart, sim.HikFaults{Oversize: true})
	_, boundary, _ := strings.Cut(multi, "boundary=")
	manyParts := strings.Repeat("--"+boundary+"\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n", 40) + "--" + boundary + "--\r\n"
	inPlate := func(value string) string { return strings.Replace(xml, "粤B00666", value, 1) }
	return []hostilePush{
		{"XML cut in the middle", at, text, broken, 400, "broken XML"},
		{"a part of XML cut in the middle", at, multi, brokenPart, 400, "broken XML"},
		{"a multipart body cut in its XML", at, multi, whole[:len(xml)/2], 400, "broken XML"},
		{"an XML bomb", at, text, xmlBomb, 400, "broken XML"},
		{"XML nested 100 deep", at, text, inPlate(strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)), 400, "XML nested too deep"},
		{"XML nested 100000 deep", at, text, strings.Repeat("<a>", 100_000), 400, "XML nested too deep"},
		{"XML of 5000 elements", at, text, inPlate(strings.Repeat("<a/>", 5000)), 400, "too much XML"},
		{"XML of more than 1 MiB", at, text, inPlate(strings.Repeat("A", 1<<20)), 413, "event text too large"},
		{"a plate of 1000 letters", at, text, inPlate(strings.Repeat("A", 1000)), 400, "plate too long"},
		{"a plate of 1000 letters in the query", at + "?licensePlate=" + strings.Repeat("A", 1000), "image/jpeg", "", 400, "plate too long"},
		{"other XML", at, text, "<html><body>hello</body></html>", 400, "not an EventNotificationAlert"},
		{"no boundary", at, "multipart/form-data", whole, 400, "no event in it"},
		{"another boundary", at, "multipart/form-data; boundary=other", whole, 400, "no event in it"},
		{"a multipart body that is called a picture", at, "image/jpeg", whole, 400, "no event in it"},
		{"a content type that is none", at, ";;;=", whole, 400, "no event in it"},
		{"a picture of 9 MB", at, multi, oversize, 413, "picture too large"},
		{"40 parts", at, multi, manyParts, 413, "too many parts"},
		{"nothing", at, text, "", 400, "no event in it"},
		{"binary garbage", at, text, "\x00\xFF\xFE\x16\x03\x01\x80", 400, "no event in it"},
		{"another make's JSON", at, "application/json", vzPush(sim.VzFaults{}), 400, "no event in it"},
		{"a broken query", at + "?licensePlate=%zz", text, xml, 400, "broken query"},
	}
}

func vzPushes() []hostilePush {
	const at, kind = "/camera/C3/devicemanagement/php/plateresult.php", "application/json"
	good := vzPush(sim.VzFaults{NoPictures: true})
	inPlate := func(value string) string { return strings.Replace(good, `"粤B00666"`, value, 1) }
	const form = "multipart/form-data; boundary=b"
	return []hostilePush{
		{"JSON cut in the middle", at, kind, vzPush(sim.VzFaults{BrokenJSON: true}), 400, "broken JSON"},
		{"JSON nested 100 deep", at, kind, inPlate(strings.Repeat("[", 100) + strings.Repeat("]", 100)), 400, "JSON nested too deep"},
		{"JSON nested 100000 deep", at, kind, strings.Repeat(`{"a":`, 100_000), 400, "JSON nested too deep"},
		{"a plate that is a list", at, kind, inPlate(`["A"]`), 400, "broken JSON"},
		{"no result", at, kind, `{"AlarmInfoPlate":{"result":{}}}`, 400, "no PlateResult in it"},
		{"two texts", at, kind, good + good, 400, "broken JSON"},
		{"a picture of 9 MB", at, kind, vzPush(sim.VzFaults{Oversize: true}), 413, "picture too large"},
		{"a plate of more than 1 MiB", at, kind, inPlate(`"` + strings.Repeat("A", 1<<20) + `"`), 413, "event text too large"},
		{"padding of more than 1 MiB", at, kind, `{"padding":"` + strings.Repeat("A", 1<<20) + `"}`, 413, "event text too large"},
		{"a list", at, kind, "[" + good + "]", 400, "neither plate nor heartbeat"},
		{"XML", at, "application/xml", xmlBomb, 400, "broken form"},
		{"a plate of 1000 letters", at, kind, inPlate(`"` + strings.Repeat("A", 1000) + `"`), 400, "plate too long"},
		{"nothing", at, kind, "", 400, "neither plate nor heartbeat"},
		{"binary garbage", at, kind, "\x00\xFF\xFE\x16\x03\x01\x80", 400, "neither plate nor heartbeat"},
		{"a broken form with a password in it", at, "application/x-www-form-urlencoded", "pass_wd=" + sim.VzPassword + "&x=%zz", 400, "broken form"},
		{"a heartbeat cut short", at, form, "--b\r\nContent-Disposition: form-data; name=\"pass_wd\"\r\n\r\n" + sim.VzPassword, 400, "neither plate nor heartbeat"},
		{"a form of more than 64 KiB", at, form, strings.Repeat("x", 65<<10), 413, "form too large"},
	}
}

func TestBrokenPushesOfCamerasChangeNothing(t *testing.T) {
	t.Parallel()
	r := startAgent(t, nil)
	good := vzPush(sim.VzFaults{})
	multi, whole := hikPush(sim.HikMultipart, sim.HikFaults{})
	const notFound, refusedLog = "404 page not found", "push refused"
	tests := append(append(hikPushes(), vzPushes()...), []hostilePush{
		{"an unknown device code", "/camera/C9/park", multi, whole, 404, refusedLog},
		{"a device that is no camera", "/camera/G1/park", multi, whole, 404, refusedLog},
		{"no device code", "/camera/", multi, whole, 404, refusedLog},
		{"another source address", "/camera/C4/park", multi, whole, 404, refusedLog},
		{"no token", "/camera/C5/park", "application/json", good, 404, refusedLog},
		{"a wrong token", "/camera/C5/hostile-test-token-2/park", "application/json", good, 404, refusedLog},
		{"a token cut short", "/camera/C5/" + hostileToken[:8] + "/park", "application/json", good, 404, refusedLog},
		{"a token under another code", "/camera/" + hostileToken + "/C5", "application/json", good, 404, refusedLog},
		{"a token at a mistyped path", "/cameras/C5/" + hostileToken + "/park", "application/json", good, 404, refusedLog},
		{"a token after two slashes", "//camera/C5/" + hostileToken + "/park", "application/json", good, 404, refusedLog},
		{"a camera that no lane watches", "/camera/C5/" + hostileToken + "/park", "application/json", good, 503, "nobody watches"},
	}...)
	for _, tt := range tests {
		lines, before := len(r.log.answers()), r.kept()
		status, _, body := r.send(httpCall{path: tt.path, header: http.Header{"Content-Type": {tt.kind}}, body: strings.NewReader(tt.body)})
		want := tt.say
		switch tt.status {
		case http.StatusNotFound:
			want = notFound
		case http.StatusServiceUnavailable:
			want = "not watching"
		}
		if status != tt.status || body != want+"\n" {
			t.Errorf("%s, %s: answered with %d %.100q, want %d %q", tt.path, tt.name, status, body, tt.status, want)
		}
		r.logged(lines, tt.say, tt.path+", "+tt.name)
		r.sameAs(before, tt.path+", "+tt.name)
	}

	cut := []struct {
		name     string
		promised int
		status   int
		say      string
	}{
		{"a push that never ends", len(whole) + 1000, 400, "body cut short"},
		{"a push that says to be of 21 MiB", 21 << 20, 413, "body too large"},
	}
	for _, tt := range cut {
		lines, before := len(r.log.answers()), r.kept()
		status, body := r.sendCut(httpCall{path: "/camera/C1/park", header: http.Header{"Content-Type": {multi}}, body: strings.NewReader(whole)}, tt.promised)
		if status != tt.status || body != tt.say+"\n" {
			t.Errorf("%s: answered with %d %q, want %d %q", tt.name, status, body, tt.status, tt.say)
		}
		r.logged(lines, tt.say, tt.name)
		r.sameAs(before, tt.name)
	}
	lines, before := len(r.log.answers()), r.kept()
	if status, _, body := r.send(httpCall{method: http.MethodGet, path: "/camera/C1/park"}); status != http.StatusMethodNotAllowed || body != "only POST\n" {
		t.Errorf("GET: answered with %d %q, want 405", status, body)
	}
	r.logged(lines, "only POST", "GET")
	r.sameAs(before, "GET")
	r.stillWorks("粤B00002")
}

// TestOddPushesThatCountAsCars are the ones that look broken and must not stop
// anybody.
func TestOddPushesThatCountAsCars(t *testing.T) {
	t.Parallel()
	r := startAgent(t, nil)
	camera := r.site.Camera("C1").(*sim.HikCamera)
	pictures := r.kept().Pictures
	camera.Faults = sim.HikFaults{EmptyPictures: true}
	r.enter("粤B00003")
	if got := r.kept().Pictures; got != pictures {
		t.Errorf("an empty picture was kept: %d pictures, want %d", got, pictures)
	}
	camera.Faults = sim.HikFaults{CutBody: true, OctetStream: true, Prefixed: true}
	r.enter("粤B00004")
	if got := r.kept().Pictures; got != pictures+1 {
		t.Errorf("the picture of a body without its last boundary: %d pictures, want %d", got, pictures+1)
	}

	// A picture that the camera was cut off in, or that is none, is left out.
	var event map[string]any
	if err := json.Unmarshal([]byte(vzPush(sim.VzFaults{NoPictures: true})), &event); err != nil {
		t.Fatal(err)
	}
	event["AlarmInfoPlate"].(map[string]any)["result"].(map[string]any)["PlateResult"].(map[string]any)["imageFile"] = "no base64!"
	body := must(json.Marshal(event))(t)
	status, _, answer := r.send(httpCall{path: "/camera/C3/x", body: strings.NewReader(string(body))})
	if status != http.StatusOK || !strings.Contains(answer, "retransfer_stop") {
		t.Errorf("a car with a broken picture: answered with %d %s, want it taken", status, answer)
	}
	if strings.Contains(answer, `"ok"`) {
		t.Errorf("a car that is not inside was let out: %s", answer)
	}
	camera.Faults = sim.HikFaults{}
	r.stillWorks("粤B00005")
}
