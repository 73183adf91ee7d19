package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"parkagent/agent/config"
	"parkagent/drivers"
)

// How far a platform's clock may be from ours. Keys change at midnight, so that
// some seconds matter only there.
const (
	oddSkew   = 30 * time.Second
	wrongSkew = 10 * time.Minute
)

func (d *doctor) platformChecks() []check {
	var list []check
	for _, p := range d.site.Platforms {
		list = append(list, check{subject: p.Name, run: func(ctx context.Context) []finding {
			return append(d.platform(ctx, p), d.books.queue(p.Name)...)
		}})
	}
	return list
}

// platform asks for the platform's address as a browser would. It reports
// nothing and signs in nowhere: an answer of any kind means that it is reached.
func (d *doctor) platform(ctx context.Context, p config.Platform) []finding {
	transport := http.DefaultTransport.(*http.Transport).Clone() // as the reports have it
	transport.DisableKeepAlives = true
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		return []finding{unreached(err)}
	}
	start := d.now()
	answer, err := client.Do(r)
	if err != nil {
		return []finding{unreached(err)}
	}
	_, _ = io.CopyN(io.Discard, answer.Body, 1<<20) // whatever it says
	_ = answer.Body.Close()
	took := d.now().Sub(start)
	list := []finding{{Finding: drivers.Finding{
		Topic: topicPlatform, Level: rate(answer.StatusCode >= 500, false),
		Value: fmt.Sprintf("%s, HTTP %d, %d ms", p.URL, answer.StatusCode, took.Milliseconds()),
	}}}
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		// The header has whole seconds and was written somewhere on the way.
		skew := date.Add(500 * time.Millisecond).Sub(start.Add(took / 2))
		list = append(list, finding{Finding: drivers.Finding{
			Topic: topicTheirClock, Value: fmt.Sprintf("%+.0fs", skew.Seconds()), Level: rate(skew.Abs() > oddSkew, skew.Abs() > wrongSkew),
		}})
	}
	if answer.TLS != nil && len(answer.TLS.PeerCertificates) > 0 {
		list = append(list, d.lifetime(finding{Finding: drivers.Finding{Topic: topicTheirName}}, answer.TLS.PeerCertificates[0]))
	}
	return list
}

// unreached is a platform that did not answer, or whose certificate is no good.
func unreached(err error) finding {
	f := finding{Finding: drivers.Finding{Topic: topicPlatform, Level: drivers.LevelWrong, Err: err}}
	if errors.As(err, new(*tls.CertificateVerificationError)) {
		f.Topic = topicTheirName
	}
	return f
}
