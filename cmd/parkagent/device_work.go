package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"parkagent/drivers"
)

// showFor is how long a shown text stands before the panel goes back to its own.
const showFor = 30 * time.Second

func (j *job) show(ctx context.Context, e *env) error {
	if err := j.byAnswer(); err != nil {
		return err
	}
	screen := drivers.Screen{For: showFor}
	for line := range strings.SplitSeq(j.argument, "|") {
		screen.Lines = append(screen.Lines, drivers.Line{Text: line})
	}
	if err := j.all.Displays[j.code].Show(ctx, screen); err != nil {
		return j.explain(err)
	}
	return e.tell(text{"已发送到显示屏 %s；若没有显示，请检查接线、波特率和地址。", "Sent to display %s. If it shows nothing, check wires, speed and address."}.with(j.code))
}

func (j *job) snapshot(ctx context.Context, e *env) error {
	picture, err := j.all.Cameras[j.code].Snapshot(ctx)
	if err != nil {
		return j.explain(err)
	}
	file := j.argument
	if file == "" {
		file = j.code + ".jpg"
	}
	// People and plates are in it.
	if err := os.WriteFile(file, picture.JPEG, 0o600); err != nil {
		return &failure{text{"无法保存图片", "the picture cannot be kept"}, err}
	}
	return e.tell(text{"相机 %s 的图片（%d 字节）已保存到 %s。", "The picture of camera %s, %d bytes, is in %s."}.with(j.code, len(picture.JPEG), file))
}

// scanTimeout is how long scan waits at least. Somebody walks to the scanner.
const scanTimeout = 30 * time.Second

// scan waits for one code. What is shown of it is not the code: it may be money.
func (j *job) scan(ctx context.Context, e *env) error {
	s := j.all.Scanners[j.code]
	if err := s.Check(ctx); err != nil {
		return j.explain(err)
	}
	limit := max(j.timeout, scanTimeout)
	if err := e.tell(text{"请在 %v 内把码对准扫码器 %s。", "Show a code to scanner %[2]s within %[1]v."}.with(limit, j.code)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	var got *drivers.Code
	err := s.Watch(ctx, func(_ context.Context, c drivers.Code) {
		if got == nil {
			got = &c
		}
		cancel()
	})
	switch {
	case got != nil:
		kind := map[drivers.CodeKind]text{
			drivers.CodeWeChat: {"微信付款码", "payment code of WeChat"}, drivers.CodeAlipay: {"支付宝付款码", "payment code of Alipay"},
			drivers.CodeUnionPay: {"银联付款码", "payment code of UnionPay"}, drivers.CodeOther: {"其他码（小票、链接等）", "other code, of a ticket or a link"},
		}[got.Kind]
		_, masked, _ := strings.Cut(got.String(), " ")
		return e.tell(text{
			fmt.Sprintf("扫码器 %s 读到：%s，%d 个字符，%s。", j.code, kind.zh, len([]rune(got.Text)), masked),
			fmt.Sprintf("Scanner %s read: %s, %d characters, %s.", j.code, kind.en, len([]rune(got.Text)), masked),
		})
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		return j.explain(err)
	}
	return j.explain(fmt.Errorf("%w: no code came", drivers.ErrOffline))
}

// print prints a page on which an installer sees whether text, large text and QR
// codes come out right.
func (j *job) print(ctx context.Context, e *env) error {
	hello := text{"打印测试", "Test page"}.in(e.lang)
	page := drivers.Document{Parts: []drivers.Part{
		{Text: hello, Large: true, Centred: true},
		{Text: j.site.Park.Name, Centred: true},
		{Text: time.Now().In(j.site.Park.Zone).Format(time.DateTime)},
		{Text: "粤B12345  0123456789"},
		{QR: "parkagent " + j.code},
	}}
	j.sent = true
	if err := j.all.Printers[j.code].Print(ctx, page); err != nil {
		return j.explain(err)
	}
	return e.tell(text{"打印机 %s 已打印测试页；请看文字和二维码是否完整。", "Printer %s has printed a test page: see whether text and QR code are whole."}.with(j.code))
}
