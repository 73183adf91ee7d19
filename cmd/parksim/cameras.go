package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"parkagent/agent/config"
	"parkagent/drivers/camera/huaxia"
	"parkagent/drivers/camera/vzenith"
	"parkagent/drivers/sim"
	simdahua "parkagent/drivers/sim/dahua"
	simhik "parkagent/drivers/sim/hik"
	simhuaxia "parkagent/drivers/sim/huaxia"
)

// A cameraSim is a camera that tells the agent of cars.
type cameraSim struct {
	e    *env
	code string
	sim.Camera
	url string
	web http.Handler // its own web side; nil: it has none

	// contact makes one contact that the camera makes by itself and returns
	// the agent's status; nil: it makes none.
	contact func(ctx context.Context) (status int, err error)
	every   time.Duration // between two contacts that were answered; 0: the next follows at once
	// opened returns how often the barrier was told to open, of a camera that
	// is told at its web side; nil: it tells by itself.
	opened func() int
	gate   *barrierSim // that it moves; nil: none

	down bool // whether the agent was out of reach at the last contact; owned by run
}

// make makes a camera of the driver of a device. gate is what it moves, nil
// where that is nothing, and show gets what it passes on to displays.
func (c *cameraSim) make(d config.Device, p plan, client *http.Client, beat time.Duration, show func(port int, frame []byte)) {
	c.every = beat
	opens := func() {
		c.e.event(text{"%s  收到开闸（由相机 %s）", "%s  told to open (by camera %s)"}, c.gate.code, d.Code)
		c.gate.tell()
	}
	switch d.Driver {
	case "hikvision":
		c.hikvision(d, p, client)
	case "dahua":
		c.dahua(d, p, client)
	case "vzenith":
		cam := &sim.VzCamera{URL: c.url + "/devicemanagement/php/plateresult.php", Serial: "SIM-" + d.Code, Client: client, OnSerial: show}
		if c.gate != nil {
			cam.OnOpen, c.gate.latched = opens, cam.Latched
		}
		c.Camera = cam
		c.contact = func(ctx context.Context) (int, error) { return beatVz(ctx, cam, p.vz.Opens) }
		switch p.vz.Opens {
		case vzenith.OpensComet:
			c.every = 0 // the agent keeps a poll until it has a command
		case vzenith.OpensHeartbeat:
			c.every = min(beat, time.Second) // the barrier waits for it
		}
	case "huaxia":
		cam := &simhuaxia.Camera{URL: c.url + "/", ID: "SIM-" + d.Code, Client: client, Close: p.hx.Close, Hold: p.hx.Hold,
			OnSerial: func(frame []byte) { show(0, frame) }}
		if c.gate != nil {
			cam.OnOpen, c.gate.latched = opens, cam.Held
		}
		c.Camera = cam
		c.contact = func(ctx context.Context) (int, error) {
			answer, err := cam.Heartbeat(ctx)
			return answer.Status, err
		}
		if p.hx.Opens != huaxia.OpensPlate {
			c.every = min(beat, time.Second)
		}
	}
}

// hikvision makes a camera that pushes, or is asked for its plates, and whose
// barrier is moved at its web side.
func (c *cameraSim) hikvision(d config.Device, p plan, client *http.Client) {
	pushing := &sim.HikCamera{URL: c.url + "/park", User: d.User, Password: d.Password.Reveal(), Client: client}
	web := &simhik.Camera{Login: pushing, CtrlMod: "1", PushTo: c.url}
	c.Camera, c.web, c.contact = pushing, web, pushing.Heartbeat
	if p.pulls {
		c.Camera, c.contact = asked(web.See), nil
	}
	if c.gate != nil {
		c.opened, c.gate.latched = web.Opened, web.Held
	}
}

