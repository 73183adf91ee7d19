package uplink_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/uplink"
	"parkagent/protocol"
	"parkagent/store"
)

// everything is what a platform can be asked.
var everything = []string{"PostCarOutInfo", "GetPayQRCode", "PayScanCode", "AutonomousCalfee"}

// authCode is a driver's payment code.
const authCode = "134912345678901234"

// leaving is when the questions of these tests are asked.
var leaving = entered.Add(90*time.Minute + 20*time.Second)

func stay() store.Session {
	return store.Session{
		ID: "s1", Plate: "粤B12345", EnteredAt: entered, EntryPlace: "入口1", ExitPlace: "出口1", ExitImage: "out.jpg", State: store.Inside,
	}
}

func order() store.Order { return store.Order{No: "260302095039123", Session: "s1", Payable: 300} }

// asked is a platform of that name behind a client that may be asked everything.
func asked(name string, client uplink.Poster) uplink.Asked {
	return uplink.Asked{Name: name, Client: client, Questions: everything, ParkCode: "7"}
}

func questions(t testing.TB, platforms ...uplink.Asked) *uplink.Questions {
	t.Helper()
	return questionsOf(t, uplink.QuestionsConfig{Platforms: platforms})
}

func questionsOf(t testing.TB, cfg uplink.QuestionsConfig) *uplink.Questions {
	t.Helper()
	cfg.Location = shanghai
	q, err := uplink.NewQuestions(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// answers is a platform behind HTTP that answers every question alike.
func answers(t testing.TB, body string) *site {
	return listen(t, func(w http.ResponseWriter, _ string) bool { _, _ = io.WriteString(w, body); return true })
}

// A deed is a question with its result as text.
type deed struct {
	name string
	ask  func(ctx context.Context, q *uplink.Questions) (string, error)
}

func text(v any, err error) (string, error) {
	b, _ := json.Marshal(v) // of plain structs and numbers
	return string(b), err
}

// deeds are the four questions, asked of "mall" or of whoever is first.
func deeds() []deed {
	return []deed{
		{"AutonomousCalfee", func(ctx context.Context, q *uplink.Questions) (string, error) {
			due, by, err := q.Price(ctx, stay(), "出口1", leaving)
			return text(struct {
				Due int64
				By  string
			}{due, by}, err)
		}},
		{"PostCarOutInfo", func(ctx context.Context, q *uplink.Questions) (string, error) {
			return text(q.Deduct(ctx, "mall", stay(), 200, leaving))
		}},
		{"GetPayQRCode", func(ctx context.Context, q *uplink.Questions) (string, error) {
			return text(q.Code(ctx, order(), stay(), "K1", leaving))
		}},
		{"PayScanCode", func(ctx context.Context, q *uplink.Questions) (string, error) {
			return text(q.PayScanned(ctx, order(), stay(), "K1", authCode, leaving))
		}},
	}
}

// ended tells which of the ends of a question an error is.
func ended(err error) string {
	refused := new(protocol.RefusedError)
	switch {
	case err == nil:
		return "answered"
	case errors.As(err, &refused):
		return "refused"
	case errors.Is(err, uplink.ErrNotSent):
		return "not sent"
	case errors.Is(err, uplink.ErrNobody):
		return "nobody"
	}
	return "unknown"
}

// The messages have the fields of the document's examples, and both names where
// tables and examples differ.
func TestQuestionsAreAskedAsTheDocumentSays(t *testing.T) {
	want := map[string]string{
		"AutonomousCalfee": `{"parkCode":"7","plateNo":"粤B12345","cardNo":"","entryTime":"2026/03/02 08:20:19","entryPlace":"入口1",
			"leaveTime":"2026/03/02 09:50:39","leavePlace":"出口1"}`,
		"PostCarOutInfo": `{"parkCode":"7","plateNo":"粤B12345","cardNo":"","entryTime":"2026/03/02 08:20:19","leaveTime":"2026/03/02 09:50:39",
			"totalMoney":200,"leavePlace":"出口1","imgName":"http://box/out.jpg"}`,
		"GetPayQRCode": `{"parkCode":"7","orderNo":"260302095039123","deviceCode":"K1","deviceId":"K1","plateNum":"%E7%B2%A4B12345","cardNo":"",
			"inTime":"2026-03-02 08:20:19","elapsedTime":"90","amount":"300","outTime":"2026-03-02 09:50:39"}`,
		"PayScanCode": `{"parkCode":"7","orderNo":"260302095039123","deviceId":"K1","deviceCode":"K1","carNo":"%E7%B2%A4B12345",
			"inTime":"2026-03-02 08:20:19","elapsedTime":"90","amount":"300","authCode":"134912345678901234","outTime":"2026-03-02 09:50:39"}`,
	}
	answer := map[string]string{
		"AutonomousCalfee": `{"resCode":0,"resMsg":"","data":[{"payMoney":100}]}`,
		"PostCarOutInfo":   `{"resCode":0,"resMsg":"","data":[{"deductMoney":200}]}`,
		"GetPayQRCode":     `{"resCode":0,"resMsg":"","data":[{"qrcode":"https://p.example/1","orderNo":"P1","payType":6}]}`,
		"PayScanCode":      `{"resCode":0,"resMsg":"","data":[{"orderNo":"P2","payType":7}]}`,
	}
	result := map[string]string{
		"AutonomousCalfee": `{"Due":100,"By":"mall"}`,
		"PostCarOutInfo":   `200`,
		"GetPayQRCode":     `{"Content":"https://p.example/1","Platform":"mall","PlatformOrder":"P1","PayType":6}`,
		"PayScanCode":      `{"Platform":"mall","PlatformOrder":"P2","PayType":7}`,
	}
	for _, d := range deeds() {
		t.Run(d.name, func(t *testing.T) {
			site := answers(t, answer[d.name])
			q := questionsOf(t, uplink.QuestionsConfig{
				Platforms: []uplink.Asked{asked("mall", site.client)}, ImageURL: func(path string) string { return "http://box/" + path },
			})
			got, err := d.ask(t.Context(), q)
			if err != nil || got != result[d.name] {
				t.Errorf("answer = %s, %v, want %s", got, err, result[d.name])
			}
			message := message{Name: d.name}
			if err := json.Unmarshal([]byte(want[d.name]), &message.JSON); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(message, site.got()[0]); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQuestionsAboutACarWithoutAPlate(t *testing.T) {
	site := answers(t, `{"resCode":0,"data":[{"qrcode":"x","payMoney":1,"deductMoney":1}]}`)
	q := questions(t, asked("mall", site.client))
	s := stay()
	s.Plate, s.CardNo = "空000123", "C 9"
	if _, err := q.Code(t.Context(), order(), s, "K1", entered.Add(-time.Minute)); err != nil {
		t.Error(err)
	}
	s.Plate = ""
	if _, _, err := q.Price(t.Context(), s, "", leaving); err != nil {
		t.Error(err)
	}
	code, price := site.got()[0].JSON, site.got()[1].JSON
	if code["plateNum"] != "%E7%A9%BA000123" || code["cardNo"] != "C 9" || code["elapsedTime"] != "0" {
		t.Errorf("4.1 = %v", code)
	}
	if price["plateNo"] != "无牌车" || price["cardNo"] != "C 9" || price["leavePlace"] != "" {
		t.Errorf("5.3 = %v", price)
	}
}

func TestNobodyIsAsked(t *testing.T) {
	site := answers(t, `{"resCode":0,"data":[{"payMoney":1,"deductMoney":1,"qrcode":"x"}]}`)
	silent := asked("mall", site.client)
	silent.Questions = nil
	for _, q := range []*uplink.Questions{questions(t), questions(t, silent)} {
		for _, d := range deeds() {
			if _, err := d.ask(t.Context(), q); !errors.Is(err, uplink.ErrNobody) {
				t.Errorf("%s = %v, want ErrNobody", d.name, err)
			}
		}
		if platform, ok := q.Deductor(store.Session{Seamless: true}); ok {
			t.Errorf("Deductor = %q, want nobody", platform)
		}
	}
	other := questions(t, asked("city", site.client))
	if _, err := other.Deduct(t.Context(), "mall", stay(), 200, leaving); !errors.Is(err, uplink.ErrNobody) {
		t.Errorf("Deduct by a platform that is not there = %v, want ErrNobody", err)
	}
	if n := len(site.got()); n != 0 {
		t.Errorf("%d questions were asked", n)
	}
}

func TestDeductorIsWhoPromised(t *testing.T) {
	poster := &platform{}
	first, second, third := asked("first", poster), asked("second", poster), asked("third", poster)
	first.Questions = []string{"GetPayQRCode"}
	second.Questions = []string{"postcaroutinfo"}
	q := questions(t, first, second, third)
	for _, tt := range []struct {
		name string
		s    store.Session
		want string
	}{
		{"nobody promised", store.Session{SeamlessBy: "third"}, ""},
		{"the platform that promised", store.Session{Seamless: true, SeamlessBy: "third"}, "third"},
		{"a platform that is not asked promised", store.Session{Seamless: true, SeamlessBy: "first"}, "second"},
		{"a client said so", store.Session{Seamless: true, SeamlessBy: "app"}, "second"},
		{"a promise from before it was noted whose", store.Session{Seamless: true}, "second"},
	} {
		if got, ok := q.Deductor(tt.s); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: Deductor = %q, %v, want %q", tt.name, got, ok, tt.want)
		}
	}
}

func TestLinksAreOfTheFirstPlatformThatHasAPage(t *testing.T) {
	poster := &platform{}
	first, second := asked("first", poster), asked("second", poster)
	if q := questions(t, first); q.TicketLink() != "" || q.ChangeLink("O1C") != "" {
		t.Errorf("links without a page: %q, %q", q.TicketLink(), q.ChangeLink("O1C"))
	}
	first.TicketURL = "https://a.example/t?x=1"
	second.ParkCode, second.TicketURL, second.ChangeURL = "停8", "https://b.example/t", "https://b.example/c"
	q := questions(t, first, second)
	if got, want := q.TicketLink(), "https://a.example/t?x=1&parkCode=7"; got != want {
		t.Errorf("TicketLink = %s, want %s", got, want)
	}
	if got, want := q.ChangeLink("O 1C"), "https://b.example/c?parkCode=%E5%81%9C8&orderNo=O%201C"; got != want {
		t.Errorf("ChangeLink = %s, want %s", got, want)
	}
}

func TestQuestionsMayBeAskedAllAtOnce(t *testing.T) {
	site := listen(t, func(w http.ResponseWriter, line string) bool {
		_, _ = io.WriteString(w, `{"resCode":0,"data":[{"payMoney":1,"deductMoney":1,"qrcode":"x"}]}`)
		return true
	})
	q := questions(t, asked("mall", site.client))
	var calls sync.WaitGroup
	for range 8 {
		for _, d := range deeds() {
			calls.Go(func() {
				if _, err := d.ask(t.Context(), q); err != nil {
					t.Errorf("%s: %v", d.name, err)
				}
			})
		}
	}
	calls.Wait()
	if n := len(site.got()); n != 32 {
		t.Errorf("%d questions arrived, want 32", n)
	}
}

func TestNewQuestionsChecksItsConfiguration(t *testing.T) {
	good := asked("mall", &platform{})
	for name, change := range map[string]func(*uplink.Asked){
		"no name": func(p *uplink.Asked) { p.Name = "" }, "no client": func(p *uplink.Asked) { p.Client = nil },
		"no park code": func(p *uplink.Asked) { p.ParkCode = "" }, "an unknown question": func(p *uplink.Asked) { p.Questions = []string{"Who"} },
		"a report": func(p *uplink.Asked) { p.Questions = []string{"PostCarInInfo"} }, "unknown images": func(p *uplink.Asked) { p.Images = "jpg" },
		"base64 without a loader": func(p *uplink.Asked) { p.Images = uplink.ImagesBase64 },
	} {
		p := good
		change(&p)
		if _, err := uplink.NewQuestions(uplink.QuestionsConfig{Platforms: []uplink.Asked{p}, Location: shanghai}); err == nil {
			t.Errorf("NewQuestions with %s succeeded", name)
		}
	}
	if _, err := uplink.NewQuestions(uplink.QuestionsConfig{Platforms: []uplink.Asked{good, good}, Location: shanghai}); err == nil {
		t.Error("NewQuestions with a platform twice succeeded")
	}
	if _, err := uplink.NewQuestions(uplink.QuestionsConfig{}); err == nil {
		t.Error("NewQuestions without a zone succeeded")
	}
}

func TestPictureOfTheExitGoesAsConfigured(t *testing.T) {
	site := answers(t, `{"resCode":0,"data":[{"deductMoney":1}]}`)
	p := asked("mall", site.client)
	p.Images = uplink.ImagesBase64
	q := questionsOf(t, uplink.QuestionsConfig{
		Platforms: []uplink.Asked{p}, ImageData: func(string) ([]byte, error) { return []byte("picture"), nil },
	})
	if _, err := q.Deduct(t.Context(), "mall", stay(), 1, leaving); err != nil {
		t.Fatal(err)
	}
	if got := site.got()[0].JSON["imgName"]; got != "cGljdHVyZQ==" {
		t.Errorf("imgName = %v", got)
	}
}

func TestAQuestionEndsWithItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			name           string
			own, ctx, want time.Duration
		}{
			{"the usual one", 0, time.Hour, 3 * time.Second},
			{"the platform's", 700 * time.Millisecond, time.Hour, 700 * time.Millisecond},
			{"the caller's", 0, time.Second, time.Second},
		} {
			for _, d := range deeds() {
				p := asked("mall", silent{})
				p.Timeout = tt.own
				ctx, cancel := context.WithTimeout(t.Context(), tt.ctx)
				began := time.Now()
				_, err := d.ask(ctx, questions(t, p))
				if took := time.Since(began); took != tt.want || ended(err) != "unknown" {
					t.Errorf("%s, %s: %v after %v, want unknown after %v", d.name, tt.name, err, took, tt.want)
				}
				cancel()
			}
		}
	})
}

// silent is a platform that has the question and never answers.
type silent struct{}

func (silent) Post(ctx context.Context, _ string, _ any) (protocol.Reply, error) {
	<-ctx.Done()
	return protocol.Reply{}, &protocol.NoAnswerError{Err: ctx.Err()}
}
