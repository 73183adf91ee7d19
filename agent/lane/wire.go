package lane

import "parkagent/drivers"

// wireColor counts a plate's colour as the books and the wire do.
func wireColor(c drivers.PlateColor) int {
	switch c {
	case drivers.ColorBlue:
		return 0
	case drivers.ColorYellow:
		return 1
	case drivers.ColorWhite:
		return 2
	case drivers.ColorBlack:
		return 3
	case drivers.ColorGreen, drivers.ColorYellowGreen:
		return 4
	}
	return -1
}

// wireSize counts a car's size as the books and the wire do: 1 large, 2 small.
// A camera that does not tell leaves it to the plate, of which the yellow ones
// are large cars'; what nothing tells is small, as most cars are.
func wireSize(r drivers.Recognition) int {
	yellow := r.Color == drivers.ColorYellow || r.Color == drivers.ColorYellowGreen
	if r.Size == drivers.SizeLarge || r.Size == drivers.SizeUnknown && yellow {
		return 1
	}
	return 2
}
