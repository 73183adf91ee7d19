// Package protocol holds the bytes and names of the car-park integration protocol: cipher, envelope, text, times, codes, routes and messages.
//
// Two sides speak it. In the uplink the car park calls a platform, in the
// downlink a platform calls the car park. Both ways a request is an HTTP POST
// with the headers user and pwd and the body {"data":"<base64>"}, whose data is
// a JSON text under 3DES with the date as IV ([Cipher]); the answer is plain
// JSON, {"resCode":0,"resMsg":"","data":…} ([Response], [Reply]).
//
// A server opens requests with [Cipher.OpenRequest] and [DecodeFields] and
// answers with [WriteResponse]. A caller uses [Client]. Every message of the 28
// downlink and 17 uplink interfaces is a struct of the files downlink_*.go and
// uplink_*.go, whose comment names the interface: request and answer rows. [Match]
// and [UplinkNamed] find out what is being called. 5.1 and 5.2 of the uplink are
// links for people, [TicketLink] and [ChangeLink].
//
// Where the document's tables and examples disagree about a name, both are
// written and either is read; names are read in any case.
//
// Real clients deviate from the document in many ways. What is written here is
// exact; what is read is tolerant. On the wire money is an integer number of
// fen and a time is car-park local time without a zone.
//
// README.md beside this file is the guide for integrators: vectors, error texts,
// and a request and an answer of every interface.
//
// The package is pure: it keeps no state, starts no goroutine and logs nothing.
package protocol
