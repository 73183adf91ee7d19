package protocol

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryInterfaceAnswersAtItsPaths(t *testing.T) {
	routes := Routes()
	if len(routes) != 28 {
		t.Errorf("there are %d downlink interfaces, want 28", len(routes))
	}
	for _, want := range routes {
		if want.Params[0] != "parkCode" {
			t.Errorf("%s lacks parkCode", want.Name)
		}
		for _, group := range append([]string{want.Group}, want.Legacy...) {
			path := "/api/" + group + "/" + want.Name
			for _, p := range []string{path, path + "/", strings.ToLower(path), strings.ToUpper(path) + "/"} {
				if got, ok := Match(p); !ok || got.Name != want.Name || got.Group != want.Group {
					t.Errorf("Match(%s) = %s, %v, want %s", p, got.Name, ok, want.Name)
				}
			}
		}
		if got, ok := Match(want.Path()); !ok || got.Number != want.Number {
			t.Errorf("Match(%s) = %s, %v", want.Path(), got.Number, ok)
		}
	}
}

func TestPathsThatAreNone(t *testing.T) {
	for _, path := range []string{
		"", "/", "/api", "/api/", "/api/ParkingPay", "/api/ParkingPay/", "/api/ParkingPay//", "/api/ParkingPay/Nonsense", "/ParkingPay/PayParkingFee",
		"/api/ParkingPay/PayParkingFee//", "/api/ParkingPay/PayParkingFee/x", "/api//PayParkingFee", "/api/ParkingCard/PayParkingFee",
		"/api/card2/PayParkingFee", "/api/pay2/AddCarCardNo", "/api/book/AddCarCardNo", "/x/api/ParkingPay/PayParkingFee", "/api/ParkingPay/PayParkingFee ",
	} {
		if r, ok := Match(path); ok {
			t.Errorf("Match(%q) = %s, want none", path, r.Name)
		}
	}
}

func TestWhatIsOnlyReadNeedsOnlyTheQueryPermission(t *testing.T) {
	query := []string{"1.1", "1.2", "1.3", "3.1", "3.4", "3.5", "3.7", "4.5", "4.7", "4.9", "5.3"}
	changes := map[string]Permission{groupManage: PermitManage, groupPay: PermitPay, groupCard: PermitCard, groupBook: PermitBook}
	for _, r := range Routes() {
		want := changes[r.Group]
		if slices.Contains(query, r.Number) {
			want = PermitQuery
		}
		if r.Permission != want {
			t.Errorf("%s %s needs %q, want %q", r.Number, r.Name, r.Permission, want)
		}
	}
}

func TestUplinkTable(t *testing.T) {
	uplinks := Uplinks()
	if len(uplinks) != 17 {
		t.Errorf("there are %d uplink interfaces, want 17", len(uplinks))
	}
	for _, want := range uplinks {
		if want.Params[0] != "parkCode" {
			t.Errorf("%s lacks parkCode", want.Number)
		}
		if want.Name == "" {
			continue // a link
		}
		if got, ok := UplinkNamed(strings.ToLower(want.Name)); !ok || got.Number != want.Number {
			t.Errorf("UplinkNamed(%s) = %s, %v", want.Name, got.Number, ok)
		}
	}
	for _, name := range []string{"", "Nonsense"} {
		if u, ok := UplinkNamed(name); ok {
			t.Errorf("UplinkNamed(%q) = %s, want none", name, u.Number)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, r := range Routes() {
		f.Add(r.Path())
	}
	f.Add("/API/Pay2/getparkingpaymentinfo/")
	f.Fuzz(func(t *testing.T, path string) {
		if r, ok := Match(path); ok && !strings.HasSuffix(strings.ToLower(strings.TrimSuffix(path, "/")), "/"+strings.ToLower(r.Name)) {
			t.Errorf("Match(%q) = %s", path, r.Name)
		}
	})
}
