package config

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// bom is the mark that Windows editors put before UTF-8.
const bom = "\ufeff"

// plainText returns the file as UTF-8 without a mark. Old Windows editors write
// GBK, which is recognised by not being UTF-8. If the text cannot be read, the
// problem is returned instead.
func plainText(data []byte) ([]byte, *Problem) {
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) || bytes.IndexByte(data, 0) >= 0 {
		return nil, &Problem{Line: 1, Column: 1,
			Chinese: "文件是 UTF-16（Windows 的“Unicode”）或二进制格式，请另存为 UTF-8",
			English: "the file is UTF-16 (what Windows calls Unicode) or binary; save it as UTF-8"}
	}
	data = bytes.TrimPrefix(data, []byte(bom))
	if utf8.Valid(data) {
		return bytes.Clone(data), nil
	}
	text, err := simplifiedchinese.GBK.NewDecoder().Bytes(data)
	if err == nil && !bytes.ContainsRune(text, utf8.RuneError) {
		return text, nil
	}
	bad := 0
	for bad < len(data) {
		r, size := utf8.DecodeRune(data[bad:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		bad += size
	}
	start := bytes.LastIndexByte(data[:bad], '\n') + 1
	line, _, _ := strings.Cut(string(data[start:]), "\n")
	return nil, &Problem{Line: bytes.Count(data[:bad], []byte("\n")) + 1, Column: bad - start + 1, Text: shown(strings.ToValidUTF8(line, "?")),
		Chinese: "既不是 UTF-8 也不是 GBK 文本，请另存为 UTF-8",
		English: "this is neither UTF-8 nor GBK text; save the file as UTF-8"}
}
