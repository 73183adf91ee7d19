// Package config reads the configuration file, checks all of it, and says where each mistake stands.
//
// The file is TOML. It is read strictly: a key that nobody knows is a mistake,
// because a mistyped key would otherwise be a setting that silently does not
// hold. All mistakes are reported at once, each with its line, in Chinese and
// English, since the installer stands in the rain and has no second try to
// spare. Nothing here opens a device, a port or the database; only the file
// itself, secret files and certificates are touched.
package config

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"parkagent/agent/discount"
	"parkagent/agent/signs"
	"parkagent/agent/slips"
	"parkagent/agent/tariff"
)

// A Config is a checked configuration with every default filled in.
type Config struct {
	Path      string // of the file, as it was given
	Park      Park
	Store     Store
	API       API
	Console   Console
	Clients   []Client
	Platforms []Platform
	Areas     []Area
	Access    Access
	Devices   []Device
	Lanes     []Lane
	Products  []Product        // by which cards are recharged
	Tariffs   []tariff.Tariff  // in the order of the file; the first that fits a car applies
	Calendar  tariff.Calendar  // by which day and version of the tariffs it is chosen
	Discounts []discount.Rule  // that may be granted by name
	Texts     []signs.Template // of displays, instead of the program's
	Ticket    slips.Template   // of entry tickets; nil: the program's own
	Slip      slips.Template   // of change slips; nil: the program's own
	Receipt   slips.Template   // of payment receipts; nil: the program's own

	// Warnings are what works but should be known, such as a secret that
	// everyone on the machine may read.
	Warnings []Problem
}

// A Park is the car park itself.
type Park struct {
	Code          string
	Name          string
	Zone          *time.Location // of all times on the wire and of the cipher's day
	Language      string         // Chinese or English
	RoundingLimit int64          // fen: an unpaid rest up to this is waived
	OrderValid    time.Duration  // how long a bill can be paid as issued
	Delay         time.Duration  // how long a car may stay after paying
	BoothDelay    time.Duration  // the same at a booth; 0 is as Delay
	// RestartAfterDelay charges a car that stays longer as if it had entered
	// when it paid; otherwise the whole stay, less what was paid.
	RestartAfterDelay bool
	DiscountOrder     discount.Order // in which discounts are taken off
}

// A Store is where the data lies.
type Store struct {
	Dir string // for park.db and images/; Load makes it absolute
}

// An API is the server for platforms, cameras that push, and pictures.
type API struct {
	Listen    string // address to listen on
	PublicURL string // how others reach it, without a slash at the end
	TLSCert   string // files; both empty without TLS
	TLSKey    string
	TestMode  bool // published credentials are allowed
}

// A Console is the server for the booths and the pay machines of the park.
type Console struct {
	Listen string // address to listen on; never where the API listens
	Booths bool   // the file gives the address: it answers also without a pay machine
}

// A Client may call the downlink.
type Client struct {
	Name        string
	User        string
	Password    Secret
	Key         Secret // 24 or 16 characters
	ParkCode    string
	Allow       []netip.Prefix // empty: any address
	Permissions []string       // empty: all; else of Permissions
	Charset     string         // CharsetGBK or CharsetUTF8; empty: found out from what the client sends
	ObjectData  bool           // wants single rows as an object
	Delay       time.Duration  // how long a car may stay after paying there; 0 is as the park says
}

// A Platform is told what happens in the car park, and asked what it alone knows.
type Platform struct {
	Name        string
	URL         string // without a slash at the end
	User        string
	Password    Secret
	Key         Secret
	ParkCode    string
	Reports     []string // names of interfaces; empty: all
	Questions   []string // names of interfaces, QuestionPrice among them or not; empty: none
	TicketURL   string   // of the links on entry tickets and on change slips (uplink
	ChangeURL   string   // 5.1 and 5.2); may hold a query. Without a setting, URL
	Images      string   // ImagesURL, ImagesBase64 or ImagesNone
	Timeout     time.Duration
	Charset     string   // CharsetGBK unless it asked for CharsetUTF8
	Accepted    []string // answer codes that mean accepted; empty: 0
	Duplicates  []string // texts in a refusal that mean "I have this already"
	MaxRefusals int      // after so many a report is set aside

	// MaxPerSecond is how many messages it takes in a second; 0 is no limit.
	MaxPerSecond int
}

