package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that the tests do not depend on the machine

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"parkagent/agent/discount"
	"parkagent/agent/tariff"
)

var known = Known{Drivers: map[string][]string{
	KindGate: {"modbus-relay"}, KindDisplay: {"fangkong"}, KindCamera: {"hikvision", "vzenith"}, KindKiosk: {"kiosk"},
	KindScanner: {"serial"}, KindPrinter: {"escpos"},
}}

// site is a small valid configuration. The tests change a line of it.
const site = `[park]
code = "1"
name = "测试车场"
language = "en"

[api]
listen = "127.0.0.1:8099"
public_url = "http://203.0.113.7:8099/"

[[client]]
name = "mall"
user = "mall"
password = "p-one"
key = "abcdefghijklmnopqrstuvwx"
allow = ["192.168.1.0/24", "10.0.0.7"]

[[platform]]
name = "mall"
url = "http://platform.example/park/"
user = "park"
password = "p-two"
key = "0123456789abcdef"

[[area]]
code = 1
name = "A地面"
places = 100

[[device]]
code = "G1"
name = "入口道闸"
kind = "gate"
driver = "modbus-relay"
link = "tcp://127.0.0.1:1502"
options = { unit = 1, open = 0 }

[[device]]
code = "C1"
name = "入口相机"
kind = "camera"
ip = "172.19.8.251"
driver = "vzenith"
options = { token = "hard-to-guess" }

[[lane]]
code = "IN1"
name = "入口1"
direction = "entry"
to = 1
camera = "C1"
gate = "G1"

[[tariff]]
name = "all"
free = "30m"
caps = [3000]

[[tariff.band]]
blocks = [
  { until = "1h", price = 400 },
  { unit = "30m", price = 200, tail = "5m" },
]
`

func parse(t *testing.T, text string) (*Config, Errors) {
	t.Helper()
	c, err := Parse("park.toml", []byte(text), t.TempDir(), known)
	if err == nil {
		return c, nil
	}
	var all Errors
	if !errors.As(err, &all) || c != nil {
		t.Fatalf("Parse = %v, %v, want Errors only", c, err)
	}
	return nil, all
}

func TestParseFillsInEveryDefault(t *testing.T) {
	got, errs := parse(t, site)
	if errs != nil {
		t.Fatal(errs)
	}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	secret := func(s string) Secret { return Secret{value: s, inline: true} }
	want := &Config{
		Path:    "park.toml",
		Park:    Park{Code: "1", Name: "测试车场", Zone: shanghai, Language: English, RoundingLimit: 99, OrderValid: 5 * time.Minute, Delay: 15 * time.Minute, DiscountOrder: discount.DefaultOrder()},
		Store:   Store{Dir: got.Store.Dir},
		API:     API{Listen: "127.0.0.1:8099", PublicURL: "http://203.0.113.7:8099"},
		Console: Console{Listen: "127.0.0.1:8098"},
		Clients: []Client{{
			Name: "mall", User: "mall", Password: secret("p-one"), Key: secret("abcdefghijklmnopqrstuvwx"), ParkCode: "1",
			Allow: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24"), netip.MustParsePrefix("10.0.0.7/32")},
		}},
		Platforms: []Platform{{
			Name: "mall", URL: "http://platform.example/park", User: "park", Password: secret("p-two"), Key: secret("0123456789abcdef"), ParkCode: "1",
			Questions: []string{"PostCarOutInfo", "GetPayQRCode", "PayScanCode"},
			TicketURL: "http://platform.example/park", ChangeURL: "http://platform.example/park",
			Images: ImagesURL, Timeout: 3 * time.Second, Charset: CharsetGBK, MaxRefusals: 20,
		}},
		Areas:  []Area{{Code: 1, Name: "A地面", Places: 100}},
		Access: Access{UnknownExit: UnknownOperator},
		Devices: []Device{
			{Code: "G1", Name: "入口道闸", Kind: KindGate, Driver: "modbus-relay", Link: "tcp://127.0.0.1:1502", Options: map[string]any{"unit": int64(1), "open": int64(0)}},
			{Code: "C1", Name: "入口相机", Kind: KindCamera, IP: "172.19.8.251", Driver: "vzenith", Token: secret("hard-to-guess"), Options: map[string]any{}},
		},
		Lanes: []Lane{{Code: "IN1", Name: "入口1", Entry: true, To: 1, Camera: "C1", Gate: "G1", Dedupe: 30 * time.Second, Late: 5 * time.Minute}},
		Tariffs: []tariff.Tariff{{
			Name: "all", Free: 30 * time.Minute, FreeInclusive: true, FreeCounts: true, Restart: true, Caps: []int64{3000},
			Blocks: []tariff.Block{{Until: time.Hour, Price: 400}, {Unit: 30 * time.Minute, Price: 200, Round: tariff.RoundTail, Tail: 5 * time.Minute}},
		}},
	}
	opts := cmp.Options{
		cmp.AllowUnexported(Secret{}), cmpopts.IgnoreUnexported(Device{}), cmpopts.EquateComparable(netip.Prefix{}),
		cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
	}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("configuration differs (-want +got):\n%s", diff)
	}
	if filepath.Base(got.Store.Dir) != "data" || !filepath.IsAbs(got.Store.Dir) {
		t.Errorf("Store.Dir = %s, want data beside the file", got.Store.Dir)
	}
}

