package main

import (
	"cmp"
	"errors"
	"flag"
	"strconv"
	"strings"

	"parkagent/agent/config"
	"parkagent/protocol"
	"parkagent/protocol/platform"
)

// A money is what a platform does with money, as flags say.
type money struct {
	accounts map[string]int64 // fen by plate
	seamless []string         // plates
	price    int64            // fen of every stay; -1: it does not price

	park, client                          string // whom it tells of payments, and as which [[client]]
	clientUser, clientPassword, clientKey string // instead of a configuration
}

// moneyHelp explains money's flags.
var moneyHelp = text{`
  --account PLATE=FEN
                     该车牌的账户里有 FEN 分，可重复：2.2 从中扣款，2.6 退回
  --seamless PLATE   入场时应答已开通免密支付，可重复；扣款还需要 --account
  --price FEN        每次停车都计 FEN 分（5.3）；不写则拒绝计费
  --park URL         收款后通知这里的 parkagent（3.2），默认取配置中的 api.listen；两者都没有则不通知
  --client NAME      用配置中这个 [[client]] 的身份通知（默认第一个）
  --client-user --client-password --client-key
                     不用配置文件时的身份（默认与 --user 等相同）`, `
  --account PLATE=FEN
                     the plate has an account of FEN fen, may be repeated: 2.2 deducts from it, 2.6 gives back
  --seamless PLATE   its entry is answered with seamless payment, may be repeated; deducting needs an --account
  --price FEN        every stay costs FEN fen (5.3); without it pricing is refused
  --park URL         tell the parkagent there of payments (3.2); default: api.listen of the configuration, if any
  --client NAME      tell it as this [[client]] of the configuration (default: the first)
  --client-user --client-password --client-key
                     who tells it, without a configuration (default: the same as --user and so on)`}

func (m *money) flags(f *flag.FlagSet) {
	m.accounts, m.price = map[string]int64{}, -1
	f.Func("account", "", func(s string) error {
		plate, fen, _ := strings.Cut(s, "=")
		n, err := fenOf(fen)
		if plate == "" || err != nil {
			return errors.New("want PLATE=FEN, as in 粤B12345=5000")
		}
		m.accounts[plate] = n
		return nil
	})
	f.Func("seamless", "", func(s string) error {
		m.seamless = append(m.seamless, s)
		return nil
	})
	f.Func("price", "", func(s string) (err error) {
		m.price, err = fenOf(s)
		return err
	})
	f.StringVar(&m.park, "park", "", "")
	f.StringVar(&m.client, "client", "", "")
	f.StringVar(&m.clientUser, "client-user", "", "")
	f.StringVar(&m.clientPassword, "client-password", "", "")
	f.StringVar(&m.clientKey, "client-key", "", "")
}

// fenOf reads an amount of money.
func fenOf(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > protocol.MaxInt {
		return 0, errors.New("want a number of fen")
	}
	return n, nil
}

// carPark returns the car park that the platform tells of payments, nil for none.
// id is who the platform is in the uplink.
func (m *money) carPark(id identity, c *config.Config) (*platform.CarPark, error) {
	switch {
	case c == nil && m.park == "":
		return nil, nil
	case c == nil:
		id.user, id.password, id.key = cmp.Or(m.clientUser, id.user), cmp.Or(m.clientPassword, id.password), cmp.Or(m.clientKey, id.key)
	case len(c.Clients) == 0 && m.client == "":
		return nil, nil // nobody may call this agent
	default:
		id = identity{name: m.client, user: m.clientUser, password: m.clientPassword, key: m.clientKey}
	}
	return asClient(id, m.park, c)
}

// give gives a platform the accounts and the price.
func (m *money) give(p *platform.Platform) {
	for plate, fen := range m.accounts {
		p.SetAccount(plate, fen)
	}
	for _, plate := range m.seamless {
		p.SetSeamless(plate, true)
	}
	if m.price >= 0 {
		p.SetPricing(func(protocol.PriceQuery) (int64, bool) { return m.price, true })
	}
}
