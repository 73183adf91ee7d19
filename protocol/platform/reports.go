package platform

import (
	"fmt"
	"strings"

	"parkagent/protocol"
)

// A report is a decoded message and what the platform has to know of it.
type report struct {
	message any
	facts
}

// facts are what the platform has to know of every kind of message.
type facts struct {
	parkCode string
	key      string            // natural key of the fact; "" for a present state and for questions
	times    map[string]string // fields that must hold a time
}

// decoder makes the function that decodes messages of one type.
func decoder[T any](see func(T) facts) func([]byte) (report, error) {
	return func(text []byte) (report, error) {
		var message T
		if err := protocol.DecodeFields(text, &message); err != nil {
			return report{}, err
		}
		return report{message: message, facts: see(message)}, nil
	}
}

// decoders lists the interfaces that are called: 5.1 and 5.2 are links to pages.
var decoders = map[string]func([]byte) (report, error){
	"PostParkingInfo":   decoder(func(m protocol.ParkingInfo) facts { return facts{parkCode: m.ParkCode} }),
	"PostAreaInfo":      decoder(func(m protocol.AreaInfo) facts { return facts{parkCode: m.ParkCode} }),
	"PostDeviceState":   decoder(func(m protocol.DeviceState) facts { return facts{parkCode: m.ParkCode} }),
	"PostParkingDevice": decoder(func(m protocol.ParkingDevice) facts { return facts{parkCode: m.ParkCode} }),
	"PostFreeParkingSpace": decoder(func(m protocol.FreeSpaces) facts {
		return facts{parkCode: m.ParkCode}
	}),
	"PostCarInInfo": decoder(func(m protocol.CarIn) facts {
		return facts{m.ParkCode, join(m.PlateNo, m.CardNo, m.EntryTime), map[string]string{"entryTime": m.EntryTime}}
	}),
	"PostCarOutInfo": decoder(func(m protocol.CarOut) facts {
		return facts{m.ParkCode, "", map[string]string{"entryTime": m.EntryTime, "leaveTime": m.LeaveTime}}
	}),
	"PostPayDetail": decoder(func(m protocol.PayDetail) facts {
		times := map[string]string{"entryTime": m.EntryTime, "leaveTime": m.LeaveTime}
		return facts{m.ParkCode, join(m.PlateNo, m.CardNo, m.EntryTime, m.LeaveTime), times}
	}),
	"PostBlackInInfo": decoder(func(m protocol.BlackIn) facts {
		key := join(m.PlateNo, fmt.Sprint(m.BlackID), m.EntryPlace, m.EntryTime)
		return facts{m.ParkCode, key, map[string]string{"entryTime": m.EntryTime}}
	}),
	"PostCarCorrect": decoder(func(m protocol.CarCorrect) facts {
		times := map[string]string{"entryTime": m.EntryTime, "leaveTime": m.LeaveTime}
		return facts{m.ParkCode, join(m.PlateNo, m.EntryTime, m.LeaveTime, fmt.Sprint(m.TotalMoney)), times}
	}),
	"PostCarBillDetail": decoder(func(m protocol.BillDetail) facts {
		key := join(m.PlateNo, m.CardNo, m.EntryTime, m.PayTime, m.Remark, fmt.Sprint(m.PayMoney, m.FreeMoney, m.TicketMoney))
		return facts{m.ParkCode, key, map[string]string{"payTime": m.PayTime}}
	}),
	// A card is a present state: it may become again what it was before.
	"PostCarCard": decoder(func(m protocol.CarCard) facts {
		return facts{m.ParkCode, "", given(map[string]string{"validFrom": m.ValidFrom, "validTo": m.ValidTo})}
	}),
	"GetPayQRCode": decoder(func(m protocol.CodeQuery) facts {
		return facts{m.ParkCode, "", given(map[string]string{"inTime": m.InTime, "outTime": m.OutTime})}
	}),
	"PayScanCode": decoder(func(m protocol.ScanPay) facts {
		return facts{m.ParkCode, "", given(map[string]string{"inTime": m.InTime, "outTime": m.OutTime})}
	}),
	"AutonomousCalfee": decoder(func(m protocol.PriceQuery) facts {
		return facts{m.ParkCode, "", map[string]string{"entryTime": m.EntryTime, "leaveTime": m.LeaveTime}}
	}),
}

// given leaves out the fields that are empty.
func given(times map[string]string) map[string]string {
	for field, value := range times {
		if strings.TrimSpace(value) == "" {
			delete(times, field)
		}
	}
	return times
}

func join(parts ...string) string { return strings.Join(parts, "|") }
