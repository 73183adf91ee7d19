package lane

// inquire has platforms asked about the car that stands there. Whoever asks them
// calls Paid when they have answered.
func (l *Lane) inquire(c inquire) event {
	if l.cfg.Ask == nil {
		return unasked(c)
	}
	l.cfg.Ask(c.session)
	return nil
}
