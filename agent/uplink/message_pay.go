package uplink

import (
	"parkagent/protocol"
	"parkagent/store"
)

// The message about a payment, uplink 2.7, and the codes of payments.

// billDetail makes uplink 2.7, of money that counts only. A waived rest is no
// payment; it is part of freeMoney when the car leaves (2.3). An orphan is
// money whose platform was told to give it back; reported, it would be counted.
func (u *Uplink) billDetail(f store.PaymentFact) any {
	if store.PaymentKind(f.Kind) != store.PaymentMoney {
		return nil
	}
	paid := protocol.PaidCharged
	if f.Amount == 0 {
		paid = protocol.PaidFree
	}
	return protocol.BillDetail{
		ParkCode: u.cfg.ParkCode, PlateNo: plate(f.Plate), CardNo: f.CardNo, CarType: protocol.CarType(f.CarType),
		// The car is still inside, or leaves by this very payment.
		EntryTime: u.time(f.EnteredMs), LeaveTime: u.time(f.PaidMs),
		TotalMoney: f.Total, PayMoney: f.Amount, FreeMoney: f.Discount,
		TicketMoney: f.FreeMoney, TicketTime: f.FreeMinutes * 60, TicketNum: f.Tickets,
		// The change is owed when this is told, whenever it is given.
		SelfTotal:    f.Change,
		TerminalType: terminal(f.Terminal), PayType: collected(f.Terminal, f.PayMethod), PayTime: u.time(f.PaidMs),
		PaidType: paid, Remark: f.Order,
	}
}

// terminal turns where a payment was made into appendix 1.3. Rows from before
// there were any but platforms do not say; and no merchant's machine (0) can pay.
func terminal(code int) protocol.Terminal {
	if code == 0 {
		return protocol.TerminalThirdSingle
	}
	return protocol.Terminal(code)
}

// boothPay turns downlink 3.2's payMethod into appendix 1.2. WeChat and Alipay
// were collected by a platform, not by the car park; a stay without a payment
// counts as cash of nothing.
func boothPay(method int) protocol.BoothPay {
	switch protocol.BoothPay(method) {
	case protocol.BoothWeChat:
		return protocol.BoothThirdWeChat
	case protocol.BoothAlipay:
		return protocol.BoothThirdAlipay
	}
	if method < 0 {
		return protocol.BoothCash
	}
	return protocol.BoothPay(method)
}

// collected is payMethod, but that what an operator has taken at a booth was
// collected by the car park.
func collected(at, method int) protocol.PayMethod {
	switch {
	case at == int(protocol.TerminalBooth) && method == int(protocol.BoothWeChat):
		return protocol.PayWeChat
	case at == int(protocol.TerminalBooth) && method == int(protocol.BoothAlipay):
		return protocol.PayAlipay
	}
	return payMethod(method)
}

// payMethod turns downlink 3.2's payMethod into appendix 1.4.
func payMethod(method int) protocol.PayMethod {
	switch boothPay(method) {
	case protocol.BoothThirdWeChat:
		return protocol.PayThirdWeChat
	case protocol.BoothThirdAlipay:
		return protocol.PayThirdAlipay
	case protocol.BoothPOS:
		return protocol.PayBankCard
	case protocol.BoothCard:
		return protocol.PayStoredCard
	case protocol.BoothCityCard:
		return protocol.PayTransitCard
	case protocol.BoothCash:
		return protocol.PayCash
	}
	return protocol.PayMethod(method) // a code of the platform's own
}