// change is site with one text replaced by another.
func change(t *testing.T, old, replacement string) string {
	t.Helper()
	if strings.Count(site, old) == 0 {
		t.Fatalf("the configuration does not hold %q", old)
	}
	return strings.Replace(site, old, replacement, 1)
}

func TestParseNamesTheLineAndTheKeyOfEveryMistake(t *testing.T) {
	tests := []struct {
		name     string
		old, new string
		want     []string // "line key: part of the message"
	}{
		{"an unknown key, with the nearest one", `listen = "127`, `listn = "127`, []string{"7 api.listn: unknown key; is it listen?"}},
		{"an unknown table", "[[area]]\ncode = 1", "[[arena]]\ncode = 1", []string{"24 arena[0]: unknown key; is it area?", `49 lane[0].to: there is no [[area]] with code 1`}},
		{"an unknown key in an inline table", `tail = "5m"`, `tale = "5m"`, []string{"61 tariff[0].band[0].blocks[1].tale: unknown key; is it tail?"}},
		{"unknown keys in several tables", "[api]", "[calendar]\nholiday = []\n[console]\nlistn = \"127.0.0.1:8098\"\n[api]\nextra = 1", []string{"7 calendar.holiday: unknown key; is it holidays?", "9 console.listn: unknown key; is it listen?", "11 api.extra: unknown key"}},
		{"a kind that does not exist", `kind = "gate"`, `kind = "道闸"`, []string{`32 device[0].kind: "道闸" is not possible; it can be: gate, display, camera, scanner, printer, kiosk`}},
		{"a number where text is wanted", `code = "1"`, `code = 1`, []string{"2 park.code: has the wrong type; it must be text in quotes"}},
		{"text where a number is wanted", `places = 100`, `places = "100"`, []string{"27 area[0].places: has the wrong type; it must be a whole number"}},
		{"text where a list is wanted", `allow = ["192.168.1.0/24", "10.0.0.7"]`, `allow = "10.0.0.7"`, []string{"15 client[0].allow: has the wrong type; it must be a list"}},
		{"text where yes or no is wanted", `free = "30m"`, `restart = "yes"`, []string{"55 tariff[0].restart: has the wrong type; it must be true or false"}},
		{"text where a table is wanted", `options = { unit = 1, open = 0 }`, `options = "unit=1"`, []string{"35 device[0].options: has the wrong type; it must be a table"}},
		{"a wrong type in a block", `price = 400`, `price = 4.5`, []string{"60 tariff[0].band[0].blocks: has the wrong type; it must be a whole number"}},
		{"a key twice", `places = 100`, "places = 100\nplaces = 10", []string{"28 area[0].places: is defined twice"}},
		{"one bracket too few", "[[client]]", "[client]", []string{"10 client: [client] must be written with two brackets"}},
		{"one bracket too few twice", site, strings.ReplaceAll(site, "[[device]]", "[device]"), []string{"29 device: [device] must be written with two brackets", "37 device: [device] must be written with two brackets"}},
		{"one bracket too many", "[park]", "[[park]]", []string{"1 park[0]: [[park]] exists once"}},
		{"capital letters", `listen = "127`, `Listen = "127`, []string{"7 api.Listen: keys are written in lower case"}},
		{"text without quotes", `kind = "gate"`, `kind = gate`, []string{"32 : not valid TOML"}},
		{"a line that is no setting", `kind = "gate"`, `kind gate`, []string{"32 : not valid TOML"}},
		{"nothing where something is needed", `name = "测试车场"`, `name = " "`, []string{"3 park.name: must be given"}},
		{"an unknown language", `language = "en"`, `language = "fr"`, []string{`4 park.language: "fr" 无效，只能是：zh-CN, en`}},
		{"an unknown time zone", `language = "en"`, "language = \"en\"\ntime_zone = \"Asia/Peking\"", []string{`5 park.time_zone: "Asia/Peking" is no time zone`}},
		{"the machine's own time zone", `language = "en"`, "language = \"en\"\ntime_zone = \"Local\"", []string{`5 park.time_zone: "Local" is no time zone`}},
		{"a number for a duration", `language = "en"`, "language = \"en\"\ndelay = \"15\"", []string{`5 park.delay: "15" is no duration`}},
		{"a duration out of bounds", `language = "en"`, "language = \"en\"\norder_valid = \"1s\"", []string{"5 park.order_valid: the duration 1s is not within 10s and 24h"}},
		{"no time to leave after paying", `language = "en"`, "language = \"en\"\ndelay = \"0s\"", []string{"5 park.delay: the duration 0s is not within 1m and 24h"}},
		{"no port to listen on", `listen = "127.0.0.1:8099"`, `listen = "127.0.0.1"`, []string{`7 api.listen: "127.0.0.1" is no address to listen on`}},
		{"no public address", `public_url = "http://203.0.113.7:8099/"`, `public_url = "203.0.113.7:8099"`, []string{`8 api.public_url: "203.0.113.7:8099" is no web address`}},
		{"a public address with a comma", `http://203.0.113.7:8099/`, `http://203.0,113.7:8099/`, []string{`8 api.public_url: "http://203.0,113.7:8099/" is no web address`}},
		{"a public address of three numbers", `http://203.0.113.7:8099/`, `http://203.0.113:8099/`, []string{`8 api.public_url: "http://203.0.113:8099/" is no web address`}},
		{"a comma in the address to listen on", `listen = "127.0.0.1:8099"`, `listen = "127.0,0.1:8099"`, []string{`7 api.listen: "127.0,0.1:8099" is no address to listen on`}},
		{"half of TLS", `public_url =`, "tls_cert = \"park.toml.crt\"\npublic_url =", []string{"6 api: tls_cert and tls_key are needed together", "8 api.tls_cert: there is no file"}},
		{"a key of the wrong length", `key = "abcdefghijklmnopqrstuvwx"`, `key = "abc"`, []string{"14 client[0].key: a key must have 24 (or 16) ASCII characters; this has 3 characters"}},
		{"a key that is not ASCII", `key = "0123456789abcdef"`, `key = "车场车场车四"`, []string{"22 platform[0].key: a key must have"}},
		{"no password", `password = "p-one"`, ``, []string{"10 client[0].password: must be given, or in the file that client[0].password_file names"}},
		{"a secret twice", `password = "p-one"`, "password = \"p-one\"\npassword_file = \"x\"", []string{"13 client[0].password: and client[0].password_file cannot both be given"}},
		{"a secret file that is not there", `password = "p-one"`, `password_file = "secrets/x"`, []string{"13 client[0].password_file: there is no file"}},
		{"a published key", `key = "abcdefghijklmnopqrstuvwx"`, `key = "693207DB8148FBC9D8410179"`, []string{"14 client[0].key: this was published"}},
		{"a published password", "user = \"mall\"\npassword = \"p-one\"", "user = \"ktapi\"\npassword = \"0306A9\"", []string{"13 client[0].password: this was published"}},
		{"a published key for a platform", `key = "0123456789abcdef"`, `key = "F7A0B971B199FD2A1017CEC5"`, []string{"22 platform[0].key: this was published"}},
		{"two devices whose codes differ in case only", `code = "C1"`, `code = "g1"`, []string{`38 device[1].code: "g1" is used twice; line 30 has it already`, `50 lane[0].camera: there is no [[device]] with code "C1"`}},
		{"a network that is none", `"10.0.0.7"]`, `"10.0.0.300"]`, []string{`15 client[0].allow[1]: "10.0.0.300" is no address or network`}},
		{"an unknown permission", `allow =`, "permissions = [\"query\", \"all\"]\nallow =", []string{`15 client[0].permissions[1]: "all" is not possible`}},
		{"a platform without address", `url = "http://platform.example/park/"`, `url = "ftp://platform.example"`, []string{`19 platform[0].url: "ftp://platform.example" is no web address`}},
		{"an unknown report", `user = "park"`, "user = \"park\"\nreports = [\"PostCarOutInfo\"]", []string{`21 platform[0].reports[0]: "PostCarOutInfo" is not possible`}},
		{"an unknown way of images", `user = "park"`, "user = \"park\"\nimages = \"jpeg\"", []string{`21 platform[0].images: "jpeg" is not possible; it can be: url, base64, none`}},
		{"an unknown question", `user = "park"`, "user = \"park\"\nquestions = [\"PayScanCode\", \"PostCarInInfo\", \"\"]", []string{`21 platform[0].questions[1]: "PostCarInInfo" is not possible; it can be: PostCarOutInfo, GetPayQRCode, PayScanCode, AutonomousCalfee`, "21 platform[0].questions[2]: a list must not hold empty text"}},
		{"a question that is no list", `user = "park"`, "user = \"park\"\nquestions = \"PayScanCode\"", []string{"21 platform[0].questions: has the wrong type; it must be a list"}},
		{"a link that is no web address", `user = "park"`, "user = \"park\"\nticket_url = \"platform.example/t\"\nchange_url = \"http://platform.example/#/change\"", []string{`21 platform[0].ticket_url: "platform.example/t" is no web address`, `22 platform[0].change_url: "http://platform.example/#/change" is no web address; write for example http://203.0.113.7/ticket?from=qr, without #`}},
		{"fewer messages than none", `user = "park"`, "user = \"park\"\nmax_per_second = -1", []string{"21 platform[0].max_per_second: must not be less than 0, which is no limit"}},
		{"a part of a message", `user = "park"`, "user = \"park\"\nmax_per_second = 0.5", []string{"21 platform[0].max_per_second: has the wrong type; it must be a whole number"}},
		{"no refusals", `user = "park"`, "user = \"park\"\nmax_refusals = 0", []string{"21 platform[0].max_refusals: must be more than 0"}},
		{"an area outside", "code = 1\nname", "code = 0\nname", []string{"25 area[0].code: an area's code must be more than 0", "49 lane[0].to: there is no [[area]]"}},
		{"two areas with one code", "[[device]]", "[[area]]\ncode = 1\nname = \"B\"\n[[device]]", []string{`30 area[1].code: "1" is used twice; line 25 has it already`}},
		{"two devices with one code", `code = "C1"`, `code = "G1"`, []string{`38 device[1].code: "G1" is used twice; line 30 has it already`, `50 lane[0].camera: there is no [[device]] with code "C1"`}},
		{"a code that cannot stand in an address", `code = "IN1"`, `code = "IN/1"`, []string{`46 lane[0].code: "IN/1" cannot be a code`}},
		{"an address that is none", `ip = "172.19.8.251"`, `ip = "172.19.8"`, []string{`41 device[1].ip: "172.19.8" is no IP address`}},
		{"a camera without address", `ip = "172.19.8.251"`, ``, []string{"37 device[1].ip: a camera needs its address"}},
		{"a driver that does not exist", `driver = "modbus-relay"`, `driver = "modbus"`, []string{`33 device[0].driver: "modbus" is not possible; it can be: modbus-relay`}},
		{"a driver of another kind", `driver = "vzenith"`, `driver = "fangkong"`, []string{`42 device[1].driver: "fangkong" is not possible; it can be: hikvision, vzenith`}},
		{"a token that can be guessed", `"hard-to-guess"`, `"x"`, []string{"43 device[1].options.token: a token is text of at least 8"}},
		{"a lane without direction", `direction = "entry"`, ``, []string{"45 lane[0].direction: must be given"}},
		{"a lane with an unknown direction", `direction = "entry"`, `direction = "in"`, []string{`48 lane[0].direction: "in" is not possible`}},
		{"an entry to nowhere", "to = 1\n", "", []string{"45 lane[0].to: an entry must lead to an area"}},
		{"a lane without gate", `gate = "G1"`, ``, []string{"45 lane[0].gate: must be given"}},
		{"a lane whose gate is a camera", `gate = "G1"`, `gate = "C1"`, []string{`51 lane[0].gate: the device "C1" is of kind "camera"`}},
		{"a ladder that ends", `{ unit = "30m", price = 200, tail = "5m" }`, `{ until = "2h", price = 200 }`, []string{"61 tariff[0].band[0].blocks[1].until: the time after the last block has no price"}},
		{"a block without price", `price = 400`, `unit = "1h"`, []string{"60 tariff[0].band[0].blocks[0].price: must be given"}},
		{"a tariff of a size that is not", `free = "30m"`, `sizes = [2, 3]`, []string{"55 tariff[0].sizes[1]: must be 1 (large) or 2 (small)"}},
		{"a tariff of an area that is not", `free = "30m"`, `areas = [9]`, []string{"55 tariff[0].areas[0]: there is no [[area]] with this code"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := parse(t, change(t, tt.old, tt.new))
			ok := len(errs) == len(tt.want)
			for i := 0; ok && i < len(errs); i++ {
				message := strings.TrimPrefix(errs[i].String(), "park.toml:")
				line, _, _ := strings.Cut(message, ":")
				place, part, _ := strings.Cut(tt.want[i], ": ")
				ok = fmt.Sprintf("%s %s", line, errs[i].Key) == place && strings.Contains(message, part)
			}
			if !ok {
				t.Errorf("mistakes:\n%v\nwant:\n%s", errs, strings.Join(tt.want, "\n"))
			}
			for _, e := range errs {
				if e.Chinese == "" || e.English == "" || e.Text == "" || e.Column < 1 {
					t.Errorf("mistake %+v lacks a language, its text or its column", e)
				}
			}
		})
	}
}

