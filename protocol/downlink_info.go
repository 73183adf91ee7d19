package protocol

// The messages of downlink 1.x, what happened in the car park: what a platform asks
// (requests, read with DecodeFields and written by a platform's Client) and the
// rows that the car park answers. In all requests of the downlink ParkCode is the
// code given to the client; absent, it is that client's own. Times are strings of
// car-park local time.

// A StaysQuery is the request of downlink 1.1 GetCarInOutInfoByPlate, the charge
// report by plate: finished stays whose leaving lies in the period, newest first.
type StaysQuery struct {
	ParkCode  string `json:"parkCode,omitempty"`
	PlateNo   string `json:"plateNo" wire:"required,alias=plateNum|carNo"` // any part of a plate
	StartTime string `json:"startTime" wire:"required"`
	EndTime   string `json:"endTime" wire:"required"`
	PageIndex int    `json:"pageIndex" wire:"required,min=1"` // from 1
	PageCount int    `json:"pageCount" wire:"required,min=1"` // rows of a page
}

// A PlaceQuery is the request of downlink 1.2 GetCarInOutInfoByPlace, the charge
// report by place: finished stays whose leaving lies in the period, newest first.
// Without places it is the report of the whole car park. The answer is a StaysPage.
type PlaceQuery struct {
	ParkCode   string `json:"parkCode,omitempty"`
	EntryPlace string `json:"entryPlace,omitempty"` // any part of the entry's name
	LeavePlace string `json:"leavePlace,omitempty"` // any part of the exit's name
	StartTime  string `json:"startTime" wire:"required"`
	EndTime    string `json:"endTime" wire:"required"`
	PageIndex  int    `json:"pageIndex" wire:"required,min=1"` // from 1
	PageCount  int    `json:"pageCount" wire:"required,min=1"` // rows of a page
}

// A StaysPage is the one row that downlink 1.1 GetCarInOutInfoByPlate and 1.2
// GetCarInOutInfoByPlace answer.
type StaysPage struct {
	TotalNum int    `json:"totalNum,string"` // stays found on all pages
	Detail   []Stay `json:"detail"`
}

// MarshalJSON writes an empty Detail as an empty array, which clients loop over
// without looking.
func (p StaysPage) MarshalJSON() ([]byte, error) {
	type plain StaysPage
	if p.Detail == nil {
		p.Detail = []Stay{}
	}
	return marshal(plain(p))
}

// A Stay is one row of a StaysPage. Money is in fen; times are as FormatSlashBare
// writes them.
type Stay struct {
	ID         string `json:"id"`
	PlateNo    string `json:"plateNo"`
	EntryTime  string `json:"entryTime"`
	EntryPlace string `json:"entryPlace"`
	LeaveTime  string `json:"leaveTime"`
	LeavePlace string `json:"leavePlace"`
	ImgName    string `json:"imgName"`        // URL of the picture at the exit
	Payable    int64  `json:"payable,string"` // paid, fen
	CashUser   string `json:"cashUser"`       // operator
	CashTime   string `json:"cashTime"`
}

// An InsideQuery is the request of downlink 1.3 SearchParkingInfo, the cars
// inside. The plate may be any part of one; without filters all cars are listed.
type InsideQuery struct {
	ParkCode string `json:"parkCode,omitempty"`
	PlateNo  string `json:"plateNo,omitempty" wire:"alias=plateNum|carNo"`
	CardNo   string `json:"cardNo,omitempty"`
}

// An InsideCar is a row that downlink 1.3 SearchParkingInfo answers. The time is
// as FormatDash writes it.
type InsideCar struct {
	PlateNo    string  `json:"plateNo"`
	CardNo     string  `json:"cardNo"`
	EntryTime  string  `json:"entryTime"`
	EntryPlace string  `json:"entryPlace"`
	CarType    CarType `json:"carType"`
	ImgName    string  `json:"imgName"` // URL of the picture at the entry
}
