package huaxia

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"parkagent/drivers/camera/reply"
)

// answer is the body of every answer. error_num 0 says that the push was taken:
// with anything else the camera keeps it and sends it again as offline.
type answer struct {
	ErrorNum int          `json:"error_num"`
	ErrorStr string       `json:"error_str"`
	GPIO     []gpio       `json:"gpio_data,omitempty"`
	RS485    []serialData `json:"rs485_data,omitempty"`
}

// gpio switches one output, "io1" and up, "on" or "off". How long on lasts is
// set in the camera.
type gpio struct {
	Number string `json:"ionum"`
	Action string `json:"action"`
}

// serialData are bytes that the camera writes to its RS485.
type serialData struct {
	Encoding string `json:"encodetype"`
	Data     string `json:"data"`
}

// make makes the answer to a push of what it shall carry.
func (o Options) make(a reply.Answer) answer {
	body := answer{ErrorStr: "noerror"}
	switch a.Order {
	case reply.Raise:
		body.GPIO = output(o.IO, "on")
	case reply.Lower:
		body.GPIO = output(o.Close, "on")
	case reply.Hold:
		body.GPIO = output(o.Hold, "on")
	case reply.Release:
		body.GPIO = output(o.Hold, "off")
	case reply.Nothing:
	}
	for _, port := range a.Frames {
		for _, frame := range port.Frames {
			body.RS485 = append(body.RS485, o.encode(frame))
		}
	}
	return body
}

func output(number int, action string) []gpio {
	return []gpio{{Number: "io" + strconv.Itoa(number), Action: action}}
}

func (o Options) encode(frame []byte) serialData {
	if o.Encoding == EncodingBase64 {
		return serialData{Encoding: "base64", Data: base64.StdEncoding.EncodeToString(frame)}
	}
	return serialData{Encoding: "hex2string", Data: fmt.Sprintf("%X", frame)}
}