// dahua is hikvision for the other make.
func (c *cameraSim) dahua(d config.Device, p plan, client *http.Client) {
	cam := &simdahua.Camera{URL: c.url, User: d.User, Password: d.Password.Reveal(), Client: client}
	c.web = cam
	c.Camera = pushed(func(ctx context.Context, s sim.Sighting) (int, error) {
		status, _, err := cam.Push(ctx, s)
		return status, err
	})
	c.contact = func(ctx context.Context) (int, error) {
		status, _, err := cam.KeepAlive(ctx)
		return status, err
	}
	if p.pulls {
		c.Camera, c.contact = asked(cam.See), nil
	}
	if c.gate != nil {
		c.opened = func() int { raised, _ := cam.Moves(); return raised }
	}
}

// asked is a camera that tells of cars when it is asked.
type asked func(sim.Sighting)

// See shows the camera a car, see sim.Camera.
func (see asked) See(_ context.Context, s sim.Sighting) error {
	see(s)
	return nil
}

// pushed is a camera by how it pushes a car.
type pushed func(context.Context, sim.Sighting) (status int, err error)

// See pushes one car, see sim.Camera.
func (push pushed) See(ctx context.Context, s sim.Sighting) error {
	status, err := push(ctx, s)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("push answered with status %d", status)
	}
	return err
}

// run sends what the camera sends by itself: heartbeats, or polls for commands.
// It also looks whether the barrier was moved at the camera's web side.
func (c *cameraSim) run(ctx context.Context) {
	moved := 0
	next := time.Now()
	for {
		wait := step
		if c.opened == nil {
			wait = time.Until(next)
		}
		if c.contact != nil && !time.Now().Before(next) {
			wait = c.every
			if !c.heard(ctx, c.contact) {
				wait = max(wait, time.Second)
			}
			next = time.Now().Add(wait)
			if c.opened != nil {
				wait = step
			}
		}
		if c.contact == nil && c.opened == nil {
			<-ctx.Done()
			return
		}
		if !pause(ctx, max(wait, 0)) {
			return
		}
		if c.opened == nil {
			continue
		}
		if n := c.opened(); n != moved {
			moved = n
			c.e.event(text{"%s  收到开闸（由相机 %s）", "%s  told to open (by camera %s)"}, c.gate.code, c.code)
			c.gate.tell()
		}
	}
}

// beatVz makes one contact of a VzEnith camera, of the kind it is set up for.
func beatVz(ctx context.Context, cam *sim.VzCamera, opens vzenith.Opens) (status int, err error) {
	if opens == vzenith.OpensComet {
		answer, err := cam.Poll(ctx)
		return answer.Status, err
	}
	info, err := cam.Heartbeat(ctx)
	if opens == vzenith.OpensHeartbeat && info == "ok" && cam.OnOpen != nil {
		cam.OnOpen() // as some firmware does; cam is of the other kind
	}
	return http.StatusOK, err
}

// heard makes one contact, and tells when the agent goes out of reach and comes
// back.
func (c *cameraSim) heard(ctx context.Context, contact func(context.Context) (int, error)) bool {
	limited, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	status, err := contact(limited)
	down := err != nil || status != http.StatusOK
	if ctx.Err() != nil || down == c.down {
		return !down
	}
	c.down = down
	switch {
	case err != nil:
		c.e.event(text{"%s  推送不到 parkagent：%v", "%s  cannot reach parkagent: %v"}, c.code, err)
	case down:
		c.e.event(text{"%s  parkagent 以状态 %d 拒绝心跳，请核对该相机的 ip、token 和 driver", "%s  parkagent refused the heartbeat with status %d: check ip, token and driver of this camera"}, c.code, status)
	default:
		c.e.event(text{"%s  parkagent 恢复应答", "%s  parkagent answers again"}, c.code)
	}
	return !down
}

// see pushes a car and tells how the agent took it.
func (c *cameraSim) see(ctx context.Context, plate string) error {
	limited, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	start := time.Now()
	if err := c.See(limited, sim.SmallCar(plate, start)); err != nil {
		return failure(err, text{"%s 的推送没有被接收", "the push of %s was not taken"}, c.code)
	}
	c.e.event(text{"%s  看到 %s，parkagent %d 毫秒后应答", "%s  saw %s; parkagent answered after %d ms"}, c.code, plate, time.Since(start).Milliseconds())
	return nil
}
