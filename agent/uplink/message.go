package uplink

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parkagent/protocol"
	"parkagent/store"
)

// reports are the interfaces by which the kinds of journal rows are told.
// Other kinds are of no concern to platforms.
var reports = map[store.Kind]string{
	store.KindPark:        "PostParkingInfo",
	store.KindAreas:       "PostAreaInfo",
	store.KindDeviceState: "PostDeviceState",
	store.KindDevice:      "PostParkingDevice",
	store.KindEntry:       "PostCarInInfo",
	store.KindExit:        "PostPayDetail",
	store.KindBlackEntry:  "PostBlackInInfo",
	store.KindSpaces:      "PostFreeParkingSpace",
	store.KindCorrect:     "PostCarCorrect",
	store.KindPayment:     "PostCarBillDetail",
	store.KindCard:        "PostCarCard",
}

// noPlate stands where a plate must and there is none.
const noPlate = "无牌车"

// wants reports whether the platform is to be told of a row: it takes its
// interface, the row is not for another platform, and no later row has
// superseded it.
//
// A correction is not left to the choice of interfaces: it is the end of a
// question that this platform was asked, and without it a driver may have paid
// twice. A platform that does not know the interface refuses it, and a person
// sees that.
func (u *Uplink) wants(ctx context.Context, e store.Entry) (bool, error) {
	name, ok := reports[e.Kind]
	if !ok || !u.isFor(e) {
		return false, nil
	}
	if u.wanted != nil && !u.wanted[name] && e.Kind != store.KindCorrect {
		return false, nil
	}
	if !latestOnly(e.Kind) {
		return true, nil
	}
	latest, err := u.cfg.DB.LatestSeq(ctx, e.Kind, e.Key)
	return latest <= e.Seq, err
}

// isFor reports whether a row is for this platform: some name the only one that
// they are for. A row that cannot be read is for everybody, to be set aside.
func (u *Uplink) isFor(e store.Entry) bool {
	if e.Kind != store.KindCard && e.Kind != store.KindCorrect {
		return true
	}
	to, err := decode[struct {
		Platform string `json:"platform"`
	}](e)
	switch {
	case err != nil || to.Platform == u.cfg.Name:
		return true
	case to.Platform == "":
		return e.Kind == store.KindCard
	}
	return false
}

// latestOnly reports whether a kind tells a present state: of free places and
// device states only the last row counts.
func latestOnly(k store.Kind) bool { return k == store.KindSpaces || k == store.KindDeviceState }

// message makes the message of a row, as of now: texts, zone and pictures are
// never stored. A nil message means that there is nothing to tell.
func (u *Uplink) message(e store.Entry) (name string, message any, err error) {
	switch e.Kind {
	case store.KindPark, store.KindAreas:
		message, err = made(e, u.park(e.Kind))
	case store.KindDevice:
		message, err = made(e, u.device)
	case store.KindDeviceState:
		message, err = made(e, u.deviceState)
	case store.KindEntry:
		message, err = made(e, u.carIn)
	case store.KindExit:
		message, err = made(e, u.payDetail)
	case store.KindBlackEntry:
		message, err = made(e, u.blackIn(e.At))
	case store.KindSpaces:
		message, err = made(e, u.freeSpaces)
	case store.KindCorrect:
		message, err = made(e, u.carCorrect)
	case store.KindPayment:
		message, err = made(e, u.billDetail)
	case store.KindCard:
		message, err = made(e, u.carCard)
	}
	return reports[e.Kind], message, err
}

// made decodes the body of a row and makes the message of it.
func made[Fact any](e store.Entry, of func(Fact) any) (any, error) {
	f, err := decode[Fact](e)
	if err != nil {
		return nil, err
	}
	return of(f), nil
}

func decode[Fact any](e store.Entry) (Fact, error) {
	var f Fact
	if err := json.Unmarshal(e.Body, &f); err != nil {
		return f, fmt.Errorf("journal row %d: %w", e.Seq, err)
	}
	return f, nil
}

func (u *Uplink) time(ms int64) string { return u.slash(store.Time(ms)) }

func (u *Uplink) slash(t time.Time) string { return protocol.FormatSlash(t, u.cfg.Location) }

func plate(p string) string {
	if p == "" {
		return noPlate
	}
	return p
}
