package agent

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parkagent/agent/access"
	"parkagent/agent/billing"
	"parkagent/agent/config"
)

func TestThePolicyIsWhatTheConfigurationSays(t *testing.T) {
	site := &config.Config{
		Access: config.Access{RefuseRepeat: true, Passback: true, RefuseOverQuota: true, UnknownExit: config.UnknownCharge, UnknownFee: 1500,
			CardAreas: []config.CardArea{{CarType: 2, Areas: []int{1}, Refuse: true}}},
		Areas: []config.Area{
			{Code: 1, WhenFull: []string{}},
			{Code: 2, Inside: 1, Charging: config.ChargeNetted, PassThrough: time.Minute, Reserved: map[string]int{"card": 3}},
			{Code: 3, Inside: 2, WhenFull: []string{"stored", "temporary"}},
		},
	}
	want := access.Policy{
		RefuseRepeat: true, Passback: true, RefuseOverQuota: true, Unknown: access.ChargeUnknown, UnknownFee: 1500,
		CardAreas: []access.CardArea{{CarType: 2, Areas: []int{1}, Refuse: true}},
		Areas: []access.Area{
			{Code: 1, WhenFull: []access.Class{}, Reserved: map[access.Class]int{}},
			{Code: 2, Outer: 1, Reserved: map[access.Class]int{access.ClassCard: 3}},
			{Code: 3, Outer: 2, WhenFull: []access.Class{access.ClassStored, access.ClassTemporary}, Reserved: map[access.Class]int{}},
		},
	}
	if diff := cmp.Diff(want, policy(site)); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	inner := []billing.Zone{{Area: 2, Outer: 1, Charging: billing.ChargeNetted, PassThrough: time.Minute}, {Area: 3, Outer: 2}}
	if diff := cmp.Diff(inner, zones(site.Areas)); diff != "" {
		t.Errorf("zones (-want +got):\n%s", diff)
	}
}
