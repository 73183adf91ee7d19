package config

import (
	"reflect"
	"strings"
)

// The raw types are the file's own shape. Durations and choices are text in
// them, so that a wrong one gets a message of ours; pointers tell "not there"
// from the zero value where the default is another.

type rawConfig struct {
	Park     rawPark       `toml:"park"`
	Store    rawStore      `toml:"store"`
	API      rawAPI        `toml:"api"`
	Console  rawConsole    `toml:"console"`
	Client   []rawClient   `toml:"client"`
	Platform []rawPlatform `toml:"platform"`
	Area     []rawArea     `toml:"area"`
	Device   []rawDevice   `toml:"device"`
	Lane     []rawLane     `toml:"lane"`
	Access   rawAccess     `toml:"access"`
	CardArea []rawCardArea `toml:"card_area"`
	Product  []rawProduct  `toml:"card_product"`
	Calendar rawCalendar   `toml:"calendar"`
	Tariff   []rawTariff   `toml:"tariff"`
	Discount []rawDiscount `toml:"discount"`
	Text     []rawText     `toml:"text"`
	Ticket   rawSlip       `toml:"ticket"`
	Slip     rawSlip       `toml:"slip"`
	Receipt  rawSlip       `toml:"receipt"`
}

type rawPark struct {
	Code          string `toml:"code"`
	Name          string `toml:"name"`
	TimeZone      string `toml:"time_zone"`
	Language      string `toml:"language"`
	RoundingLimit *int64 `toml:"rounding_limit"`
	OrderValid    string `toml:"order_valid"`
	Delay         string `toml:"delay"`
	BoothDelay    string `toml:"booth_delay"`
	AfterDelay    string `toml:"after_delay"`

	DiscountOrder []string `toml:"discount_order"`
}

type rawStore struct {
	Dir string `toml:"dir"`
}

type rawAPI struct {
	Listen    string `toml:"listen"`
	PublicURL string `toml:"public_url"`
	TLSCert   string `toml:"tls_cert"`
	TLSKey    string `toml:"tls_key"`
	TestMode  bool   `toml:"test_mode"`
}

type rawConsole struct {
	Listen string `toml:"listen"`
}

type rawSecrets struct {
	Password     string `toml:"password"`
	PasswordFile string `toml:"password_file"`
	Key          string `toml:"key"`
	KeyFile      string `toml:"key_file"`
}

type rawClient struct {
	rawSecrets
	Name        string   `toml:"name"`
	User        string   `toml:"user"`
	ParkCode    string   `toml:"park_code"`
	Allow       []string `toml:"allow"`
	Permissions []string `toml:"permissions"`
	Charset     string   `toml:"charset"`
	ObjectData  bool     `toml:"object_data"`
	Delay       string   `toml:"delay"`
}

type rawPlatform struct {
	rawSecrets
	Name        string   `toml:"name"`
	URL         string   `toml:"url"`
	User        string   `toml:"user"`
	ParkCode    string   `toml:"park_code"`
	Reports     []string `toml:"reports"`
	Questions   []string `toml:"questions"`
	TicketURL   string   `toml:"ticket_url"`
	ChangeURL   string   `toml:"change_url"`
	Images      string   `toml:"images"`
	Timeout     string   `toml:"timeout"`
	Charset     string   `toml:"charset"`
	Accepted    []string `toml:"accepted"`
	Duplicates  []string `toml:"duplicates"`
	MaxRefusals *int     `toml:"max_refusals"`
	MaxRate     int      `toml:"max_per_second"`
}

type rawArea struct {
	Code   int    `toml:"code"`
	Name   string `toml:"name"`
	Type   int    `toml:"type"`
	Places int    `toml:"places"`

	WhenFull    []string       `toml:"when_full"`
	Reserved    map[string]int `toml:"reserved"`
	Inside      int            `toml:"inside"`
	Charging    string         `toml:"charging"`
	PassThrough string         `toml:"pass_through"`
}

type rawAccess struct {
	RepeatEntry  string `toml:"repeat_entry"`
	CardPassback string `toml:"card_passback"`
	OverQuota    string `toml:"over_quota"`
	NearPlates   *bool  `toml:"near_plates"`
	UnknownExit  string `toml:"unknown_exit"`
	UnknownFee   int64  `toml:"unknown_fee"`
	MaxFee       int64  `toml:"max_fee"`
	MaxStay      string `toml:"max_stay"`
}

type rawCardArea struct {
	CarType   *int64 `toml:"car_type"`
	Areas     []int  `toml:"areas"`
	Elsewhere string `toml:"elsewhere"`
}

type rawDevice struct {
	Code         string         `toml:"code"`
	Name         string         `toml:"name"`
	Kind         string         `toml:"kind"`
	IP           string         `toml:"ip"`
	Driver       string         `toml:"driver"`
	Link         string         `toml:"link"`
	User         string         `toml:"user"`
	Password     string         `toml:"password"`
	PasswordFile string         `toml:"password_file"`
	Options      map[string]any `toml:"options"`
	Delay        string         `toml:"delay"`
	Area         *int           `toml:"area"`
}

