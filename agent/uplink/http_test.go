package uplink_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

func TestRowsBecomeMessages(t *testing.T) {
	stay := store.StayFact{
		Session: "1", Plate: "粤B12345", PlateRead: "粤812345", CardNo: "C9", Color: 4, Size: 2, CarType: 2, Area: 1,
		EnteredMs: store.Millis(entered), EntryLane: "IN1", EntryPlace: "入口1", EntryImage: "in.jpg",
		LeftMs: store.Millis(entered.Add(90 * time.Minute)), ExitLane: "OUT1", ExitPlace: "出口1", ExitImage: "out.jpg",
		Fee: 1500, Credit: 300, Before: 200, AtExit: 500, PayMethod: 4, FreeMoney: 100, FreeMinute: 30, Discount: 400,
	}
	plain := store.StayFact{Plate: "京A1", Color: -1, PayMethod: -1, EnteredMs: stay.EnteredMs, LeftMs: stay.LeftMs}
	bill := store.PaymentFact{
		Payment: "p", Order: "O1", Session: "1", Plate: "粤B12345", CardNo: "C9", CarType: 2, EnteredMs: stay.EnteredMs,
		PaidMs: store.Millis(entered.Add(time.Hour)), Total: 1500, Amount: 500, Discount: 400, FreeMoney: 100, FreeMinutes: 30, Tickets: 2,
		PayType: 4, PayMethod: 5,
	}
	free := bill
	free.Amount, free.PayMethod = 0, 4
	orphan, rounding := bill, bill
	orphan.Kind, rounding.Kind = int(store.PaymentOrphan), int(store.PaymentRounding)
	park := store.ParkFact{Name: "测试车场", Places: 150, Areas: []store.ParkArea{{Code: 1, Name: "A地面", Places: 100}, {Code: 2, Name: "地库", Type: 1, Places: 50}}}
	gate := store.DeviceFact{Code: "G1", IP: "172.19.8.242", Name: "入口1", Type: 4, Status: "3", Remark: "离线"}

	db := open(t)
	appendRows(t, db,
		row{store.KindPark, "", park}, row{store.KindAreas, "", park}, row{store.KindDevice, "G1", gate}, row{store.KindDeviceState, "G1", gate},
		row{store.KindEntry, "粤B12345", stay}, row{store.KindEntry, "京A1", plain}, row{store.KindEntry, "", store.StayFact{EnteredMs: stay.EnteredMs}},
		row{store.KindOrder, "粤B12345", store.OrderFact{}}, row{store.KindPayment, "粤B12345", bill}, row{store.KindPayment, "粤B12345", free},
		row{store.KindPayment, "粤B12345", orphan}, row{store.KindPayment, "粤B12345", rounding},
		row{store.KindExit, "粤B12345", stay}, row{store.KindExit, "京A1", plain},
		row{store.KindAbnormal, "京A2", plain}, row{store.KindCommand, "G1", store.CommandFact{}}, row{store.KindRecognition, "京A3", store.RecognitionFact{}},
		row{store.KindSpaces, "", store.SpacesFact{Free: 60, Total: 150, Areas: []store.AreaSpace{{Code: 1, Name: "A地面", Free: 10, Total: 100}}}},
	)
	type fields = map[string]any
	payments := func(paid, method, kind float64) fields {
		return fields{
			"parkCode": "7", "plateNo": "粤B12345", "cardNo": "C9", "carType": 2.0, "entryTime": "2026/03/02 08:20:19", "leaveTime": "2026/03/02 09:20:19",
			"totalMoney": 1500.0, "payMoney": paid, "freeMoney": 400.0, "selfTotal": 0.0, "selfPay": 0.0, "ticketMoney": 100.0, "ticketTime": 1800.0, "ticketNum": 2.0,
			"terminalType": 15.0, "payType": method, "payTime": "2026/03/02 09:20:19", "paidType": kind, "remark": "O1",
		}
	}
	want := []message{
		{"PostParkingInfo", fields{"parkCode": "7", "parkName": "测试车场", "parkArea": 2.0, "placeCount": 150.0}},
		{"PostAreaInfo", fields{"parkCode": "7", "parkName": "测试车场", "parkArea": "2", "totalPlaceCount": 150.0, "areaInfo": []any{
			fields{"areaCode": "1", "areaName": "A地面", "areaType": "0", "placeCount": "100"},
			fields{"areaCode": "2", "areaName": "地库", "areaType": "1", "placeCount": "50"},
		}}},
		{"PostParkingDevice", fields{"parkCode": "7", "deviceCode": "G1", "deviceIp": "172.19.8.242", "deviceName": "入口1", "deviceType": "4"}},
		{"PostDeviceState", fields{"parkCode": "7", "deviceCode": "G1", "deviceName": "入口1", "deviceType": "4", "status": 3.0, "remark": "离线"}},
		{"PostCarInInfo", fields{
			"parkCode": "7", "plateNo": "粤B12345", "cardNo": "C9", "entryTime": "2026/03/02 08:20:19", "entryPlace": "入口1",
			"imgName": "http://box/in.jpg", "vplType": "2", "vplColor": "4",
		}},
		{"PostCarInInfo", fields{
			"parkCode": "7", "plateNo": "京A1", "cardNo": "", "entryTime": "2026/03/02 08:20:19", "entryPlace": "", "imgName": "", "vplType": "", "vplColor": "",
		}},
		{"PostCarInInfo", fields{
			"parkCode": "7", "plateNo": "无牌车", "cardNo": "", "entryTime": "2026/03/02 08:20:19", "entryPlace": "", "imgName": "", "vplType": "", "vplColor": "0",
		}},
		{"PostCarBillDetail", payments(500, 112, 0)},
		{"PostCarBillDetail", payments(0, 111, 1)},
		{"PostPayDetail", fields{
			"parkCode": "7", "plateNo": "粤B12345", "cardNo": "C9", "entryTime": "2026/03/02 08:20:19", "leaveTime": "2026/03/02 09:50:19",
			"preMoney": 200.0, "payMoney": 500.0, "payType": 6.0, "ticketMoney": 100.0, "ticketTime": 1800.0, "freeMoney": 400.0,
			"carType": 2.0, "leavePlace": "出口1", "imgName": "http://box/out.jpg",
		}},
		{"PostPayDetail", fields{
			"parkCode": "7", "plateNo": "京A1", "cardNo": "", "entryTime": "2026/03/02 08:20:19", "leaveTime": "2026/03/02 09:50:19",
			"preMoney": 0.0, "payMoney": 0.0, "payType": 0.0, "ticketMoney": 0.0, "ticketTime": 0.0, "freeMoney": 0.0, "carType": 0.0, "leavePlace": "", "imgName": "",
		}},
		{"PostFreeParkingSpace", fields{"parkCode": "7", "freeSpaceNum": "60", "totalSpaceNum": "150", "areaInfo": []any{
			fields{"areaCode": 1.0, "areaName": "A地面", "areaFreeSpaceNum": 10.0},
		}}},
	}

	site := listen(t, nil)
	cfg := config(db, site.client)
	cfg.ImageURL = func(path string) string { return "http://box/" + path }
	u, _ := start(t, cfg)
	settled(t, u, 18)
	if diff := cmp.Diff(want, site.got()); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestPicturesGoAsConfigured(t *testing.T) {
	load := func(path string) ([]byte, error) {
		if path != "there.jpg" {
			return nil, os.ErrNotExist
		}
		return []byte("picture"), nil
	}
	for _, tt := range []struct {
		name, path, want string
		change           func(*uplink.Config)
	}{
		{"a link", "there.jpg", "http://box/there.jpg", func(c *uplink.Config) { c.ImageURL = func(p string) string { return "http://box/" + p } }},
		{"no public address", "there.jpg", "", func(*uplink.Config) {}},
		{"base64", "there.jpg", "cGljdHVyZQ==", func(c *uplink.Config) { c.Images, c.ImageData = uplink.ImagesBase64, load }},
		{"base64 of a picture that was cleared away", "gone.jpg", "", func(c *uplink.Config) { c.Images, c.ImageData = uplink.ImagesBase64, load }},
		{"none", "there.jpg", "", func(c *uplink.Config) {
			c.Images, c.ImageURL = uplink.ImagesNone, func(string) string { return "http://box/" }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := open(t)
			appendRows(t, db, row{store.KindEntry, "京A1", store.StayFact{Plate: "京A1", EnteredMs: 1, EntryImage: tt.path}})
			site := listen(t, nil)
			cfg := config(db, site.client)
			tt.change(&cfg)
			u, _ := start(t, cfg)
			settled(t, u, 1)
			if got := site.got()[0].JSON["imgName"]; got != tt.want {
				t.Errorf("imgName = %v, want %q", got, tt.want)
			}
		})
	}
}

func TestOutageIsTwoLogLinesAndLosesNothing(t *testing.T) {
	db := open(t)
	appendRows(t, db, entry("京A1"), entry("京A2"), exit("京A1"))
	var requests int
	site := listen(t, func(w http.ResponseWriter, _ string) bool {
		switch requests++; {
		case requests == 1: // the first report gets through
			return false
		case requests <= 4:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		case requests <= 6:
			_, _ = io.WriteString(w, "<html>maintenance</html>")
			return true
		case requests <= 8:
			panic(http.ErrAbortHandler) // cuts the connection
		}
		return false
	})
	book := &logbook{}
	cfg := config(db, site.client)
	cfg.Log = book.logger()
	u, _ := start(t, cfg)
	settled(t, u, 3)

	var got []string
	for _, m := range site.got() {
		got = append(got, strings.TrimPrefix(m.Name, "Post")+" "+m.JSON["plateNo"].(string))
	}
	want := append([]string{"CarInInfo 京A1"}, slices.Repeat([]string{"CarInInfo 京A2"}, 8)...)
	if diff := cmp.Diff(append(want, "PayDetail 京A1"), got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	said := []string{"WARN reports wait", "WARN reports wait", "WARN reports wait", "INFO reports go again tries=7"}
	if diff := cmp.Diff(said, book.said()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if s := u.Status(); !s.Connected || s.Error != "" || s.LastSuccess.IsZero() {
		t.Errorf("Status = %+v, want connected", s)
	}
}

func TestStatusTellsOfAPlatformThatIsAway(t *testing.T) {
	db := open(t)
	appendRows(t, db, entry("京A1"), entry("京A2"))
	site := listen(t, func(w http.ResponseWriter, _ string) bool { w.WriteHeader(http.StatusBadGateway); return true })
	cfg := config(db, site.client)
	cfg.BackoffMin, cfg.BackoffMax = time.Hour, time.Hour // a row that was tried often is passed by
	u, _ := start(t, cfg)
	until(t, u, "outage", func(s uplink.Status) bool { return s.Error != "" && s.Head == 2 })
	got := u.Status()
	if got.Connected || !strings.Contains(got.Error, "502") || got.Cursor != 0 || got.Platform != "mall" || !got.LastSuccess.IsZero() {
		t.Errorf("Status = %+v", got)
	}
}

func TestRestartGoesOnWhereItWas(t *testing.T) {
	db := open(t)
	appendRows(t, db, entry("京A1"), entry("京A2"), exit("京A1"), exit("京A2"))
	third, release := make(chan struct{}), make(chan struct{})
	var requests int
	site := listen(t, func(http.ResponseWriter, string) bool {
		if requests++; requests == 3 {
			close(third)
			<-release
		}
		return false
	})
	_, stop := start(t, config(db, site.client))
	<-third
	stop() // while the third request has no answer
	close(release)
	if cursor, err := db.Cursor(t.Context(), "mall"); cursor != 2 || err != nil {
		t.Errorf("Cursor after the stop = %d, %v, want 2", cursor, err)
	}

	u, _ := start(t, config(db, site.client))
	settled(t, u, 4)
	var got []string
	for _, m := range site.got() {
		got = append(got, strings.TrimPrefix(m.Name, "Post")+" "+m.JSON["plateNo"].(string))
	}
	want := []string{"CarInInfo 京A1", "CarInInfo 京A2", "PayDetail 京A1", "PayDetail 京A1", "PayDetail 京A2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// The store is gone between the answer and its being noted, as after a kill.
func TestReportThatWasNotNotedIsSentAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.db")
	db := openAt(t, path)
	appendRows(t, db, entry("京A1"), entry("京A2"))
	gone := sync.OnceFunc(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	site := listen(t, func(http.ResponseWriter, string) bool { gone(); return false })
	u, stop := start(t, config(db, site.client))
	until(t, u, "trouble", func(s uplink.Status) bool { return s.Error != "" })
	stop()
	before := site.got()
	if len(before) == 0 || before[0].JSON["plateNo"] != "京A1" {
		t.Fatalf("requests before the kill = %v, want 京A1 first", before)
	}

	db = openAt(t, path)
	if _, err := db.Cursor(t.Context(), "mall"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Cursor = %v, want ErrNotFound", err)
	}
	site.handle = nil
	u, _ = start(t, config(db, site.client))
	settled(t, u, 2)
	var got []string
	for _, m := range site.got()[len(before):] {
		got = append(got, m.JSON["plateNo"].(string))
	}
	if diff := cmp.Diff([]string{"京A1", "京A2"}, got); diff != "" {
		t.Errorf("requests after it (-want +got):\n%s", diff)
	}
}

func TestSeamlessAnswerMarksTheOpenSession(t *testing.T) {
	session := func(plate string, state store.SessionState) store.Session {
		return store.Session{ID: "s" + plate, Plate: plate, State: state, EnteredAt: entered}
	}
	db := open(t)
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		return errors.Join(
			tx.InsertSession(t.Context(), session("京A1", store.Inside)),
			tx.InsertSession(t.Context(), session("京A2", store.Inside)),
			tx.InsertSession(t.Context(), session("京A3", store.Left)))
	})
	if err != nil {
		t.Fatal(err)
	}
	appendRows(t, db, entry("京A1"), entry("京A2"), entry("京A3"), entry("京A4"))
	site := listen(t, func(w http.ResponseWriter, line string) bool {
		answer := `{"resCode":0,"data":[{"IsDensityPay":"1"}]}` // a number in quotes, as real platforms do
		if strings.HasSuffix(line, "京A2") {
			answer = `{"resCode":0,"data":{"IsDensityPay":0}}`
		}
		_, _ = io.WriteString(w, answer)
		return true
	})
	told := make(chan string, 9)
	cfg := config(db, site.client)
	cfg.Promised = func(session string) { told <- session }
	u, _ := start(t, cfg)
	settled(t, u, 5) // with the row about the mark
	if first := <-told; first != "s京A1" || len(told) != 0 {
		t.Errorf("told of %s and %d more, want of the car alone that is inside", first, len(told))
	}
	for plate, want := range map[string]bool{"京A1": true, "京A2": false, "京A3": false} {
		if s, err := db.Session(t.Context(), "s"+plate); err != nil || s.Seamless != want || (s.SeamlessBy == "mall") != want {
			t.Errorf("%s: Seamless = %v by %q, %v, want %v", plate, s.Seamless, s.SeamlessBy, err, want)
		}
	}
	e, err := db.LastOf(t.Context(), store.KindSeamless, "京A1")
	if err != nil || string(e.Body) != `{"session":"s京A1","by":"mall"}` {
		t.Errorf("row about the mark = %s, %v", e.Body, err)
	}
}

func TestNewChecksItsConfiguration(t *testing.T) {
	db := open(t)
	good := config(db, &protocol.Client{})
	for name, change := range map[string]func(*uplink.Config){
		"no name": func(c *uplink.Config) { c.Name = "" }, "no client": func(c *uplink.Config) { c.Client = nil },
		"no store": func(c *uplink.Config) { c.DB = nil }, "no zone": func(c *uplink.Config) { c.Location = nil },
		"no park code": func(c *uplink.Config) { c.ParkCode = "" }, "an unknown report": func(c *uplink.Config) { c.Reports = []string{"PostNothing"} },
		"unknown images": func(c *uplink.Config) { c.Images = "jpg" }, "less than no messages a second": func(c *uplink.Config) { c.MaxPerSecond = -1 },
		"base64 without a loader": func(c *uplink.Config) { c.Images = uplink.ImagesBase64 },
	} {
		cfg := good
		change(&cfg)
		if _, err := uplink.New(cfg); err == nil {
			t.Errorf("New with %s succeeded", name)
		}
	}
	if _, err := uplink.New(good); err != nil {
		t.Errorf("New = %v", err)
	}
}
