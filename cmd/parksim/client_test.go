package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parkagent/agent/config"
	"parkagent/protocol"
)

// An answer is what a car park answers on one interface.
type answer struct {
	row     any
	refusal string
	heard   func() // nil: nobody wants to know
}

// downlink answers as a car park would to who has siteConfig's credentials.
func downlink(t *testing.T, answers map[string]answer) http.Handler {
	t.Helper()
	c := cipher(t)
	zone, err := protocol.LoadZone("")
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := answers[path.Base(r.URL.Path)]
		route, known := protocol.Match(r.URL.Path)
		if !ok || !known || r.Header.Get("user") != "malluser" || r.Header.Get("pwd") != "mall-password-1" {
			_ = protocol.WriteResponse(w, http.StatusUnauthorized, protocol.Response{ResCode: protocol.Failure, ResMsg: "用户名或密码错误"})
			return
		}
		if _, err := c.OpenRequest(r, protocol.OpenOptions{Now: time.Now(), Location: zone, Params: route.Params}); err != nil {
			t.Errorf("%s cannot be read: %v", r.URL.Path, err)
		}
		if a.heard != nil {
			a.heard()
		}
		response := protocol.Response{Data: protocol.Row(a.row, false)}
		if a.refusal != "" {
			response = protocol.Response{ResCode: protocol.Failure, ResMsg: a.refusal}
		}
		_ = protocol.WriteResponse(w, http.StatusOK, response)
	})
}

func TestOneShots(t *testing.T) {
	bill := protocol.Bill{OrderNo: "O1", PlateNo: "粤B12345", EntryTime: "2026-01-05 08:00:00", Payable: 450, TotalFee: 650, PayedFee: 200, ElapsedTime: 61, DelayTime: 15}
	nothing := bill
	nothing.Payable = 0
	tests := []struct {
		name, line string
		answers    map[string]answer
		status     int
		want       string
	}{
		{"a bill is paid", "pay 粤B12345", map[string]answer{"GetParkingPaymentInfo": {row: bill}, "PayParkingFee": {row: protocol.PaymentReceipt{}}}, done, "粤B12345 paid 4.50; 15 minutes to leave"},
		{"the bill is shown", "pay 粤B12345", map[string]answer{"GetParkingPaymentInfo": {row: bill}, "PayParkingFee": {row: protocol.PaymentReceipt{}}}, done, "61 minutes, fee 6.50, paid 2.00, due 4.50"},
		{"nothing is due", "pay 粤B12345", map[string]answer{"GetParkingPaymentInfo": {row: nothing}}, done, "粤B12345 owes nothing"},
		{"no such car", "pay 粤B12345", map[string]answer{"GetParkingPaymentInfo": {refusal: "未找到在场车辆"}}, failed, "no bill for 粤B12345: 未找到在场车辆"},
		{"the payment is refused", "pay 粤B12345", map[string]answer{"GetParkingPaymentInfo": {row: bill}, "PayParkingFee": {refusal: "订单已过期"}}, failed, "订单已过期"},
		{"the cars inside", "inside 123", map[string]answer{"SearchParkingInfo": {row: protocol.InsideCar{PlateNo: "粤B12345", EntryTime: "2026-01-05 08:00:00", EntryPlace: "入口1"}}}, done, "2026-01-05 08:00:00  粤B12345  入口1"},
		{"the list is refused", "inside", map[string]answer{"SearchParkingInfo": {refusal: "没有权限"}}, failed, "没有权限"},
		{"a gate is opened", "gate G1 open", map[string]answer{"GateControl": {}}, done, "G1: open is done"},
		{"a gate does not answer", "gate G1 hold", map[string]answer{"GateControl": {refusal: "道闸无应答"}}, failed, "G1 did not obey: 道闸无应答"},
		{"an interface that is not allowed", "gate G1 open", nil, failed, "401"},
	}
	path := file(t, "park.toml", siteConfig)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(downlink(t, tt.answers))
			defer server.Close()
			for _, who := range [][]string{
				{"--config", path},
				{"--user", "malluser", "--password", "mall-password-1", "--key", testKey, "--park-code", "7"},
			} {
				args := append(strings.Fields(tt.line), "--park", server.URL, "--lang", "en")
				status, stdout, stderr := once(t, append(args, who...)...)
				if out := stdout + stderr; status != tt.status || !strings.Contains(out, tt.want) {
					t.Errorf("status %d, said %q; want %d and %q", status, out, tt.status, tt.want)
				}
			}
		})
	}
}

func TestTheAgentIsFoundAndKnownByItsConfiguration(t *testing.T) {
	server := httptest.NewTLSServer(downlink(t, map[string]answer{"SearchParkingInfo": {row: protocol.InsideCar{PlateNo: "粤B12345"}}}))
	defer server.Close()
	own, ownKey := inPEM(t, server.Certificate().Raw, server.TLS.Certificates[0].PrivateKey)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	other, otherKey := inPEM(t, raw, key)
	for _, tt := range []struct {
		name, certificate, key string
		status                 int
		want                   string
	}{
		{"its own certificate", own, ownKey, done, "粤B12345"},
		{"another certificate", other, otherKey, failed, "not the certificate that the configuration names"},
		{"no certificate", "hello", "hello", wrong, "api.tls_cert"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			certificate := filepath.ToSlash(file(t, "server.crt", tt.certificate))
			private := filepath.ToSlash(file(t, "server.key", tt.key))
			api := "listen = \"" + server.Listener.Addr().String() + "\"\ntls_cert = \"" + certificate + "\"\ntls_key = \"" + private + "\"\n"
			path := file(t, "park.toml", strings.Replace(siteConfig, "listen = \"127.0.0.1:1\"\n", api, 1))
			status, stdout, stderr := once(t, "inside", "--config", path, "--lang", "en")
			if out := stdout + stderr; status != tt.status || !strings.Contains(out, tt.want) {
				t.Errorf("status %d, said %q; want %d and %q", status, out, tt.status, tt.want)
			}
		})
	}
}

func TestAddressOfTheAgent(t *testing.T) {
	camera := netip.MustParseAddr("192.0.2.5")
	tests := []struct {
		name, listen, park, want string
	}{
		{"one address", "192.0.2.1:8099", "", "http://192.0.2.1:8099"},
		{"all addresses, one of which is the camera's", "0.0.0.0:8099", "", "http://192.0.2.5:8099"},
		{"all addresses, in short", ":8099", "", "http://192.0.2.5:8099"},
		{"elsewhere", "0.0.0.0:8099", "http://192.0.2.9:8099", "http://192.0.2.9:8099"},
	}
	for _, tt := range tests {
		r, err := newReach(tt.park, config.API{Listen: tt.listen})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.url(camera); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// inPEM writes a certificate and its key as files hold them.
func inPEM(t *testing.T, certificate []byte, key any) (cert, private string) {
	t.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}
