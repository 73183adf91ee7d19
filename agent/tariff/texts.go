package tariff

// Words returns a note as it is said to people, in the two languages of the car
// park. A note that is none of this package's is its own text.
func (n Note) Words() (chinese, english string) {
	words, ok := map[Note][2]string{
		NoteFree:     {"免费时长", "free time"},
		NoteFreeBand: {"免费时段", "free hours"},
		NoteMinutes:  {"优惠时长", "free minutes"},
		NoteUntil:    {"优惠至此前免费", "free until then"},
		NoteLump:     {"整段计费", "one price"},
		NoteUnits:    {"按单位计费", "by the unit"},
		NoteBandCap:  {"时段封顶", "cap of these hours"},
		NoteCap:      {"周期封顶", "cap of the period"},
		NotePeriods:  {"完整周期（含封顶）", "full periods, caps included"},
		NoteAdder:    {"长时间停放加收", "surcharge for a long stay"},
		NoteStayCap:  {"单次封顶", "cap of the stay"},
		NotePercent:  {"按比例调整", "percentage"},
		NoteRound:    {"取整", "rounding"},
		NotePerVisit: {"按次收费", "price of a visit"},
		NoteWindow:   {"时段票", "flat ticket"},
		NoteBefore:   {"上次已计费", "charged before"},
		NoteVisits:   {"多次停车合计封顶", "cap of all visits"},
	}[n]
	if !ok {
		return string(n), string(n)
	}
	return words[0], words[1]
}
