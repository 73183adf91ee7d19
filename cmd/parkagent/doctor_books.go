package main

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"parkagent/agent"
	"parkagent/agent/config"
	"parkagent/drivers"
	"parkagent/store"
)

// books is what a doctor reads in the books of the site: what the agent knows of
// devices, and how far platforms are told. The zero value is of a site where no
// agent ever ran.
type books struct {
	devices map[string]store.Device
	queues  map[string]queue
	zone    *time.Location
	err     error // why they cannot be read, although they are there
}

// readBooks changes nothing, and may be used while the agent runs.
func readBooks(ctx context.Context, site *config.Config) books {
	b := books{devices: map[string]store.Device{}, queues: map[string]queue{}, zone: site.Park.Zone}
	view, err := store.OpenView(ctx, agent.DatabasePath(site))
	if errors.Is(err, fs.ErrNotExist) {
		return b
	}
	if err != nil {
		b.err = explainBooks(err, agent.DatabasePath(site))
		return b
	}
	defer func() { b.err = errors.Join(b.err, view.Close()) }()
	devices, err := view.Devices(ctx)
	if err != nil {
		b.err = err
	}
	for _, d := range devices {
		b.devices[d.Code] = d
	}
	head, err := view.Head(ctx)
	if err != nil {
		b.err = errors.Join(b.err, err)
		return b
	}
	for _, p := range site.Platforms {
		q, err := readQueue(ctx, view.Reader, p.Name, head)
		if err != nil {
			b.err = errors.Join(b.err, err)
			continue
		}
		b.queues[p.Name] = q
	}
	return b
}

// queue tells what a platform has not taken.
func (b books) queue(platform string) []finding {
	q, ok := b.queues[platform]
	if !ok || !q.Met {
		return nil
	}
	// What is behind for a moment is on its way.
	late := q.Oldest != nil && time.Since(*q.Oldest) > time.Minute
	said := text{"落后 %d，等待 %d，搁置 %d", "behind %d, waiting %d, dead %d"}.with(q.Behind, q.Waiting, q.Dead)
	f := finding{Finding: drivers.Finding{Topic: topicQueue, Level: rate(late || q.Waiting > 0, q.Dead > 0)}}
	r := remarkOn(f.Topic, f.Level)
	f.found = text{r.found.zh + "：" + said.zh, r.found.en + ": " + said.en}
	return []finding{f}
}

// knows reports whether the agent has heard how a device is.
func (b books) knows(code string) bool { return b.devices[code].Status != "" }

// device tells what the running agent knows of a device.
func (b books) device(code string) []finding {
	f := finding{Finding: drivers.Finding{Topic: topicAgent}}
	d := b.devices[code]
	switch {
	case b.err != nil:
		f.Level, f.Err = drivers.LevelOdd, b.err
		f.found = text{"不知道运行中的 agent 怎么说", "it is not known what the running agent says"}
		f.advice = text{"解决后再运行 doctor", "mend that and run doctor again"}
	case !b.knows(code):
		f.Level = drivers.LevelOdd
	case d.Status == strconv.Itoa(int(drivers.FaultNone)):
		f.Value = d.Since.In(b.zone).Format(time.DateTime)
	default:
		f.Level = drivers.LevelWrong
		f.Value = d.Remark + " (" + d.Status + "), " + d.Since.In(b.zone).Format(time.DateTime)
		if n, err := strconv.Atoi(d.Status); err == nil {
			f.advice = faultAdvice(drivers.Fault(n))
		}
	}
	return []finding{f}
}

// faultAdvice says what to do about a fault that the agent reports. It is what
// a doctor would say who found it.
func faultAdvice(fault drivers.Fault) text {
	topic, ok := map[drivers.Fault]drivers.Topic{
		drivers.FaultOffline: drivers.TopicReach, drivers.FaultLimits: drivers.TopicInputs, drivers.FaultPresence: drivers.TopicInputs,
		drivers.FaultTravel: drivers.TopicInputs, drivers.FaultContact: drivers.TopicRelays, drivers.FaultLogin: drivers.TopicLogin,
		drivers.FaultGateList: drivers.TopicGateList, drivers.FaultPaper: drivers.TopicPaper, drivers.FaultCover: drivers.TopicPaper,
	}[fault]
	if !ok {
		topic = topicAgent
	}
	return remarkOn(topic, drivers.LevelWrong).advice
}
