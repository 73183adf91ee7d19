package tariff_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"parkagent/agent/config"
	"parkagent/agent/tariff"
)

// An example is a line of testdata/examples.txt.
type example struct {
	name          string
	site          *config.Config
	vehicle       tariff.Vehicle
	entered, left time.Time
	visits        [][2]time.Time
	fen           int64
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// examples reads the fees that published tariffs work out themselves.
func examples(t *testing.T) []example {
	t.Helper()
	var list []example
	for line := range strings.Lines(string(must(os.ReadFile("testdata/examples.txt"))(t))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(strings.TrimSpace(line), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		e := example{name: strings.Join(cells[:4], " "), vehicle: tariff.Vehicle{Color: -1}}
		path := filepath.Join("testdata", cells[0])
		e.site = must(config.Parse(path, must(os.ReadFile(path))(t), "testdata", config.Known{}))(t)
		at := func(s string) time.Time {
			return must(time.ParseInLocation("2006-01-02 15:04", strings.Trim(s, `"`), e.site.Park.Zone))(t)
		}
		e.entered, e.left = at(cells[2]), at(cells[3])
		switch flag, value, _ := strings.Cut(cells[1], " "); flag {
		case "":
		case "--size":
			e.vehicle.Size = map[string]int{"large": 1, "small": 2}[value]
		case "--color":
			e.vehicle.Color = must(strconv.Atoi(value))(t)
		case "--visit":
			in, out, _ := strings.Cut(value, "/")
			e.visits = append(e.visits, [2]time.Time{at(in), at(out)})
		default:
			t.Fatalf("%s: what is %s?", line, flag)
		}
		yuan, fen, _ := strings.Cut(cells[4], ".")
		e.fen = int64(must(strconv.Atoi(yuan + (fen + "00")[:2]))(t))
		list = append(list, e)
	}
	return list
}

func TestPublishedTariffsGiveThePublishedFees(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name, func(t *testing.T) {
			v := e.site.Calendar.Dated(e.vehicle, e.entered, e.left)
			f, ok := tariff.Select(e.site.Tariffs, v)
			if !ok {
				t.Fatalf("no tariff fits %+v", v)
			}
			stay := tariff.Stay{Entered: e.entered, Left: e.left}
			for _, x := range e.visits {
				fee := f.Bill(tariff.Stay{Entered: x[0], Left: x[1]}).Total
				stay.Earlier = append(stay.Earlier, tariff.Visit{Entered: x[0], Left: x[1], Fee: fee})
			}
			if got := f.Bill(stay); got.Total != e.fen {
				t.Errorf("Total = %d, want %d; lines %+v", got.Total, e.fen, got.Lines)
			}
		})
	}
}
