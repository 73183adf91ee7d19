package camera

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ParseFingerprint reads the SHA-256 fingerprint of a certificate: 64
// hexadecimal digits, with or without colons between them. Empty is none.
func ParseFingerprint(text string) ([]byte, error) {
	sum, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(text), ":", ""))
	if err != nil || len(sum) != 0 && len(sum) != sha256.Size {
		return nil, errors.New("want the SHA-256 fingerprint of a certificate, 64 hexadecimal digits")
	}
	return sum, nil
}

// pinned returns how the camera at host is known over https. Cameras sign their
// own certificates, which no authority vouches for, so the installer may name
// the one to expect; without that it must be valid as any other. The error of
// one that is not says its fingerprint.
func pinned(fingerprint, host string, roots *x509.CertPool) (*tls.Config, error) {
	want, err := ParseFingerprint(fingerprint)
	if err != nil {
		return nil, fmt.Errorf("certificate of camera: %w", err)
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection: func(state tls.ConnectionState) error {
			shown := state.PeerCertificates[0]
			have := sha256.Sum256(shown.Raw)
			if len(want) > 0 {
				if string(have[:]) != string(want) {
					return fmt.Errorf("the camera shows another certificate, with the fingerprint %x", have)
				}
				return nil
			}
			between := x509.NewCertPool()
			for _, cert := range state.PeerCertificates[1:] {
				between.AddCert(cert)
			}
			if _, err := shown.Verify(x509.VerifyOptions{DNSName: host, Intermediates: between, Roots: roots}); err != nil {
				return fmt.Errorf("%w; if this is the camera, give its fingerprint %x as its certificate", err, have)
			}
			return nil
		},
	}, nil
}
