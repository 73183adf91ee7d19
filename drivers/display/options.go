package display

import "fmt"

// A family is a driver of displays by the name that a configuration gives it.
type family struct {
	name  string
	parse func(table map[string]any) (Options, error)
}

func families() []family {
	return []family{
		{"fangkong", func(t map[string]any) (Options, error) { return ParseFangkongOptions(t) }},
		{"huaxia-led", func(t map[string]any) (Options, error) { return ParseHuaxiaOptions(t) }},
		{"onbon", func(t map[string]any) (Options, error) { return ParseOnbonOptions(t) }},
		{"syn6288", func(t map[string]any) (Options, error) { return ParseSpeechOptions(t) }},
		{"xunpeng", func(t map[string]any) (Options, error) { return ParseCountOptions(t) }},
	}
}

// Drivers returns the names of the drivers of displays.
func Drivers() []string {
	var names []string
	for _, f := range families() {
		names = append(names, f.name)
	}
	return names
}

// ParseOptions reads the option table of a device with one of Drivers. The functions
// that it calls say which options there are. An unknown driver is an error.
func ParseOptions(driver string, table map[string]any) (Options, error) {
	for _, f := range families() {
		if f.name == driver {
			return f.parse(table)
		}
	}
	return nil, fmt.Errorf("no display driver %q", driver)
}