type rawLane struct {
	Code      string `toml:"code"`
	Name      string `toml:"name"`
	Direction string `toml:"direction"`
	From      int    `toml:"from"`
	To        int    `toml:"to"`
	Camera    string `toml:"camera"`
	Gate      string `toml:"gate"`
	Display   string `toml:"display"`
	Kiosk     string `toml:"kiosk"`
	Scanner   string `toml:"scanner"`
	Printer   string `toml:"printer"`
	Dedupe    string `toml:"dedupe"`
	Late      string `toml:"late"`
	Offline   string `toml:"offline"`
}

type rawProduct struct {
	Name       string `toml:"name"`
	CarType    *int64 `toml:"car_type"`
	Amount     *int64 `toml:"amount"`
	Unit       *int64 `toml:"unit"`
	Price      *int64 `toml:"price"`
	SentAmount int64  `toml:"sent_amount"`
	SentUnit   *int64 `toml:"sent_unit"`
}

type rawCalendar struct {
	Holidays []string `toml:"holidays"`
	Workdays []string `toml:"workdays"`
	TariffBy string   `toml:"tariff_by"`
}

type rawTariff struct {
	Name          string      `toml:"name"`
	CarTypes      []int       `toml:"car_types"`
	Sizes         []int       `toml:"sizes"`
	Colors        []int       `toml:"colors"`
	Areas         []int       `toml:"areas"`
	Days          []string    `toml:"days"`
	ValidFrom     string      `toml:"valid_from"`
	ValidTo       string      `toml:"valid_to"`
	Free          string      `toml:"free"`
	FreeInclusive *bool       `toml:"free_inclusive"`
	FreeCounts    *bool       `toml:"free_counts"`
	FreeAgain     bool        `toml:"free_again"`
	FreeOnce      string      `toml:"free_once"`
	Seconds       string      `toml:"seconds"`
	First         string      `toml:"first"`
	Period        string      `toml:"period"`
	DayStarts     string      `toml:"day_starts"`
	Caps          []int64     `toml:"caps"`
	Restart       *bool       `toml:"restart"`
	Adders        []rawAdder  `toml:"adders"`
	StayCap       int64       `toml:"stay_cap"`
	Percent       *int        `toml:"percent"`
	RoundTotal    *int        `toml:"round_total"`
	VisitsCap     int64       `toml:"visits_cap"`
	VisitsPeriod  string      `toml:"visits_period"`
	Reentry       string      `toml:"reentry"`
	Rejoin        bool        `toml:"rejoin"`
	Minutes       string      `toml:"minutes"`
	PerVisit      int64       `toml:"per_visit"`
	Windows       []rawWindow `toml:"windows"`
	MaxAutomatic  int64       `toml:"max_automatic"`
	Band          []rawBand   `toml:"band"`
}

type rawAdder struct {
	After string `toml:"after"`
	Price *int64 `toml:"price"`
}

type rawWindow struct {
	InFrom  string `toml:"in_from"`
	InTo    string `toml:"in_to"`
	OutFrom string `toml:"out_from"`
	OutTo   string `toml:"out_to"`
	Price   *int64 `toml:"price"`
}

type rawBand struct {
	From     string     `toml:"from"`
	To       string     `toml:"to"`
	Cap      int64      `toml:"cap"`
	Capped   *bool      `toml:"capped"`
	Crossing string     `toml:"crossing"`
	Ladder   string     `toml:"ladder"`
	Blocks   []rawBlock `toml:"blocks"`
}

type rawBlock struct {
	Until string `toml:"until"`
	Unit  string `toml:"unit"`
	Price *int64 `toml:"price"`
	Round string `toml:"round"`
	Tail  string `toml:"tail"`
}

type rawDiscount struct {
	Name      string   `toml:"name"`
	Kind      string   `toml:"kind"`
	Value     int64    `toml:"value"`
	Until     string   `toml:"until"`
	Variable  bool     `toml:"variable"`
	Max       int64    `toml:"max"`
	Stackable bool     `toml:"stackable"`
	Roles     []string `toml:"roles"`
}

type rawText struct {
	Event   string   `toml:"event"`
	Lanes   []string `toml:"lanes"`
	Lines   []string `toml:"lines"`
	Colors  []string `toml:"colors"`
	Voice   string   `toml:"voice"`
	Seconds int      `toml:"seconds"`
}

type rawSlip struct {
	Lines []string `toml:"lines"`
}

// keysBelow returns the keys that a table of the format has; the table is named
// without indices, "tariff.band", and the top is "".
func keysBelow(table string) []string {
	t := reflect.TypeFor[rawConfig]()
	for _, part := range strings.FieldsFunc(table, func(r rune) bool { return r == '.' }) {
		next, ok := tables(t)[part]
		if !ok {
			return nil
		}
		t = next
	}
	var keys []string
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous {
			for j := range f.Type.NumField() {
				keys = append(keys, f.Type.Field(j).Tag.Get("toml"))
			}
		} else {
			keys = append(keys, f.Tag.Get("toml"))
		}
	}
	return keys
}

// tables returns the tables below a raw type by key.
func tables(t reflect.Type) map[string]reflect.Type {
	found := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		below := f.Type
		if below.Kind() == reflect.Slice {
			below = below.Elem()
		}
		if below.Kind() == reflect.Struct && !f.Anonymous {
			found[f.Tag.Get("toml")] = below
		}
	}
	return found
}
