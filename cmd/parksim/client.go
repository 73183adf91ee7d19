package main

import (
	"context"
	"flag"
	"fmt"

	"parkagent/agent/config"
	"parkagent/protocol"
	"parkagent/protocol/platform"
)

// clientHelp explains the flags of the commands that call the agent.
var clientHelp = text{
	identityHelp[chinese] + `
  --park URL         parkagent 的地址（默认取配置中的 api.listen）`,
	identityHelp[english] + `
  --park URL         where parkagent listens (default: api.listen of the configuration)`,
}

// A question asks the car park something, once.
type question func(ctx context.Context, e *env, park *platform.CarPark, words []string) error

// clientSetup makes the work of a command that calls the agent, with as many
// words as are wanted, at least and at most.
func clientSetup(least, most int, ask question) func(f *flag.FlagSet) work {
	return func(f *flag.FlagSet) work {
		var id identity
		id.flags(f)
		park := f.String("park", "", "")
		return func(ctx context.Context, e *env, words []string) error {
			if len(words) < least || len(words) > most {
				return wrongUse(text{"参数的个数不对。`parksim help %s` 说明用法。", "the number of words is wrong. `parksim help %s` explains the use."}, f.Name())
			}
			var c *config.Config
			if id.config != "" {
				var err error
				if c, err = e.load(id.config); err != nil {
					return err
				}
			}
			carPark, err := asClient(id, *park, c)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, 2*exchangeTimeout)
			defer cancel()
			return ask(ctx, e, carPark, words)
		}
	}
}

func payCommand() command {
	return command{
		name: "pay", args: "PLATE",
		summary: text{"像平台一样查询并缴清一辆车的费用（3.1、3.2）", "ask for a car's bill and pay it, as a platform does (3.1, 3.2)"},
		help:    text{"选项：" + clientHelp[chinese], "Flags:" + clientHelp[english]},
		setup: clientSetup(1, 1, func(ctx context.Context, e *env, park *platform.CarPark, words []string) error {
			_, err := settle(ctx, e, park, words[0])
			return err
		}),
	}
}

// settle pays what a car owes and reports whether that was anything.
func settle(ctx context.Context, e *env, park *platform.CarPark, plate string) (bool, error) {
	bill, err := park.Bill(ctx, plate)
	if err != nil {
		return false, failure(err, text{"%s 查不到账单", "no bill for %s"}, plate)
	}
	e.event(text{"账单 %s：%s，入场 %s，停车 %d 分钟，总额 %s 元，已付 %s 元，应付 %s 元", "bill %s: %s, entered %s, %d minutes, fee %s, paid %s, due %s"},
		bill.OrderNo, bill.PlateNo, bill.EntryTime, bill.ElapsedTime, yuan(bill.TotalFee), yuan(bill.PayedFee), yuan(bill.Payable))
	if bill.Payable == 0 {
		e.event(text{"%s 不用付费", "%s owes nothing"}, bill.PlateNo)
		return false, nil
	}
	if _, err := park.PayBill(ctx, bill); err != nil {
		return false, failure(err, text{"%s 缴费失败", "%s could not pay"}, plate)
	}
	e.event(text{"%s 已付 %s 元，%d 分钟内离场", "%s paid %s; %d minutes to leave"}, bill.PlateNo, yuan(bill.Payable), bill.DelayTime)
	return true, nil
}

func insideCommand() command {
	return command{
		name: "inside", args: "[PLATE]",
		summary: text{"列出场内车辆（1.3）", "list the cars inside (1.3)"},
		help: text{"PLATE 是车牌的任意一部分；不写则列出全部。\n\n选项：" + clientHelp[chinese],
			"PLATE is any part of a plate; without it all cars are listed.\n\nFlags:" + clientHelp[english]},
		setup: clientSetup(0, 1, func(ctx context.Context, e *env, park *platform.CarPark, words []string) error {
			cars, err := park.Inside(ctx, append(words, "")[0])
			if err != nil {
				return failure(err, text{"查询失败", "the question failed"})
			}
			for _, car := range cars {
				e.print(e.stdout, fmt.Sprintf("%s  %s  %s  %s", car.EntryTime, car.PlateNo, car.EntryPlace, car.CardNo))
			}
			e.say(text{"场内 %d 辆", "%d inside"}, len(cars))
			return nil
		}),
	}
}

// gateActions are the words for what a gate can be told.
var gateActions = map[string]protocol.GateAction{
	"open": protocol.GateOpen, "close": protocol.GateClose, "hold": protocol.GateHold, "release": protocol.GateRelease,
}

func gateCommand() command {
	return command{
		name: "gate", args: "DEVICE open|close|hold|release",
		summary: text{"像平台一样控制一个道闸（2.3）", "move a gate, as a platform does (2.3)"},
		help:    text{"选项：" + clientHelp[chinese], "Flags:" + clientHelp[english]},
		setup: clientSetup(2, 2, func(ctx context.Context, e *env, park *platform.CarPark, words []string) error {
			action, ok := gateActions[words[1]]
			if !ok {
				return wrongUse(text{"道闸只能 open、close、hold 或 release，不能 %q。", "a gate can open, close, hold or release, not %q."}, words[1])
			}
			if err := park.Gate(ctx, words[0], action); err != nil {
				return failure(err, text{"%s 没有执行", "%s did not obey"}, words[0])
			}
			e.say(text{"%s：%s 已执行", "%s: %s is done"}, words[0], words[1])
			return nil
		}),
	}
}
