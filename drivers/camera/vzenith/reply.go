package vzenith

import (
	"net/http"
	"net/url"

	"parkagent/drivers/camera/reply"
)

// servePlate answers a plate as the lane decides.
func (c *Camera) servePlate(w http.ResponseWriter, r *http.Request, ev event) error {
	answer, err := c.desk.Decide(r.Context(), ev.rec, ev.key())
	if err != nil {
		return err
	}
	c.answerPlate(w, r, ev.acknowledge(), answer)
	return nil
}

// serveHeartbeat answers a heartbeat or a comet poll. A poll waits a while for
// something to do, because the camera polls again as soon as it is answered.
func (c *Camera) serveHeartbeat(w http.ResponseWriter, r *http.Request) {
	var answer reply.Answer
	switch c.cfg.Options.Opens {
	case OpensComet:
		answer = c.desk.Poll(r.Context(), c.cfg.PollTime, reply.Acts{Orders: true, Frames: true, Shots: true})
		c.answerPlate(w, r, &plateReply{Info: infoStay, Content: taken}, answer)
		return
	case OpensHeartbeat:
		answer = c.desk.Poll(r.Context(), 0, reply.Acts{Orders: true, Frames: true})
	case OpensPlate:
	}
	beat := heartbeatReply{Info: infoStay, Serial: serialItems(answer.Frames)}
	if answer.Order != reply.Nothing {
		beat.Info = infoOpen
	}
	c.send(w, r, map[string]any{"Response_Heartbeat": beat}, answer)
}

// answerPlate answers with p and what the answer shall carry.
func (c *Camera) answerPlate(w http.ResponseWriter, r *http.Request, p *plateReply, a reply.Answer) {
	c.cfg.Options.put(p, a, ownPath(r))
	c.send(w, r, map[string]any{"Response_AlarmInfoPlate": p}, a)
}

// ownPath is the path that the camera posted to, as the camera knows it: what
// the server took off before it came here belongs to it.
func ownPath(r *http.Request) string {
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		return u.EscapedPath()
	}
	return r.URL.EscapedPath()
}

func (c *Camera) send(w http.ResponseWriter, r *http.Request, body any, a reply.Answer) {
	if err := reply.Send(w, r, body, a); err != nil {
		c.cfg.Log.Debug("camera not answered", "err", err)
	}
}
