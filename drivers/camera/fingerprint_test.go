package camera

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestACertificateIsForItsHost(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate()) // which is for example.com and for 127.0.0.1
	for host, want := range map[string]bool{"example.com": true, "127.0.0.1": true, "camera.lan": false, "192.168.1.64": false} {
		cfg, err := pinned("", host, roots)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn := tls.Client(raw, cfg)
		if err := conn.HandshakeContext(t.Context()); (err == nil) != want {
			t.Errorf("a certificate for another host at %s: %v, want it taken: %v", host, err, want)
		}
		_ = raw.Close()
	}
}