func TestParseReportsAllMistakesAtOnce(t *testing.T) {
	text := strings.NewReplacer(
		`code = "1"`, `code = 1`, // type
		`listen = "127.0.0.1:8099"`, `listn = "127.0.0.1:8099"`, // unknown
		`places = 100`, `places = "many"`, // type
		`"10.0.0.7"]`, `"ten"]`, // meaning
		`caps = [3000]`, `caps = ["x"]`, // type
		`gate = "G1"`, `gate = "G7"`, // reference
	).Replace(site)
	_, errs := parse(t, text)
	var got []string
	for _, e := range errs {
		got = append(got, fmt.Sprintf("%d %s", e.Line, e.Key))
	}
	want := []string{"2 park.code", "7 api.listn", "15 client[0].allow[1]", "27 area[0].places", "51 lane[0].gate", "56 tariff[0].caps"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mistakes differ (-want +got):\n%s\n%v", diff, errs)
	}
}

func TestParseReportsSeveralLinesThatAreNoTOML(t *testing.T) {
	_, errs := parse(t, strings.NewReplacer(`kind = "gate"`, `kind = gate`, `driver = "vzenith"`, `driver = "vzenith`).Replace(site))
	if len(errs) != 2 || errs[0].Line != 32 || errs[1].Line != 42 {
		t.Errorf("mistakes = %v, want lines 32 and 42", errs)
	}
}