// An Area is a part of the car park.
type Area struct {
	Code   int
	Name   string
	Type   int // 0 ordinary, 1 and 2 mechanical
	Places int // without those of the areas inside it

	// WhenFull are the classes that may come in although no place is free, nil
	// the usual ones; Reserved is how many places are kept for a class.
	WhenFull []string
	Reserved map[string]int

	Inside      int           // the area in which it lies; 0 none
	Charging    string        // ChargeInstead, ChargeAdditional, ChargeNetted or empty
	PassThrough time.Duration // a time around it up to this, on the way to it or from it, is free
}

// A Lane is where cars pass.
type Lane struct {
	Code    string
	Name    string
	Entry   bool // otherwise an exit
	From    int  // area codes, 0 outside
	To      int
	Camera  string // device codes; Display may be empty
	Gate    string
	Display string
	Kiosk   string        // the pay machine that stands at it; may be empty
	Scanner string        // reads tickets, and at an exit payment codes; may be empty
	Printer string        // prints tickets and change slips; may be empty
	Dedupe  time.Duration // recognitions of one plate within this are one
	Late    time.Duration // a recognition older than this opens nothing

	// BookOffline says that the camera opens the barrier by itself while the
	// agent is away, so that what it tells of that later is booked.
	BookOffline bool
}

// The values of Park.Language.
const (
	Chinese = "zh-CN"
	English = "en"
)

// The values of Charset.
const (
	CharsetGBK  = "gbk"
	CharsetUTF8 = "utf-8"
)

// The values of Platform.Images.
const (
	ImagesURL    = "url"
	ImagesBase64 = "base64"
	ImagesNone   = "none"
)

// The kinds of devices.
const (
	KindGate    = "gate"
	KindDisplay = "display"
	KindCamera  = "camera"
	KindScanner = "scanner"
	KindPrinter = "printer"
	KindKiosk   = "kiosk" // a pay machine; it calls, and nothing calls it
)

// kinds are all of them.
var kinds = []string{KindGate, KindDisplay, KindCamera, KindScanner, KindPrinter, KindKiosk}

// Known tells what the program can do, because this package knows no driver.
type Known struct {
	Drivers map[string][]string // names of drivers by kind of device; nil: any name is believed

	// Judge returns what is wrong with the devices' links and options, made by
	// Device.Problem, so that it is reported together with all other mistakes.
	// The devices may have mistakes of other kinds, which it is silent about.
	// nil: whatever the devices say is believed.
	Judge func([]Device) []Problem
}

// maxSize bounds what is read as a configuration, in bytes.
const maxSize = 1 << 20

// Load reads and checks the file at path. The error is Errors where the content
// is wrong, otherwise the reason why the file cannot be read.
func Load(path string, known Known) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if info.Size() > maxSize {
		return nil, fmt.Errorf("read configuration: %s has %d bytes, more than any configuration", path, info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	// A service starts in a folder of the system's choice, so nothing may
	// depend on the working directory.
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	c, err := Parse(path, data, filepath.Dir(absolute), known)
	if err != nil {
		return nil, err
	}
	if worldReadable(info) && c.inlineSecrets() {
		c.Warnings = append(c.Warnings, Problem{
			File: path, Line: 1, Column: 1, Language: c.Park.Language,
			Chinese: "配置文件中写有密码，而本机所有用户都可以读取它；请改为只允许服务用户读取，或使用 password_file/key_file",
			English: "the file holds secrets and everyone on this machine may read it; restrict it, or use password_file and key_file",
		})
	}
	return c, nil
}

// Parse checks a configuration that was read already. The name is for messages;
// relative paths in it are taken from dir. The error is always Errors.
func Parse(name string, data []byte, dir string, known Known) (*Config, error) {
	p := &parser{file: name, dir: dir, known: known, language: Chinese}
	c := p.parse(data)
	if len(p.problems) > 0 {
		return nil, p.errors()
	}
	c.Path = name
	c.Warnings = sorted(p.warnings, p.language)
	return c, nil
}

func (c *Config) inlineSecrets() bool {
	for _, x := range c.Clients {
		if x.Password.inline || x.Key.inline {
			return true
		}
	}
	for _, x := range c.Platforms {
		if x.Password.inline || x.Key.inline {
			return true
		}
	}
	for _, x := range c.Devices {
		if x.Password.inline || x.Token.inline {
			return true
		}
	}
	return false
}
