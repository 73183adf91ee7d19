package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parkagent/protocol"
)

// listen serves an agent that answers every call alike, and tells what it was
// asked.
func listen(t *testing.T, body string) (address string, asked <-chan string) {
	t.Helper()
	c, calls := cipher(t), make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, _ := protocol.Match(r.URL.Path)
		opened, err := c.OpenRequest(r, protocol.OpenOptions{Now: time.Now(), Location: time.FixedZone("", 8*60*60), Params: route.Params})
		if err != nil {
			t.Errorf("%s cannot be read: %v", r.URL.Path, err)
		}
		calls <- r.URL.Path + " " + string(opened.JSON)
		_, _ = w.Write([]byte(body)) // the command tells what it could not read
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

// call runs `parksim call` against an address.
func call(t *testing.T, address string, words ...string) (status int, stdout, stderr string) {
	t.Helper()
	args := append([]string{"call", "--lang", "en", "--park", address, "--user", "malluser", "--password", "p", "--key", testKey, "--park-code", "7"}, words...)
	return once(t, args...)
}

func TestCallSendsFieldsAsTheyAreGiven(t *testing.T) {
	plates := file(t, "plates.json", `[{"plateNo":"粤B12345","etcNo":""}]`+"\n")
	remark := file(t, "remark.txt", "两行\n文字\n")
	tests := []struct {
		name  string
		words []string
		want  string
	}{
		{"nothing but the park code", []string{"SearchParkingInfo"}, `/api/ParkingInfo/SearchParkingInfo {"parkCode":"7"}`},
		{"a text", []string{"getparkingpaymentinfo", "plateNo=粤B12345"}, `/api/ParkingPay/GetParkingPaymentInfo {"parkCode":"7","plateNo":"粤B12345"}`},
		{"a number, by the interface's number", []string{"2.2", "freeSpaceNum=-50"}, `/api/ParkingManage/ModifyFreeSpace {"parkCode":"7","freeSpaceNum":-50}`},
		{"a number that is too long for most", []string{"GetPaymentStatus", "orderNo=12345678901234567890"}, `/api/ParkingPay/GetPaymentStatus {"parkCode":"7","orderNo":12345678901234567890}`},
		{"a number with zeros before it is a text", []string{"GetPaymentStatus", "orderNo=007"}, `/api/ParkingPay/GetPaymentStatus {"parkCode":"7","orderNo":"007"}`},
		{"a number that is to be a text", []string{"GetPaymentStatus", `orderNo="7"`}, `/api/ParkingPay/GetPaymentStatus {"parkCode":"7","orderNo":"7"}`},
		{"nothing", []string{"GetBlackInfo", "plateNo="}, `/api/ParkingCard/GetBlackInfo {"parkCode":"7","plateNo":""}`},
		{"an array", []string{"ModifyCarCardNo", "cardId=5", `plateDetails=[{"plateNo":"粤B1"}]`}, `/api/ParkingCard/ModifyCarCardNo {"parkCode":"7","cardId":5,"plateDetails":[{"plateNo":"粤B1"}]}`},
		{"an array in a file", []string{"AddCarCardNo", "plateDetails=@" + plates}, `/api/ParkingCard/AddCarCardNo {"parkCode":"7","plateDetails":[{"plateNo":"粤B12345","etcNo":""}]}`},
		{"a text in a file", []string{"ParkingFree", "remark=@" + remark}, `/api/ParkingPay/ParkingFree {"parkCode":"7","remark":"两行\n文字"}`},
		{"half an array is a text", []string{"ParkingFree", "remark=[1"}, `/api/ParkingPay/ParkingFree {"parkCode":"7","remark":"[1"}`},
		{"another park code", []string{"SearchParkingInfo", "cardNo=x=y", "ParkCode=8"}, `/api/ParkingInfo/SearchParkingInfo {"cardNo":"x=y","ParkCode":8}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address, asked := listen(t, `{"resCode":0,"resMsg":"","data":null}`)
			status, stdout, stderr := call(t, address, tt.words...)
			if status != done || !strings.Contains(stdout, "succeeded, rows: 0") {
				t.Fatalf("status %d, stdout %q, stderr %q", status, stdout, stderr)
			}
			if got := <-asked; got != tt.want {
				t.Errorf("asked %s\nwant  %s", got, tt.want)
			}
		})
	}
}

func TestCallShowsTheAnswer(t *testing.T) {
	address, asked := listen(t, `{"resCode":0,"resMsg":"","data":[{"orderNo":12345678901234567890,"plateNo":"粤B12345"},{"orderNo":2}]}`)
	status, stdout, stderr := call(t, address, "SearchParkingInfo")
	<-asked
	const want = "{\n  \"orderNo\": 12345678901234567890,\n  \"plateNo\": \"粤B12345\"\n}\n{\n  \"orderNo\": 2\n}\nSearchParkingInfo succeeded, rows: 2\n"
	if status != done || stdout != want || stderr != "" {
		t.Errorf("status %d, stdout %q, stderr %q, want %q", status, stdout, stderr, want)
	}
	address, asked = listen(t, `{"resCode":1,"resMsg":"车辆不在场内","data":null}`)
	status, stdout, stderr = call(t, address, "3.1", "plateNo=粤B12345")
	<-asked
	if status != failed || stdout != "" || !strings.Contains(stderr, "GetParkingPaymentInfo did not succeed: 车辆不在场内") {
		t.Errorf("status %d, stdout %q, stderr %q, want the refusal", status, stdout, stderr)
	}
}

func TestCallKnowsItsInterfaces(t *testing.T) {
	tests := []struct {
		name  string
		words []string
		want  string
	}{
		{"no interface", nil, "number of words"},
		{"an interface that is none", []string{"Nonsense"}, `no interface "Nonsense"`},
		{"an interface of the uplink", []string{"PostCarInInfo"}, `no interface "PostCarInInfo"`},
		{"GetPhoto has no number", []string{""}, `no interface ""`},
		{"a field that is none", []string{"3.4", "orderNumber=1"}, `GetPaymentStatus has no field "orderNumber", its fields are parkCode orderNo`},
		{"a word that is no field", []string{"3.4", "O1"}, `"O1" is not FIELD=VALUE`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := call(t, "http://127.0.0.1:1", tt.words...)
			if status != wrong || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("status %d, stdout %q, stderr %q; want 2 and %q", status, stdout, stderr, tt.want)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "none.json")
	if status, _, stderr := call(t, "http://127.0.0.1:1", "3.4", "orderNo=@"+missing); status != failed || !strings.Contains(stderr, "orderNo cannot be read") {
		t.Errorf("status %d, stderr %q for a file that is not there", status, stderr)
	}
	for _, lang := range []string{"zh-CN", "en"} {
		_, help, _ := once(t, "help", "call", "--lang", lang)
		for _, r := range protocol.Routes() {
			if !strings.Contains(help, r.Name+"\n") {
				t.Errorf("the help in %s lacks %s", lang, r.Name)
			}
		}
	}
}

func TestFieldsAreAnObjectInTheirOrder(t *testing.T) {
	got, err := json.Marshal(fields{{"b", json.RawMessage("1")}, {"a\"", json.RawMessage(`"x"`)}})
	if err != nil || string(got) != `{"b":1,"a\"":"x"}` {
		t.Errorf("got %s, %v", got, err)
	}
}
