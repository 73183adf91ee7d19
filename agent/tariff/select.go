package tariff

import (
	"slices"
	"time"
)

// A Vehicle is what a tariff is chosen by. Unknown values (Size 0, Color −1,
// Area 0, Day 0, Date "") fit only a tariff whose list is empty or whose dates
// are open.
type Vehicle struct {
	CarType int
	Size    int
	Color   int
	Area    int
	Day     Day // of the stay; see Calendar.Dated
	Date    Date
}

// Select returns the first tariff that fits v, or false if none does.
func Select(tariffs []Tariff, v Vehicle) (Tariff, bool) {
	for _, t := range tariffs {
		if t.fits(v) {
			return t, true
		}
	}
	return Tariff{}, false
}

func (t Tariff) fits(v Vehicle) bool {
	return fits(t.CarTypes, v.CarType) && fits(t.Sizes, v.Size) && fits(t.Colors, v.Color) && fits(t.Areas, v.Area) &&
		fits(t.Days, v.Day) && (t.ValidFrom == "" || t.ValidFrom <= v.Date) && (t.ValidTo == "" || v.Date != "" && v.Date <= t.ValidTo)
}

func fits[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

// A Date is a day of the calendar as "2026-01-31", so that dates compare as text.
type Date string

// DateOf returns the date at t, in its location.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// A Day is a kind of day. 0 is unknown.
type Day uint8

// The kinds of days.
const (
	Workday Day = iota + 1 // Monday to Friday, and days that make up for a holiday
	Restday                // other Saturdays and Sundays
	Holiday                // public holidays, whichever day of the week
)

// A Calendar knows the days that are not what their weekday says, and by which
// moment of a stay its tariff is chosen.
type Calendar struct {
	Holidays []Date
	Workdays []Date // that make up for holidays
	ByExit   bool   // the tariff in force when the car leaves holds, otherwise that of its entry
}

// Day returns what kind of day it is at t, in its location.
func (c Calendar) Day(t time.Time) Day {
	switch date, weekday := DateOf(t), t.Weekday(); {
	case slices.Contains(c.Holidays, date):
		return Holiday
	case slices.Contains(c.Workdays, date):
		return Workday
	case weekday == time.Saturday || weekday == time.Sunday:
		return Restday
	}
	return Workday
}

// Dated returns v with the day of a stay by which its tariff is chosen, days
// and versions alike. The times are in the car park's location.
func (c Calendar) Dated(v Vehicle, entered, left time.Time) Vehicle {
	at := entered
	if c.ByExit {
		at = left
	}
	v.Day, v.Date = c.Day(at), DateOf(at)
	return v
}
