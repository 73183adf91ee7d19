package downlink

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parkagent/agent/access"
	"parkagent/agent/plate"
	"parkagent/protocol"
	"parkagent/store"
)

// addCard answers 4.1. A plate's type is that of 4.2 and means nothing here.
func (s *Server) addCard(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.CardAdd](c)
	if err != nil {
		return nil, err
	}
	card, err := cardTexts(q.CardName, q.UseName, q.Tel, q.RoomID)
	if err != nil {
		return nil, err
	}
	if card.CarType, err = cardType(q.CarType); err != nil {
		return nil, err
	}
	if card.Spaces, err = smallField("spaceNum", q.SpaceNum, 1); err != nil {
		return nil, err
	}
	if card.From, card.To, err = s.period("validFrom", q.ValidFrom, "validTo", q.ValidTo); err != nil {
		return nil, err
	}
	for _, detail := range q.PlateDetails {
		if card.Plates, err = withDetail(card.Plates, detail); err != nil {
			return nil, err
		}
	}
	id, err := s.cfg.Rules.AddCard(ctx, card, c.by())
	if err != nil {
		return nil, err
	}
	return []protocol.CardID{{CardID: id}}, nil
}

// editCard answers 4.2. What is not given stays as it is.
func (s *Server) editCard(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.CardEdit](c)
	if err != nil {
		return nil, err
	}
	texts, err := cardTexts(q.CardName, q.UseName, q.Tel, q.RoomID)
	if err != nil {
		return nil, err
	}
	e := access.CardEdit{
		Name: unlessEmpty(texts.Name), Owner: unlessEmpty(texts.Owner), Tel: unlessEmpty(texts.Tel), Room: unlessEmpty(texts.Room),
	}
	if e.From, e.To, err = s.validity(q.ValidFrom, q.ValidTo); err != nil {
		return nil, err
	}
	if q.SpaceNum.N > 0 {
		spaces, err := smallField("spaceNum", q.SpaceNum, 1)
		if err != nil {
			return nil, err
		}
		e.Spaces = &spaces
	}
	for _, detail := range q.PlateDetails {
		list := &e.Add
		if detail.Type.Set && detail.Type.N == protocol.PlateRemove {
			list = &e.Remove
		}
		if *list, err = withDetail(*list, detail); err != nil {
			return nil, err
		}
	}
	return nil, s.cfg.Rules.EditCard(ctx, q.CardID, e, c.by())
}

// deleteCard answers 4.3.
func (s *Server) deleteCard(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.CardDelete](c)
	if err != nil {
		return nil, err
	}
	return nil, s.cfg.Rules.DeleteCard(ctx, q.CardID, c.by())
}

// editCardPlate answers 4.4. The plate to delete is looked for in plateNo as well
// where oldplateNo is empty.
func (s *Server) editCardPlate(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.CardPlateEdit](c)
	if err != nil {
		return nil, err
	}
	to, err := cardPlate("plateNo", q.PlateNo, q.IsCard)
	if err != nil {
		return nil, err
	}
	from, err := cardPlate("oldplateNo", q.OldPlateNo, q.IsCard)
	if err != nil {
		return nil, err
	}
	switch q.ModifyType {
	case protocol.EditAdd:
		err = s.cfg.Rules.EditCard(ctx, q.CardID, access.CardEdit{Add: []store.CardPlate{to}}, c.by())
	case protocol.EditChange:
		err = s.cfg.Rules.ReplacePlate(ctx, q.CardID, from, to, c.by())
	default:
		if from == (store.CardPlate{}) {
			from = to
		}
		err = s.cfg.Rules.EditCard(ctx, q.CardID, access.CardEdit{Remove: []store.CardPlate{from}}, c.by())
	}
	return nil, err
}

