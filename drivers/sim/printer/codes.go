package printer

import (
	"image"
	"image/color"
)

// qrCode is GS ( k: the functions of a printer's own QR code.
func (p *Printer) qrCode(r *reader) error {
	head, err := r.take(3)
	if err != nil {
		return err
	}
	data, err := r.take(int(head[1]) | int(head[2])<<8)
	if err != nil {
		return err
	}
	if head[0] != 'k' || len(data) < 3 || data[0] != '1' {
		p.misunderstand("GS ( %c with % X", head[0], data)
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch data[1] {
	case 'A', 'C', 'E': // model, size, error correction
	case 'P':
		p.qr = string(data[3:])
	case 'Q':
		if p.prints() {
			p.now.QRs = append(p.now.QRs, p.qr)
		}
	default:
		p.bad = append(p.bad, "QR function "+string(data[1]))
	}
	return nil
}

// barcode is GS k 73: a Code 128 of sets B and C.
func (p *Printer) barcode(r *reader) error {
	head, err := r.take(2)
	if err != nil {
		return err
	}
	data, err := r.take(int(head[1]))
	if err != nil {
		return err
	}
	if head[0] != 73 || len(data) < 3 || data[0] != '{' || data[1] != 'B' && data[1] != 'C' {
		p.misunderstand("GS k %d with % X", head[0], data)
		return nil
	}
	var text []byte
	for i := 2; i < len(data); i++ {
		switch b := data[i]; {
		case data[1] == 'C' && b < 100:
			text = append(text, '0'+b/10, '0'+b%10)
		case data[1] == 'B' && b == '{' && i+1 < len(data) && data[i+1] == '{':
			i++
			fallthrough
		case data[1] == 'B' && b >= ' ' && b != '{':
			text = append(text, b)
		default:
			p.misunderstand("a bar code with % X", data)
			return nil
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.prints() {
		p.now.Barcodes = append(p.now.Barcodes, string(text))
	}
	return nil
}

// raster is GS v 0: an image. Images without anything between them are one.
func (p *Printer) raster(r *reader) error {
	head, err := r.take(6)
	if err != nil {
		return err
	}
	width, height := int(head[2])|int(head[3])<<8, int(head[4])|int(head[5])<<8
	if head[0] != '0' || head[1] != 0 || width == 0 || height == 0 || height > 2303 {
		p.misunderstand("GS v % X", head)
	}
	data, err := r.take(width * height)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.prints() {
		return nil
	}
	if width*8 > p.columns*12 {
		p.bad = append(p.bad, "an image wider than the paper")
	}
	var above *image.Gray
	if n := len(p.now.Images); n > 0 {
		if last := p.now.Images[n-1]; last.Bounds().Dx() == width*8 {
			above, p.now.Images = last, p.now.Images[:n-1]
		}
	}
	top := 0
	if above != nil {
		top = above.Bounds().Dy()
	}
	img := image.NewGray(image.Rect(0, 0, width*8, top+height))
	for y := range top + height {
		for x := range width * 8 {
			c := color.Gray{Y: 255}
			if y < top {
				c = above.GrayAt(x, y)
			} else if data[(y-top)*width+x/8]&(0x80>>(x%8)) != 0 {
				c.Y = 0
			}
			img.SetGray(x, y, c)
		}
	}
	p.now.Images = append(p.now.Images, img)
	return nil
}
