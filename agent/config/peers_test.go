package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// platform is a further platform of a configuration.
func platform(name, more string) string {
	return fmt.Sprintf("[[platform]]\nname = %q\nurl = \"http://%s.example\"\nuser = \"park\"\npassword = \"p\"\nkey = \"0123456789abcdef\"\n%s\n", name, name, more)
}

func TestAPlatformIsAskedWhatTheFileSays(t *testing.T) {
	tests := []struct {
		name, setting string
		want          []string
	}{
		{"nothing said", "", []string{"PostCarOutInfo", "GetPayQRCode", "PayScanCode"}},
		{"nothing to ask", "questions = []", nil},
		{"one question", `questions = ["PayScanCode"]`, []string{"PayScanCode"}},
		{"the price, which is asked only if it is named", `questions = ["PostCarOutInfo", "AutonomousCalfee"]`, []string{"PostCarOutInfo", QuestionPrice}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, errs := parse(t, site+platform("second", tt.setting))
			if errs != nil {
				t.Fatal(errs)
			}
			got := c.Platforms[1].Questions
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Questions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnePlatformAtMostSetsThePrice(t *testing.T) {
	price := `questions = ["AutonomousCalfee", "AutonomousCalfee"]`
	if _, errs := parse(t, site+platform("one", price)); errs != nil {
		t.Errorf("one platform that prices: %v", errs)
	}
	_, errs := parse(t, site+platform("one", price)+platform("two", "questions = [\"PayScanCode\",\n  \"AutonomousCalfee\"]"))
	if len(errs) != 1 || errs[0].Key != "platform[2].questions[1]" || errs[0].Text != `"AutonomousCalfee"]` {
		t.Fatalf("mistakes = %v, want one at the second platform's question", errs)
	}
	if want := `only one platform can set the price, but "one" and "two" both name AutonomousCalfee`; errs[0].English != want {
		t.Errorf("in English: %s\nwant %s", errs[0].English, want)
	}
	if want := `只能有一个平台计费，而 "one" 和 "two" 都写了 AutonomousCalfee`; errs[0].Chinese != want {
		t.Errorf("in Chinese: %s\nwant %s", errs[0].Chinese, want)
	}
}

func TestLinksOfAPlatformAreItsAddressUnlessTheFileSaysOtherwise(t *testing.T) {
	c, errs := parse(t, site+platform("a", "ticket_url = \"\"\nmax_per_second = 20")+
		platform("b", "ticket_url = \"https://t.example/ticket/?from=qr&x=1\"\nchange_url = \"http://t.example/change/\""))
	if errs != nil {
		t.Fatal(errs)
	}
	type links struct {
		Ticket, Change string
		MaxPerSecond   int
	}
	var got []links
	for _, f := range c.Platforms {
		got = append(got, links{f.TicketURL, f.ChangeURL, f.MaxPerSecond})
	}
	want := []links{
		{"http://platform.example/park", "http://platform.example/park", 0},
		{"http://a.example", "http://a.example", 20},
		{"https://t.example/ticket/?from=qr&x=1", "http://t.example/change/", 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func TestAPlatformWithoutAnAddressIsReportedOnce(t *testing.T) {
	_, errs := parse(t, strings.Replace(site, `url = "http://platform.example/park/"`, "", 1))
	if len(errs) != 1 || errs[0].Key != "platform[0].url" {
		t.Errorf("mistakes = %v, want one about the url", errs)
	}
}
