package anpr

import (
	"net/textproto"
	"strings"
	"testing"

	"parkagent/drivers/camera"
)

func TestAnEventWaitsForThePicturesThatItAnnounces(t *testing.T) {
	announcing := func(more string) string { return strings.Replace(minimal, "</UUID>", "</UUID>"+more, 1) }
	other := strings.NewReplacer("粤B12345", "粤B99999", "7c4a8d09", "u-2").Replace(minimal)
	const beat = "<EventNotificationAlert><eventType>videoloss</eventType><eventState>inactive</eventState></EventNotificationAlert>"
	const json = `{"eventType":"AccessControllerEvent"}`
	pic := string(jpeg)
	tests := []struct {
		name  string
		parts []string
		want  []string // what goes out with each part: plates, and a + for each picture
		rest  string   // what waits still
	}{
		{"none announced", []string{announcing("<picNum>0</picNum>")}, []string{"粤B12345"}, ""},
		{"two announced", []string{announcing("<picNum>2</picNum>"), pic, pic}, []string{"", "", "粤B12345++"}, ""},
		{"two announced, one comes", []string{announcing("<picNum>2</picNum>"), pic}, []string{"", ""}, "粤B12345+"},
		{"it does not say how many", []string{minimal, pic, pic, beat}, []string{"", "", "", "粤B12345++"}, ""},
		{"it comes again with them", []string{announcing("<hasMoreData>true</hasMoreData><picNum>2</picNum>"), pic}, []string{"粤B12345", ""}, ""},
		{"another car comes", []string{announcing("<picNum>2</picNum>"), other, pic}, []string{"", "粤B12345", ""}, "粤B99999+"},
		{"JSON of something else comes between", []string{announcing("<picNum>1</picNum>"), json, pic}, []string{"", "", "粤B12345+"}, ""},
		{"an event that cannot be read comes between", []string{announcing("<picNum>1</picNum>"), "<broken"}, []string{"", "粤B12345"}, ""},
		{"a picture of nothing", []string{pic, beat, pic}, []string{"", "", ""}, ""},
		{"a line break before the picture", []string{announcing("<picNum>1</picNum>"), "\r\n" + pic}, []string{"", "粤B12345+"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var a Assembly
			told := func(pushes ...*Push) string {
				var text string
				for _, p := range pushes {
					if p != nil {
						rec := p.Recognition(shanghai)
						text += rec.Plate + strings.Repeat("+", len(rec.Pictures))
					}
				}
				return text
			}
			for i, body := range tt.parts {
				before, now, err := a.Add(camera.Part{Header: textproto.MIMEHeader{}, Body: []byte(body)})
				if (err != nil) != (body == "<broken") {
					t.Errorf("part %d: %v", i, err)
				}
				if got := told(before, now); got != tt.want[i] {
					t.Errorf("with part %d goes out %q, want %q", i, got, tt.want[i])
				}
			}
			if got := told(a.Flush()); got != tt.rest {
				t.Errorf("%q waits still, want %q", got, tt.rest)
			}
		})
	}
}
