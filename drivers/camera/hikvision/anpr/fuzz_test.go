package anpr

import (
	"net/textproto"
	"testing"

	"parkagent/drivers/camera"
)

func FuzzPlates(f *testing.F) {
	f.Add([]byte("<Plates><Plate><captureTime>20200424T1616270000</captureTime><plateNumber/><picName/><country>GBR</country><laneNo>1</laneNo><direction>forward</direction></Plate></Plates>"))
	f.Add([]byte("<Plates><Plate><captureTime>20250415T000000-500</captureTime><plateNumber>粤B12345</plateNumber></Plate></Plates>"))
	f.Fuzz(func(t *testing.T, text []byte) {
		records, err := ReadPlates(text, shanghai)
		if err != nil && records != nil {
			t.Fatal("both plates and an error")
		}
		for _, r := range records {
			rec := r.Push.Recognition(shanghai)
			if !rec.At.Equal(r.At) {
				t.Fatalf("a plate of %v is recognised at %v", r.At, rec.At)
			}
		}
	})
}

// FuzzAssembly holds what comes out of a stream to what went in, whatever the
// parts are.
func FuzzAssembly(f *testing.F) {
	f.Add([]byte(minimal), jpeg, []byte("<EventNotificationAlert><eventType>videoloss</eventType></EventNotificationAlert>"))
	f.Add([]byte(minimal), []byte(minimal), jpeg)
	f.Fuzz(func(t *testing.T, one, two, three []byte) {
		var a Assembly
		events, pictures := 0, 0
		count := func(p *Push) {
			if p != nil {
				events++
				pictures += len(p.pictures())
			}
		}
		for _, body := range [][]byte{one, two, three} {
			before, now, _ := a.Add(camera.Part{Header: textproto.MIMEHeader{}, Body: body})
			count(before)
			count(now)
		}
		count(a.Flush())
		if events+pictures > 3 {
			t.Fatalf("%d events and %d pictures out of 3 parts", events, pictures)
		}
		if a.Flush() != nil {
			t.Fatal("an event was flushed twice")
		}
	})
}
