package frame

// crcModbus is CRC-16/MODBUS: polynomial A001 reflected, initial value FFFF.
// Fangkong cards send it low byte first, AA55 boards high byte first.
func crcModbus(b []byte) uint16 { return crc16(0xFFFF, b) }

// crcARC is CRC-16/ARC: polynomial A001 reflected, initial value 0.
func crcARC(b []byte) uint16 { return crc16(0, b) }

func crc16(crc uint16, b []byte) uint16 {
	for _, v := range b {
		crc ^= uint16(v)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0xA001
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}
