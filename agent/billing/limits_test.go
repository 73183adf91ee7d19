package billing

import (
	"errors"
	"testing"
	"time"
)

// TestAStayBeyondALimitOfTheCarParkNeedsAnOperator shows that no channel bills it.
func TestAStayBeyondALimitOfTheCarParkNeedsAnOperator(t *testing.T) {
	tests := []struct {
		name  string
		limit func(*Config)
		stay  time.Duration
		want  error
	}{
		{"no limit", func(*Config) {}, 1000 * time.Hour, nil},
		{"the highest fee itself", func(c *Config) { c.MaxFee = 700 }, 90 * time.Minute, nil},
		{"a fee above it", func(c *Config) { c.MaxFee = 700 }, 91 * time.Minute, ErrAboveLimit},
		{"though the tariff has a higher one", func(c *Config) { c.MaxFee, c.Tariffs[0].MaxAutomatic = 700, 2000 }, 91 * time.Minute, ErrAboveLimit},
		{"a lower one of the tariff", func(c *Config) { c.MaxFee, c.Tariffs[0].MaxAutomatic = 2000, 700 }, 91 * time.Minute, ErrAboveLimit},
		{"the longest stay itself", func(c *Config) { c.MaxStay = 48 * time.Hour }, 48 * time.Hour, nil},
		{"a longer one", func(c *Config) { c.MaxStay = 48 * time.Hour }, 48*time.Hour + time.Millisecond, ErrAboveLimit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			tt.limit(&r.cfg)
			s := r.park(t, "粤B12345")
			r.after(tt.stay)
			if _, _, err := r.Order(t.Context(), Ref{Plate: "粤B12345"}, "mall"); !errors.Is(err, tt.want) {
				t.Errorf("Order = %v, want %v", err, tt.want)
			}
			if _, err := r.Due(t.Context(), r.db.Reader, s, r.now); !errors.Is(err, tt.want) {
				t.Errorf("Due = %v, want %v", err, tt.want)
			}
		})
	}
}
