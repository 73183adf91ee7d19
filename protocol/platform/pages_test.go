package platform

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parkagent/protocol"
)

const (
	owedChange  = `{"resCode":0,"data":[{"orderNo":"o1C","plateNo":"京A12345","payMoney":1100,"paidAmount":1500,"ifCharge":0}]}`
	givenChange = `{"resCode":0,"data":[{"orderNo":"o1C","plateNo":"京A12345","payMoney":1100,"paidAmount":1500,"ifCharge":1}]}`
	noticed     = `{"resCode":0,"data":[{"orderNo":"o1C"}]}`
	oneBill     = `{"resCode":0,"data":[{"orderNo":"o1","plateNo":"京A12345","entryTime":"2019-02-25 08:00:00","payable":300,"delayTime":15}]}`
)

// visit opens a page, or presses its button if there is a form, as a browser does.
func visit(t *testing.T, link string, form url.Values) (status int, body string) {
	t.Helper()
	method, content := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, content = http.MethodPost, strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(t.Context(), method, link, content)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Language", "en-US,en;q=0.9")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// mustShow visits a page that is to contain something.
func mustShow(t *testing.T, link string, form url.Values, status int, words ...string) {
	t.Helper()
	got, body := visit(t, link, form)
	if got != status {
		t.Errorf("status %d, want %d", got, status)
	}
	for _, w := range words {
		if !strings.Contains(body, w) {
			t.Errorf("the page lacks %q:\n%s", w, body)
		}
	}
}

func TestChangeIsGivenOnceOnItsPage(t *testing.T) {
	config := testConfig()
	park, l := startLot(t, map[string]string{"GetPayChargeInfo": owedChange})
	config.CarPark = park
	p, c := start(t, config)
	link := protocol.ChangeLink(c.URL, "1", "o1C")
	asked := ask{"/api/ParkingPay/GetPayChargeInfo", `{"parkCode":"1","orderNo":"o1C"}`}
	notice := ask{"/api/ParkingPay/PayChargeNotice", `{"parkCode":"1","orderNo":"o1C","UserAccount":"zhang","chargeType":"1"}`}
	press := url.Values{"chargeType": {"1"}, "userAccount": {"zhang"}}

	mustShow(t, link, nil, http.StatusOK, "京A12345", "11.00", "15.00", "4.00", "<button>Get it</button>")
	mustTotal(t, p, Totals{})
	// The notice gets no answer: the driver has the money, the car park hears of it again.
	mustShow(t, link, press, http.StatusBadGateway, "try again")
	mustTotal(t, p, Totals{Changes: 1, Given: 400})
	l.answer("PayChargeNotice", noticed)
	mustShow(t, link, press, http.StatusOK, "has been given")
	mustBeAsked(t, l, asked, asked, notice, asked, notice)
	l.answer("GetPayChargeInfo", givenChange)
	mustShow(t, link, press, http.StatusOK, "has been given")
	mustBeAsked(t, l, asked)
	mustTotal(t, p, Totals{Changes: 1, Given: 400})
}

func TestChangeThatIsNotTheirsToGive(t *testing.T) {
	config := testConfig()
	park, l := startLot(t, map[string]string{"GetPayChargeInfo": givenChange, "PayChargeNotice": noticed})
	config.CarPark = park
	p, c := start(t, config)
	link := protocol.ChangeLink(c.URL, "1", "o1C")
	mustShow(t, link, url.Values{}, http.StatusOK, "has been given")
	l.answer("GetPayChargeInfo", `{"resCode":1,"resMsg":"订单不存在 <b>","data":null}`)
	mustShow(t, link, url.Values{}, http.StatusOK, "订单不存在 &lt;b&gt;")
	l.answer("GetPayChargeInfo", `{"resCode":0,"data":[{"orderNo":"o1C","payMoney":1500,"paidAmount":1500}]}`)
	mustShow(t, link, url.Values{}, http.StatusBadGateway)
	mustShow(t, protocol.ChangeLink(c.URL, "2", "o1C"), url.Values{}, http.StatusNotFound, "no such car park")
	mustTotal(t, p, Totals{})
}

func TestATicketsPageFindsAndPays(t *testing.T) {
	config := testConfig()
	park, l := startLot(t, map[string]string{"GetParkingPaymentInfo": oneBill, "PayParkingFee": paidOK})
	config.CarPark = park
	p, c := start(t, config)
	link := protocol.TicketLink(c.URL, "1")
	mustShow(t, link, nil, http.StatusOK, `name="plateNo"`, "<button>Look up</button>")
	mustShow(t, link+"&plateNo=A12345", nil, http.StatusOK, "京A12345", "3.00", "<button>Pay</button>")
	mustTotal(t, p, Totals{})
	l.take()
	mustShow(t, link, url.Values{"plateNo": {"A12345"}}, http.StatusOK, "within 15 minutes")
	mustBeAsked(t, l, ask{"/api/ParkingPay/GetParkingPaymentInfo", `{"parkCode":"1","plateNo":"A12345"}`}, payment("o1", 300, 4))
	mustTotal(t, p, Totals{Collected: 300})
	if got := p.Books(); len(got) != 1 || got[0].Plate != "京A12345" || got[0].Taken() != 300 {
		t.Errorf("Books = %+v", got)
	}
}

func TestACodeLeadsToItsPage(t *testing.T) {
	config := testConfig()
	park, l := startLot(t, map[string]string{"PayParkingFee": paidOK})
	config.CarPark = park
	p, c := start(t, config)
	p.config.PageURL = c.URL + "?from=park"
	code := mustAsk[protocol.Code](t, c, "GetPayQRCode", codeQuery("o1", "京A12345", 300)).QRCode
	mustShow(t, code, nil, http.StatusOK, "京A12345", "3.00", "<button>Pay</button>")
	mustShow(t, code, url.Values{}, http.StatusOK, "Paid.")
	mustShow(t, code, url.Values{}, http.StatusOK, "Paid.")
	mustShow(t, code, nil, http.StatusOK, "The order is paid.")
	mustShow(t, c.URL+"?code=x", nil, http.StatusNotFound, "no such code")
	mustBeAsked(t, l, payment("o1", 300, 4))
}

func TestPagesWithoutACarParkSaySo(t *testing.T) {
	p, c := start(t, testConfig())
	for _, link := range []string{protocol.ChangeLink(c.URL, "1", "o1C"), protocol.TicketLink(c.URL, "1") + "&plateNo=A12345"} {
		for _, form := range []url.Values{nil, {}} {
			mustShow(t, link, form, http.StatusBadGateway, "try again")
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, protocol.TicketLink(c.URL, "1"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("PUT: status %d, %v, want 405", response.StatusCode, err)
	}
	p.Down(Unavailable)
	mustShow(t, protocol.TicketLink(c.URL, "1"), nil, http.StatusServiceUnavailable)
}

func TestPagesAreChineseUnlessABrowserAsksForEnglish(t *testing.T) {
	_, c := start(t, testConfig())
	response, err := http.Get(protocol.TicketLink(c.URL, "1"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), `<html lang="zh-CN">`) || !strings.Contains(string(body), "车牌号") {
		t.Errorf("the page, %v:\n%s", err, body)
	}
}
