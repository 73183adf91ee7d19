package display

import "fmt"

// ParseOptions reads the option table of a device with one of the drivers
// "fangkong", "huaxia-led", "onbon", "syn6288" and "xunpeng". The functions
// that it calls say which options there are.
func ParseOptions(driver string, table map[string]any) (Options, error) {
	switch driver {
	case "fangkong":
		return ParseFangkongOptions(table)
	}
	return nil, fmt.Errorf("no display driver %q", driver)
}