// cards answers 4.5: all cards without a filter. areaList names the areas in which
// a card is good. A card without a name is called by its owner's, because
// the document says that cardName is the user's here.
func (s *Server) cards(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.CardQuery](c)
	if err != nil {
		return nil, err
	}
	no, err := plateField("plateNo", q.PlateNo)
	if err != nil {
		return nil, err
	}
	list, err := s.cfg.Rules.Cards(ctx, no, q.CardID.N)
	if err != nil {
		return nil, err
	}
	areas, err := s.cfg.DB.Areas(ctx)
	if err != nil {
		return nil, err
	}
	rows := []protocol.CardInfo{}
	for _, card := range list {
		names := []string{}
		for _, area := range areas {
			if s.cfg.Rules.CardGood(card.CarType, area.Code) {
				names = append(names, area.Name)
			}
		}
		row := protocol.CardInfo{
			CardID: card.ID, CarType: protocol.CarType(card.CarType), CardName: card.Name, Tel: card.Tel, RoomID: card.Room, AreaList: names,
			ValidFrom: protocol.FormatDash(card.From, s.cfg.Location), ValidTo: protocol.FormatDash(card.To, s.cfg.Location),
			ValidValue: card.Balance, SpaceNum: card.Spaces, LastUpdateTime: protocol.FormatDash(card.UpdatedAt, s.cfg.Location),
		}
		if row.CardName == "" {
			row.CardName = card.Owner
		}
		for _, p := range card.Plates {
			row.PlateDetails = append(row.PlateDetails, protocol.PlateDetail{PlateNo: p.Plate, EtcNo: p.Etc})
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// rechargeCard answers 4.6. Without an order number the same enciphered request is
// the same payment, as in 3.3. Only cards that hold a time need the end of a period.
func (s *Server) rechargeCard(ctx context.Context, c *call) (any, error) {
	q, err := decode[protocol.CardPayment](c)
	if err != nil {
		return nil, err
	}
	from, to, err := s.validity(q.ValidFrom, q.ValidTo)
	if err != nil {
		return nil, err
	}
	order, err := textField("orderNo", q.OrderNo)
	if err != nil {
		return nil, err
	}
	err = s.cfg.Rules.Recharge(ctx, access.Recharge{
		Card: q.CardID, Order: order, Amount: q.Amount, From: orZero(from), To: orZero(to), Request: c.digest,
	}, c.by())
	if to == nil && errors.Is(err, access.ErrPeriod) {
		err = &protocol.FieldError{Field: "validTo", Problem: protocol.Missing}
	}
	return nil, err
}

// products answers 4.7: by what cards of a type are recharged here.
func (s *Server) products(_ context.Context, c *call) (any, error) {
	q, err := decode[protocol.ProductQuery](c)
	if err != nil {
		return nil, err
	}
	kind, err := cardType(q.CarType)
	if err != nil {
		return nil, err
	}
	rows := []protocol.Product{}
	for _, p := range s.cfg.Products {
		if p.CarType == kind {
			rows = append(rows, protocol.Product{
				RuleName: p.Name, RechargeAmount: p.Amount, RechargeType: p.Unit, BasicMoney: p.Price,
				SentAmount: p.SentAmount, SentType: p.SentUnit,
			})
		}
	}
	return rows, nil
}

// cardType is the type of a card. Temporary and booked cars have none, and what is
// not in the document's appendix nobody could bill.
func cardType(given protocol.Int) (int, error) {
	kind, err := smallField("carType", given, 0)
	t := protocol.CarType(kind)
	if err != nil || t == protocol.CarTemporary || t == protocol.CarBooked || t.Name("en") == "" {
		return 0, &protocol.FieldError{Field: "carType", Problem: protocol.OutOfRange}
	}
	return kind, nil
}

// cardTexts is a card with nothing but these.
func cardTexts(name, owner, tel, room string) (store.Card, error) {
	var c store.Card
	for _, f := range []struct {
		name, value string
		into        *string
	}{{"cardName", name, &c.Name}, {"useName", owner, &c.Owner}, {"tel", tel, &c.Tel}, {"roomId", room, &c.Room}} {
		var err error
		if *f.into, err = textField(f.name, f.value); err != nil {
			return c, err
		}
	}
	return c, nil
}

// mostEtc bounds the number of an IC card, in characters.
const mostEtc = 64

// withDetail adds a plate detail to a list. One that has both a plate and an IC
// card, of which the document wants one only and shows both, counts as each of them.
func withDetail(list []store.CardPlate, detail protocol.PlateDetail) ([]store.CardPlate, error) {
	no, err := plateField("plateDetails", detail.PlateNo)
	if err != nil {
		return nil, err
	}
	etc := strings.TrimSpace(detail.EtcNo)
	if utf8.RuneCountInString(etc) > mostEtc {
		return nil, &protocol.FieldError{Field: "plateDetails", Problem: protocol.OutOfRange}
	}
	for _, p := range []store.CardPlate{{Plate: no}, {Etc: etc}} {
		if p != (store.CardPlate{}) && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list, nil
}

// cardPlate is a plate or the number of an IC card, as isCard of 4.4 says. The
// document's own example calls a plate a card: what looks like a plate is one.
func cardPlate(name, value string, isCard protocol.Int) (store.CardPlate, error) {
	if isCard.Or(1) == 1 || looksLikePlate(value) {
		no, err := plateField(name, value)
		return store.CardPlate{Plate: no}, err
	}
	etc := strings.TrimSpace(value)
	if utf8.RuneCountInString(etc) > mostEtc {
		return store.CardPlate{}, &protocol.FieldError{Field: name, Problem: protocol.OutOfRange}
	}
	return store.CardPlate{Etc: etc}, nil
}

// looksLikePlate reports whether a text is a plate, with or without its province.
func looksLikePlate(value string) bool {
	no := plate.Normal(value)
	return plate.Valid(no) || plate.Valid("京"+no)
}

// unlessEmpty is a text that was given, nil for one that was not.
func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// orZero is a time that was given, the zero time for one that was not.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
