package protocol

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResponsesAreWrittenToTheLetter(t *testing.T) {
	var none []InsideCar
	tests := []struct {
		name     string
		response Response
		want     string
	}{
		{"success without rows", Response{}, `{"resCode":0,"resMsg":"","data":null}`},
		{"a nil slice is null", Response{Data: none}, `{"resCode":0,"resMsg":"","data":null}`},
		{"no rows found", Response{Data: []InsideCar{}}, `{"resCode":0,"resMsg":"","data":[]}`},
		{"an error", Response{ResCode: Failure, ResMsg: "车牌 <豫A12345> 不在场内"}, `{"resCode":1,"resMsg":"车牌 <豫A12345> 不在场内","data":null}`},
		{"one row", Response{Data: Row(PaymentReceipt{150}, false)}, `{"resCode":0,"resMsg":"","data":[{"parkingTime":150}]}`},
		{"one row as an object", Response{Data: Row(PaymentReceipt{150}, true)}, `{"resCode":0,"resMsg":"","data":{"parkingTime":150}}`},
		{"status is a string", Response{Data: Row(OrderStatus{OrderPaid}, false)}, `{"resCode":0,"resMsg":"","data":[{"status":"1"}]}`},
		{"density", Response{Data: []CarInAnswer{{1}}}, `{"resCode":0,"resMsg":"","data":[{"IsDensityPay":1}]}`},
		{"an empty page", Response{Data: Row(StaysPage{}, false)}, `{"resCode":0,"resMsg":"","data":[{"totalNum":"0","detail":[]}]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := WriteResponse(w, http.StatusOK, tt.response); err != nil {
				t.Fatalf("WriteResponse: %v", err)
			}
			if got := w.Body.String(); got != tt.want {
				t.Errorf("body = %s, want %s", got, tt.want)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json; charset=utf-8" {
				t.Errorf("Content-Type = %s", got)
			}
		})
	}
}

func TestAResponseThatCannotBeEncodedIsAnError(t *testing.T) {
	w := httptest.NewRecorder()
	if err := WriteResponse(w, http.StatusOK, Response{Data: func() {}}); err == nil {
		t.Errorf("WriteResponse succeeded")
	}
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status = %d, want 500", w.Code)
	}
	if reply, err := DecodeReply(w.Body.Bytes()); err != nil || reply.OK() {
		t.Errorf("reply = %+v, %v, want a failure", reply, err)
	}
}

func TestRepliesAreReadInEveryShape(t *testing.T) {
	row := CarInAnswer{IsDensityPay: 1}
	tests := []struct {
		name, body string
		code, msg  string
		rows       []CarInAnswer
		text       string
	}{
		{"as the document has it", `{"resCode":0,"resMsg":"","data":[{"IsDensityPay":1}]}`, "0", "", []CarInAnswer{row}, ""},
		{"code as a string, message null", `{"resCode":"0","resMsg":null,"data":null}`, "0", "", nil, ""},
		{"without data", `{"resCode":0,"resMsg":"ok"}`, "0", "ok", nil, ""},
		{"data as an object", `{"resCode":0,"data":{"isDensityPay":"1"}}`, "0", "", []CarInAnswer{row}, ""},
		{"data as JSON in a string", `{"resCode":0,"data":"[{\"IsDensityPay\":1}]"}`, "0", "", []CarInAnswer{row}, ""},
		{"data as an object in a string", `{"resCode":0,"data":"{\"IsDensityPay\":1}"}`, "0", "", []CarInAnswer{row}, ""},
		{"data as words", `{"resCode":0,"data":"success"}`, "0", "", nil, "success"},
		{"data as an empty string", `{"resCode":0,"data":""}`, "0", "", nil, ""},
		{"data as an empty array with a hole", `{"resCode":0,"data":[null]}`, "0", "", nil, ""},
		{"code", `{"code":200,"msg":"成功","data":[]}`, "200", "成功", nil, ""},
		{"error_code", `{"error_code":"1","error_msg":"重复"}`, "1", "重复", nil, ""},
		{"resCode before code", `{"code":9,"ResCode":1}`, "1", "", nil, ""},
		{"a mark and white space", "\xEF\xBB\xBF\r\n{\"resCode\":0}\n", "0", "", nil, ""},
		{"GBK", string(EncodeText(GBK, []byte(`{"resCode":1,"resMsg":"车牌错误"}`))), "1", "车牌错误", nil, ""},
		{"rows in resMsg", `{"data":[{"IsDensityPay":1}],"resCode":0,"resMsg":[{"a":1}]}`, "0", `[{"a":1}]`, []CarInAnswer{row}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reply, err := DecodeReply([]byte(tt.body))
			if err != nil {
				t.Fatalf("DecodeReply: %v", err)
			}
			if reply.Code != tt.code || reply.Msg != tt.msg || reply.Text != tt.text {
				t.Errorf("reply = %q, %q, %q, want %q, %q, %q", reply.Code, reply.Msg, reply.Text, tt.code, tt.msg, tt.text)
			}
			if reply.OK() != (tt.code == "0") {
				t.Errorf("OK = %v for code %s", reply.OK(), tt.code)
			}
			rows, err := RowsOf[CarInAnswer](reply)
			if err != nil {
				t.Fatalf("RowsOf: %v", err)
			}
			if len(rows) != len(tt.rows) || len(rows) > 0 && rows[0] != tt.rows[0] {
				t.Errorf("rows = %v, want %v", rows, tt.rows)
			}
			first, ok, err := FirstOf[CarInAnswer](reply)
			if err != nil || ok != (len(tt.rows) > 0) || ok && first != tt.rows[0] {
				t.Errorf("FirstOf = %v, %v, %v", first, ok, err)
			}
		})
	}
}

func TestDamagedRepliesAreErrors(t *testing.T) {
	for _, body := range []string{
		"", "OK", "null", "[]", "<html><body>502</body></html>", `{"resCode":0`, `{"resMsg":"x"}`, `{"resCode":null}`, `{"resCode":""}`, `{"resCode":{}}`,
		`{"resCode":0}{"resCode":1}`, `{"resCode":0,"data":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		`{"data":[{"orderNo":"1","delayTime":20],"resCode":0,"resMsg":null}`, // the document's own example of 2016
	} {
		if reply, err := DecodeReply([]byte(body)); err == nil {
			t.Errorf("DecodeReply(%.40s) = %+v, want an error", body, reply)
		}
	}
}

func TestARowThatIsNoRowIsAnError(t *testing.T) {
	reply, err := DecodeReply([]byte(`{"resCode":0,"data":[5]}`))
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := RowsOf[CarInAnswer](reply); err == nil {
		t.Errorf("RowsOf = %v, want an error", rows)
	}
	if _, _, err := FirstOf[CarInAnswer](reply); err == nil {
		t.Errorf("FirstOf succeeded")
	}
}

func TestRowsOfTheDocumentsExamplesAreRead(t *testing.T) {
	reply, err := DecodeReply([]byte(`{"data":[{"orderNo":"000120181212173448477D02000","plateNo":"闽D02000","entryTime":"2018-12-10 09:59:12","payTime":"2018-12-12 17:34:48",
		"elapsedTime":3336,"imgName":"","payable":22600,"delayTime":10,"totalFee":"23600","payedFee":1000,"outTime":"2018-12-12 17:34:48"}],"resCode":0,"resMsg":null}`))
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := FirstOf[Bill](reply)
	if err != nil {
		t.Fatal(err)
	}
	want := Bill{OrderNo: "000120181212173448477D02000", PlateNo: "闽D02000", EntryTime: "2018-12-10 09:59:12", PayTime: "2018-12-12 17:34:48",
		ElapsedTime: 3336, Payable: 22600, DelayTime: 10, TotalFee: 23600, PayedFee: 1000, OutTime: "2018-12-12 17:34:48"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Bill (-want +got):\n%s", diff)
	}
	reply, err = DecodeReply([]byte(`{"data":[{"totalNum":"2","detail":[{"id":"1","plateNo":"空818494","payable":"100"},{"id":2,"payable":100}]}],"resCode":0}`))
	if err != nil {
		t.Fatal(err)
	}
	page, _, err := FirstOf[StaysPage](reply)
	wantPage := StaysPage{TotalNum: 2, Detail: []Stay{{ID: "1", PlateNo: "空818494", Payable: 100}, {ID: "2", Payable: 100}}}
	if diff := cmp.Diff(wantPage, page); diff != "" || err != nil {
		t.Errorf("StaysPage %v (-want +got):\n%s", err, diff)
	}
}

func FuzzDecodeReply(f *testing.F) {
	f.Add([]byte(`{"resCode":0,"resMsg":"","data":[{"IsDensityPay":1}]}`))
	f.Add([]byte(`{"code":"200","data":"{\"a\":1}"}`))
	f.Add([]byte("{\"resCode\":1,\"resMsg\":\"\xB3\xB5\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		reply, err := DecodeReply(body)
		if err != nil {
			return
		}
		if reply.Code == "" {
			t.Errorf("a reply without a code: %q", body)
		}
		if _, err := RowsOf[CarInAnswer](reply); err == nil {
			_, ok, err := FirstOf[CarInAnswer](reply)
			if err != nil || ok != (len(reply.Rows) > 0) {
				t.Errorf("FirstOf = %v, %v with %d rows", ok, err, len(reply.Rows))
			}
		}
	})
}
