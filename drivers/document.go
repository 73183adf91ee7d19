package drivers

// A Document is what a printer prints in one piece and then cuts off: an entry
// ticket, a change slip. It knows no paper: a printer breaks lines where its paper
// ends.
type Document struct {
	Parts []Part // from the top
}

// A Part is one paragraph of a Document: of Text, QR and Barcode the one that is
// not empty. A Part that has none is an empty line.
type Part struct {
	Text    string
	Large   bool // twice as wide and high
	Centred bool // QR and Barcode are always

	QR      string // the content of a QR code
	Barcode string // the content of a bar code, ASCII; it is printed below as text too
}
