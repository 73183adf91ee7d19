package display

import "fmt"

// ParseOptions reads the option table of a device with one of the drivers
// "fangkong", "huaxia-led", "onbon", "syn6288" and "xunpeng". The functions
// that it calls say which options there are. An unknown driver is an error.
func ParseOptions(driver string, table map[string]any) (Options, error) {
	switch driver {
	case "fangkong":
		return ParseFangkongOptions(table)
	case "huaxia-led":
		return ParseHuaxiaOptions(table)
	case "onbon":
		return ParseOnbonOptions(table)
	case "syn6288":
		return ParseSpeechOptions(table)
	case "xunpeng":
		return ParseCountOptions(table)
	}
	return nil, fmt.Errorf("no display driver %q", driver)
}
