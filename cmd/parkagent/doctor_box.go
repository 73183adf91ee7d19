package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"parkagent/agent/wallclock"
	"parkagent/drivers"
)

// When a thing of the box is worth a look, and when it is wrong.
const (
	littleRoom   = 1 << 30   // bytes free
	noRoom       = 200 << 20 // bytes free
	slowWrite    = 100 * time.Millisecond
	slowestWrite = 2 * time.Second
	soonOver     = 30 * 24 * time.Hour // before a certificate ends
)

// boxChecks are the checks of this machine.
func (d *doctor) boxChecks() []check {
	at := func(run func(context.Context) []finding) check { return check{run: run} }
	list := []check{
		at(d.configuration), at(d.clock), at(d.disk),
		at(func(ctx context.Context) []finding { return d.address(ctx, "[api]", d.site.API.Listen) }),
	}
	if d.site.Console.Booths || d.kiosks() {
		list = append(list, at(func(ctx context.Context) []finding { return d.address(ctx, "[console]", d.site.Console.Listen) }))
	}
	if d.site.API.TLSCert != "" {
		list = append(list, at(d.certificate))
	}
	return list
}

// configuration tells what the configuration's own check found: it is right, or
// the command would have ended, and it may have warnings.
func (d *doctor) configuration(context.Context) []finding {
	list := []finding{{Finding: drivers.Finding{Topic: topicConfig, Value: d.site.Path}}}
	for _, w := range d.site.Warnings {
		zh, _, _ := strings.Cut(w.In(string(chinese)), "\n") // below it stands the text of the file
		en, _, _ := strings.Cut(w.In(string(english)), "\n")
		list = append(list, finding{Finding: drivers.Finding{Topic: topicConfig, Level: drivers.LevelOdd}, found: text{zh, en}})
	}
	return list
}

// clock judges the time of this machine by what it can know alone. Platforms
// and cameras are compared with it elsewhere.
func (d *doctor) clock(context.Context) []finding {
	f := finding{Finding: drivers.Finding{Topic: topicBoxClock, Value: d.now().In(d.site.Park.Zone).Format("2006-01-02 15:04:05 -07:00")}}
	if !wallclock.New(wallclock.BuildDate()).Trusted() {
		f.Level = drivers.LevelWrong
	} else if set, known := clockIsSet(); known && !set {
		f.Level = drivers.LevelOdd
	}
	return []finding{f}
}

// disk tries how the data folder can be written. It leaves nothing behind. A
// folder that is not there yet is made by the agent, so that its parent counts.
func (d *doctor) disk(ctx context.Context) []finding {
	dir := d.site.Store.Dir
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	took, err := writeTime(ctx, dir)
	if errors.Is(err, fs.ErrPermission) && d.running {
		return []finding{{ // who may write there does
			Finding: drivers.Finding{Topic: topicDisk, Level: drivers.LevelOdd, Value: d.site.Store.Dir},
			found:   text{"当前用户不能写数据目录，没有检查磁盘", "this user may not write the data folder, and the disk is not tried"},
			advice:  text{"用 sudo 或以服务用户运行 doctor", "run doctor with sudo, or as the service's user"},
		}}
	}
	if err != nil {
		return []finding{{
			Finding: drivers.Finding{Topic: topicDisk, Level: drivers.LevelWrong, Err: err}, advice: folderTrouble(err).with(d.site.Store.Dir),
		}}
	}
	list := []finding{{Finding: drivers.Finding{Topic: topicDisk, Value: took.Round(100 * time.Microsecond).String(), Level: rate(took >= slowWrite, took >= slowestWrite)}}}
	if free, err := freeBytes(dir); err == nil {
		list = append(list, finding{Finding: drivers.Finding{
			Topic: topicRoom, Value: fmt.Sprintf("%.1f GB", float64(free)/(1<<30)), Level: rate(free < littleRoom, free < noRoom),
		}})
	}
	return list
}

// rate returns how bad something is.
func rate(odd, wrong bool) drivers.Level {
	switch {
	case wrong:
		return drivers.LevelWrong
	case odd:
		return drivers.LevelOdd
	}
	return drivers.LevelFine
}

// writes is how often writing is tried; the slowest counts.
const writes = 5

// writeTime returns how long it takes until a page is on the disk in dir.
func writeTime(ctx context.Context, dir string) (slowest time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	for range writes {
		if ctx.Err() != nil {
			break // what was measured so far is slow enough to tell
		}
		start := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		slowest = max(slowest, time.Since(start))
	}
	return slowest, nil
}

// address tries whether a running agent answers where it should, or whether an
// agent could listen there.
func (d *doctor) address(ctx context.Context, section, listen string) []finding {
	f := finding{Finding: drivers.Finding{Topic: topicAddress, Value: section + " " + listen}}
	if d.running {
		f.found = text{"agent 正在运行，监听", "the agent runs and listens on"}
		if !answers(ctx, listen) {
			f.Level, f.found = drivers.LevelWrong, text{"agent 正在运行，但没有应答", "an agent runs, and does not answer at"}
			f.advice = text{"看日志；若改过 listen，重启服务才生效", "see the log; a changed listen holds after a restart of the service"}
		}
		return []finding{f}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		f.Level, f.Err = drivers.LevelWrong, err
		if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddressInUse) {
			f.Err, f.found = nil, text{"监听地址已被别的程序占用", "another program has the address to listen on"}
		}
		return []finding{f}
	}
	f.found = text{"agent 没有运行；监听地址可用", "the agent does not run; the address to listen on is free"}
	if err := l.Close(); err != nil {
		f.Level, f.Err = drivers.LevelOdd, err
	}
	return []finding{f}
}

// answers reports whether somebody takes connections at an address to listen on.
func answers(ctx context.Context, listen string) bool {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was said
	return true
}

// certificate looks when the certificate of our own server ends.
func (d *doctor) certificate(context.Context) []finding {
	f := finding{Finding: drivers.Finding{Topic: topicCertificate}}
	pair, err := tls.LoadX509KeyPair(d.site.API.TLSCert, d.site.API.TLSKey)
	if err == nil && pair.Leaf == nil {
		pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0])
	}
	if err != nil {
		f.Level, f.Err = drivers.LevelWrong, err
		return []finding{f}
	}
	return []finding{d.lifetime(f, pair.Leaf)}
}

// lifetime judges a certificate by its dates.
func (d *doctor) lifetime(f finding, cert *x509.Certificate) finding {
	now := d.now()
	f.Value = cert.NotAfter.In(d.site.Park.Zone).Format(time.DateOnly)
	f.Level = rate(now.Add(soonOver).After(cert.NotAfter), now.After(cert.NotAfter))
	if f.Level == drivers.LevelWrong {
		f.found = text{"证书已到期", "the certificate ended at"}
	}
	if now.Before(cert.NotBefore) {
		f.Level, f.Value = drivers.LevelWrong, cert.NotBefore.In(d.site.Park.Zone).Format(time.DateOnly)
		f.found = text{"证书尚未生效，开始于", "the certificate is not good yet, but from"}
	}
	return f
}