func TestAParkThatLetsNobodyOutIsAWarning(t *testing.T) {
	for _, tt := range []struct{ name, cut, key, part string }{
		{"no tariff", "[[tariff]]", "tariff", "none is let out"},
		{"no lane", "[[lane]]", "lane", "without lanes no car comes in"},
	} {
		head, _, _ := strings.Cut(site, tt.cut)
		c, errs := parse(t, head)
		if errs != nil {
			t.Fatal(errs)
		}
		if !slices.ContainsFunc(c.Warnings, func(p Problem) bool { return p.Key == tt.key && strings.Contains(p.English, tt.part) }) {
			t.Errorf("%s: Warnings = %v, want one about %s", tt.name, c.Warnings, tt.key)
		}
	}
	free := regexp.MustCompile(`(?s)blocks = \[.*`).ReplaceAllString(site, `blocks = [{ unit = "24h", price = 0 }]`)
	if c, errs := parse(t, free); errs != nil || len(c.Warnings) > 0 {
		t.Errorf("a park that is free: mistakes %v, Warnings %v, want none", errs, c.Warnings)
	}
}

func TestTestModeAllowsPublishedCredentials(t *testing.T) {
	text := strings.NewReplacer("[api]", "[api]\ntest_mode = true", `"abcdefghijklmnopqrstuvwx"`, `"693207DB8148FBC9D8410179"`).Replace(site)
	c, errs := parse(t, text)
	if errs != nil {
		t.Fatal(errs)
	}
	if len(c.Warnings) != 1 || c.Warnings[0].Key != "api.test_mode" {
		t.Errorf("Warnings = %v, want one about the test mode", c.Warnings)
	}
}

