package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kiosk is the table of a kiosk, K1, with these settings too.
func kiosk(more string) string {
	return "[[device]]\ncode = \"K1\"\nname = \"缴费机\"\nkind = \"kiosk\"\ndriver = \"kiosk\"\n" + more + "\n"
}

func TestAKioskIsReadAsItStands(t *testing.T) {
	const token = "0123456789abcdef0123456789abcdef"
	text := strings.Replace(site, `gate = "G1"`, "gate = \"G1\"\nkiosk = \"K1\"", 1) + kiosk("ip = \"127.0.0.1\"\noptions = { token = \""+token+"\", silence = \"10m\" }")
	c, err := Parse("park.toml", []byte(text), t.TempDir(), known)
	if err != nil {
		t.Fatal(err)
	}
	k := c.Devices[2]
	if k.Kind != KindKiosk || k.IP != "127.0.0.1" || k.Token.Reveal() != token || len(k.Options) > 0 || c.Lanes[0].Kiosk != "K1" {
		t.Errorf("kiosk %+v, lanes %+v", k, c.Lanes)
	}
	if !c.inlineSecrets() {
		t.Error("a kiosk's token is no secret of the file")
	}
}

func TestAKioskNeedNotStandAtALane(t *testing.T) {
	c, errs := parse(t, site+kiosk("ip = \"127.0.0.1\"\noptions = { token = \"hard-to-guess\" }"))
	if errs != nil || len(c.Warnings) > 0 {
		t.Errorf("mistakes %v, %+v; want neither mistakes nor warnings", errs, c)
	}
}

func TestMistakesOfKiosksAreNamed(t *testing.T) {
	const right = "ip = \"127.0.0.1\"\noptions = { token = \"hard-to-guess\" }\n"
	const how = "; make one with openssl rand -hex 16, on Windows with [guid]::NewGuid() in PowerShell"
	tests := []struct {
		name, lane, device string
		want               []string // "key: message"
	}{
		{"no address", "", `options = { token = "hard-to-guess" }`, []string{"device[2].ip: a kiosk needs its address: calls from others are refused"}},
		{"no token", "", `ip = "127.0.0.1"`, []string{"device[2].options.token: must be given, a kiosk is known by it: a token is text of at least 8 letters, digits, - or _" + how}},
		{"a token that can be guessed", "", "ip = \"127.0.0.1\"\noptions = { token = \"1234567\" }", []string{"device[2].options.token: a token is text of at least 8 letters, digits, - or _" + how}},
		{"no text in the token", "", "ip = \"127.0.0.1\"\noptions = { token = \"\" }", []string{"device[2].options.token: a token is text of at least 8 letters, digits, - or _" + how}},
		{"a slip of the token", "", "ip = \"127.0.0.1\"\noptions = { tokn = \"hard-to-guess\" }", []string{"device[2].options.token: must be given, a kiosk is known by it: a token is text of at least 8 letters, digits, - or _" + how, "device[2].options.tokn: a kiosk has no option tokn, only token and silence"}},
		{"other options", "", "ip = \"127.0.0.1\"\n[device.options]\ntoken = \"hard-to-guess\"\nunit = 1", []string{"device[2].options.unit: a kiosk has no option unit, only token and silence"}},
		{"a silence that is no duration", "", "ip = \"127.0.0.1\"\noptions = { token = \"hard-to-guess\", silence = 10 }", []string{`device[2].options.silence: must be a duration in quotes, for example "10m"`}},
		{"a silence that is too short", "", "ip = \"127.0.0.1\"\noptions = { token = \"hard-to-guess\", silence = \"10s\" }", []string{`device[2].options.silence: the duration 10s is not within 1m and 24h`}},
		{"settings of devices that are called", "", right + "link = \"http://127.0.0.1\"\nuser = \"admin\"\npassword = \"x\"", []string{"device[2].link: is not used for a kiosk; remove it", "device[2].user: is not used for a kiosk; remove it", "device[2].password: is not used for a kiosk; remove it"}},
		{"a driver of another kind", "", strings.Replace(kiosk(right), `driver = "kiosk"`, `driver = "vzenith"`, 1), []string{`device[2].driver: "vzenith" is not possible; it can be: kiosk`}},
		{"options that are no table", "", "ip = \"127.0.0.1\"\noptions = \"x\"", []string{"device[2].options: has the wrong type; it must be a table { key = value }"}},
		{"a kiosk that is not there", `kiosk = "K2"`, right, []string{`lane[0].kiosk: there is no [[device]] with code "K2"`}},
		{"a gate for a kiosk", `kiosk = "G1"`, right, []string{`lane[0].kiosk: the device "G1" is of kind "gate"; this must be of kind "kiosk"`}},
		{"a kiosk for a display", `display = "K1"`, right, []string{`lane[0].display: the device "K1" is of kind "kiosk"; this must be of kind "display"`}},
		{"a kiosk at two lanes", "kiosk = \"K1\"\n[[lane]]\ncode = \"IN2\"\nname = \"x\"\ndirection = \"entry\"\nto = 1\ncamera = \"C2\"\ngate = \"G2\"\nkiosk = \"K1\"", right +
			"[[device]]\ncode = \"G2\"\nname = \"x\"\nkind = \"gate\"\ndriver = \"modbus-relay\"\n[[device]]\ncode = \"C2\"\nname = \"x\"\nkind = \"camera\"\nip = \"10.0.0.9\"\ndriver = \"vzenith\"\n",
			[]string{`lane[1].kiosk: the device "K1" belongs to the lane on line 52 already`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := tt.device
			if !strings.HasPrefix(table, "[[device]]") {
				table = kiosk(table)
			}
			text := strings.Replace(site, `gate = "G1"`, "gate = \"G1\"\n"+tt.lane, 1) + table
			_, err := Parse("park.toml", []byte(text), t.TempDir(), known)
			var got []string
			all, _ := err.(Errors)
			for _, e := range all {
				got = append(got, e.Key+": "+e.English)
				if e.Chinese == "" || e.Text == "" {
					t.Errorf("mistake %+v lacks Chinese or its text", e)
				}
				if strings.Contains(e.String(), "guess") {
					t.Errorf("a message shows the token: %s", e)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}