func TestMistakesAreToldInTheParksLanguage(t *testing.T) {
	_, errs := parse(t, change(t, `places = 100`, `places = "x"`))
	if want := "park.toml:27:10: area[0].places: has the wrong type; it must be a whole number, without quotes\n    places = \"x\""; errs.Error() != want {
		t.Errorf("in English: %s\nwant %s", errs, want)
	}
	_, errs = parse(t, strings.Replace(change(t, `places = 100`, `places = "x"`), `language = "en"`, "", 1))
	if want := "park.toml:27:10: area[0].places: 值的类型不对，应为整数（不带引号和小数点）\n    places = \"x\""; errs.Error() != want {
		t.Errorf("in Chinese: %s\nwant %s", errs, want)
	}
	_, errs = parse(t, change(t, `places = 100`, `places = x`))
	if len(errs) != 1 || errs[0].Language != English {
		t.Errorf("a mistake of syntax is told in %v, want English", errs)
	}
}

func TestANetworkMayBeWrittenInIPv6Form(t *testing.T) {
	for text, want := range map[string]string{
		"::ffff:10.0.0.7": "10.0.0.7/32", "::ffff:192.168.1.0/120": "192.168.1.0/24", "192.168.1.5/24": "192.168.1.0/24",
		"fd00::1": "fd00::1/128", "fd00::/8": "fd00::/8", "::/0": "::/0", "0.0.0.0/0": "0.0.0.0/0",
	} {
		c, errs := parse(t, change(t, `"10.0.0.7"]`, `"`+text+`"]`))
		if errs != nil || c.Clients[0].Allow[1] != netip.MustParsePrefix(want) {
			t.Errorf("%s: %v, mistakes %v; want %s", text, c, errs, want)
		}
	}
}

func TestMessagesShowNoSecrets(t *testing.T) {
	for _, line := range []string{
		`password = "top-secret" x`, `password = "top-secret`, `password = top-secret`, `key = "top-secret"`, `passwort = 1 # password = "top-secret"`,
		`password = ["top-secret"]`, `"key" = "top-secret"`, `key = "693207DB8148FBC9D8410179" # top-secret`,
		`pasword = "top-secret"`, `passwd = top-secret`, `pwd = "top-secret"`, `Kye = "top-secret"`, `Pin = "top-secret"`, `pas = { a = "top-secret" }`,
		`password: "top-secret"`, `password "top-secret"`, `密码 = "top-secret"`, `secret = 'top-secret`,
	} {
		_, errs := parse(t, change(t, `password = "p-one"`, line))
		if errs == nil || strings.Contains(errs.Error(), "top-secret") {
			t.Errorf("%s: %v", line, errs)
		}
	}
}

func TestLoadReadsSecretsFromFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("password", bom+"from-file\r\n", 0o600)
	write("key", "abcdefghijklmnopqrstuvwx\n", 0o644)
	write("park.toml", strings.NewReplacer(`password = "p-one"`, `password_file = "password"`, `key = "abcdefghijklmnopqrstuvwx"`, `key_file = "key"`).Replace(site), 0o600)
	c, err := Load(filepath.Join(dir, "park.toml"), known)
	if err != nil {
		t.Fatal(err)
	}
	if p, k := c.Clients[0].Password.Reveal(), c.Clients[0].Key.Reveal(); p != "from-file" || k != "abcdefghijklmnopqrstuvwx" {
		t.Errorf("password %q, key %q", p, k)
	}
	if c.Store.Dir != filepath.Join(dir, "data") {
		t.Errorf("Store.Dir = %s, want it beside the file", c.Store.Dir)
	}
	if len(c.Warnings) != 1 || c.Warnings[0].Key != "client[0].key_file" || c.Warnings[0].Line != 14 {
		t.Errorf("Warnings = %v, want one about the key file that everyone may read", c.Warnings)
	}
	write("key", "\n", 0o600)
	if _, err := Load(filepath.Join(dir, "park.toml"), known); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("Load with an empty key file = %v", err)
	}
}

func TestLoadWarnsOfSecretsThatEveryoneMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "park.toml")
	if err := os.WriteFile(path, []byte(site), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path, known)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 1 || c.Warnings[0].Line != 1 {
		t.Errorf("Warnings = %v, want one about the file", c.Warnings)
	}
}

func TestACertificateThatIsNoneIsAMistake(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"park.crt", "park.key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("no PEM"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Parse("park.toml", []byte(change(t, "[api]", "[api]\ntls_cert = \"park.crt\"\ntls_key = \"park.key\"")), dir, known)
	if err == nil || !strings.Contains(err.Error(), "park.toml:7:1: api.tls_cert: the certificate and its key cannot be used") {
		t.Errorf("Parse = %v, want a mistake about the certificate", err)
	}
}

func TestLoadReportsAFileThatIsNotThere(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "park.toml"), known)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Load = %v, want os.ErrNotExist", err)
	}
}
