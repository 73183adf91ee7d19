package protocol

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A contract is what is said in one interface. A nil answer has no rows.
type contract struct{ request, answer any }

// contracts are the structs of all interfaces but the two links, by the name of the
// interface.
func contracts() map[string]contract {
	return map[string]contract{
		"PostParkingInfo": {ParkingInfo{}, nil}, "PostAreaInfo": {AreaInfo{}, nil},
		"PostDeviceState": {DeviceState{}, nil}, "PostParkingDevice": {ParkingDevice{}, nil},
		"PostCarInInfo": {CarIn{}, CarInAnswer{}}, "PostCarOutInfo": {CarOut{}, CarOutAnswer{}},
		"PostPayDetail": {PayDetail{}, nil}, "PostBlackInInfo": {BlackIn{}, nil},
		"PostFreeParkingSpace": {FreeSpaces{}, nil}, "PostCarCorrect": {CarCorrect{}, nil},
		"PostCarBillDetail": {BillDetail{}, nil}, "PostCarCard": {CarCard{}, nil},
		"GetPayQRCode": {CodeQuery{}, Code{}}, "PayScanCode": {ScanPay{}, ScanAnswer{}},
		"AutonomousCalfee": {PriceQuery{}, Price{}},

		"GetCarInOutInfoByPlate": {StaysQuery{}, StaysPage{}}, "GetCarInOutInfoByPlace": {PlaceQuery{}, StaysPage{}},
		"SearchParkingInfo": {InsideQuery{}, InsideCar{}},
		"OnlineCarInOut":    {PassCommand{}, nil}, "ModifyFreeSpace": {SpaceCommand{}, nil},
		"GateControl": {GateCommand{}, nil}, "ShowLedMsg": {ShowCommand{}, nil},
		"RecordDensityPay": {SeamlessMark{}, nil}, "GetPhoto": {PhotoCommand{}, Photo{}},
		"GetParkingPaymentInfo": {BillQuery{}, Bill{}}, "PayParkingFee": {Payment{}, PaymentReceipt{}},
		"ParkingFree": {Discount{}, DiscountReceipt{}}, "GetPaymentStatus": {OrderQuery{}, OrderStatus{}},
		"GetPayChargeInfo": {OrderQuery{}, ChangeInfo{}}, "PayChargeNotice": {ChangeNotice{}, ChangeReceipt{}},
		"PayChargeReport": {ChangesQuery{}, ChangeRow{}},
		"AddCarCardNo":    {CardAdd{}, CardID{}}, "ModifyCarCardNo": {CardEdit{}, nil},
		"DeleteCarCardNo": {CardDelete{}, nil}, "CarCardNoManage": {CardPlateEdit{}, nil},
		"GetCarCardInfo": {CardQuery{}, CardInfo{}}, "PayCarCardFee": {CardPayment{}, nil},
		"GetCardProduct": {ProductQuery{}, Product{}}, "BlackListControl": {BlackEdit{}, BlackID{}},
		"GetBlackInfo": {BlackQuery{}, BlackInfo{}}, "AddBookingCar": {BookingAdd{}, BookingID{}},
		"ModifyBookingCar": {BookingEdit{}, BookingID{}}, "GetBookingCar": {BookingQuery{}, BookingInfo{}},
	}
}

// A documented is a line of interfaces.tsv, whose head explains the columns.
type documented struct{ direction, number, name, part, field, typ, mandatory, ours string }

// documentedFields reads interfaces.tsv: the fields of every interface by
// "downlink 3.1 GetParkingPaymentInfo".
func documentedFields(t *testing.T) map[string][]documented {
	t.Helper()
	text, err := os.ReadFile("testdata/interfaces.tsv")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string][]documented{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		column := strings.Split(line, "\t")
		if len(column) != 7 && len(column) != 9 {
			t.Fatalf("%d columns: %s", len(column), line)
		}
		column = append(column, "", "")
		d := documented{column[0], column[1], column[2], column[3], column[4], column[5], column[6], column[7]}
		if !slices.Contains([]string{"request", "answer"}, d.part) || !slices.Contains([]string{"string", "number", "array"}, d.typ) ||
			!slices.Contains([]string{"yes", "no", "some"}, d.mandatory) ||
			!slices.Contains([]string{"", "optional", "required", "some", "string", "extra", "omitted"}, d.ours) {
			t.Fatalf("not understood: %s", line)
		}
		fields[heading(d.direction, d.number, d.name)] = append(fields[heading(d.direction, d.number, d.name)], d)
	}
	return fields
}

// heading names an interface as the document and the README do.
func heading(direction, number, name string) string {
	if number == "" {
		number = "-"
	}
	if name == "" {
		name = "-"
	}
	return strings.ReplaceAll(direction+" "+number+" "+name, " -", "")
}

// headings are the 45 interfaces in the order of the document.
func headings() []string {
	var all []string
	for _, u := range Uplinks() {
		all = append(all, heading("uplink", u.Number, u.Name))
	}
	for _, r := range Routes() {
		all = append(all, heading("downlink", r.Number, r.Name))
	}
	return all
}

// wanted is the type that we write a field with, "" when we do not have it.
func (d documented) wanted() string {
	switch d.ours {
	case "omitted":
		return ""
	case "string":
		return d.ours
	default:
		return d.typ
	}
}

// need says whether we require a field: yes, no, or in some cases.
func (d documented) need() string {
	switch d.ours {
	case "required":
		return "yes"
	case "optional":
		return "no"
	case "some":
		return d.ours
	default:
		return d.mandatory
	}
}

func TestTheTableListsAllInterfaces(t *testing.T) {
	got := slices.Sorted(maps.Keys(documentedFields(t)))
	want := headings()
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 45 {
		t.Errorf("%d interfaces are in the table (-ours +table):\n%s", len(got), diff)
	}
}

func TestEveryFieldOfTheDocumentIsWrittenAsItsExampleShows(t *testing.T) {
	all := contracts()
	for title, lines := range documentedFields(t) {
		name := lines[0].name
		if name == "-" {
			continue // a link, tested below
		}
		c, ok := all[name]
		if !ok {
			t.Errorf("%s has no structs", title)
			continue
		}
		for part, message := range map[string]any{"request": c.request, "answer": c.answer} {
			want := map[string]string{}
			for _, d := range lines {
				if d.part == part && d.wanted() != "" {
					want[d.field] = d.wanted()
				}
			}
			if diff := cmp.Diff(want, fieldTypes(t, message)); diff != "" {
				t.Errorf("%s %s, %T (-document +struct):\n%s", title, part, message, diff)
			}
		}
	}
}

func TestWhatIsMandatoryIsRequired(t *testing.T) {
	all := contracts()
	for title, lines := range documentedFields(t) {
		for _, d := range lines {
			message := all[d.name].request
			if d.part == "answer" {
				message = all[d.name].answer
			}
			if message == nil || d.wanted() == "" {
				continue // a link
			}
			text := writtenWithout(t, message, d.field)
			err := DecodeFields(text, reflect.New(reflect.TypeOf(message)).Interface())
			var missing *FieldError
			named := strings.Replace(d.field, "[]", "[0]", 1)
			// What is required in some cases only is tested with partials.
			switch isMissing := errors.As(err, &missing) && *missing == (FieldError{named, Missing}); {
			case d.need() == "yes" && !isMissing:
				t.Errorf("%s without %s: error = %v, want %s: missing", title, d.field, err, named)
			case d.need() == "no" && err != nil:
				t.Errorf("%s without %s: %v", title, d.field, err)
			}
		}
	}
}

func TestTheLinksHaveTheFieldsOfTheDocument(t *testing.T) {
	fields := documentedFields(t)
	for title, link := range map[string]string{
		"uplink 5.1": TicketLink("http://platform.example/pay", "1"),
		"uplink 5.2": ChangeLink("http://platform.example/change", "1", "o"),
	} {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, d := range fields[title] {
			want = append(want, d.field)
		}
		if got := slices.Sorted(maps.Keys(u.Query())); len(want) == 0 || !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s has %v, want %v", title, got, want)
		}
	}
}

func TestEveryMessageIsReadAsItWasWritten(t *testing.T) {
	for name, c := range contracts() {
		for _, message := range []any{c.request, c.answer} {
			if message == nil {
				continue
			}
			written, err := marshal(filled(t, message))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			read := reflect.New(reflect.TypeOf(message))
			if err := DecodeFields(written, read.Interface()); err != nil {
				t.Errorf("%s: %T: %v", name, message, err)
			}
			again, err := marshal(read.Interface())
			if err != nil || string(again) != string(written) {
				t.Errorf("%s: %T is written as\n%s\nand after reading as\n%s\n%v", name, message, written, again, err)
			}
		}
	}
}

// writtenWithout returns the JSON of a filled message without one field.
func writtenWithout(t *testing.T, message any, field string) []byte {
	t.Helper()
	object := asMap(t, filled(t, message))
	outer, inner, nested := strings.Cut(field, "[].")
	if nested {
		rows := rowsIn(object[outer])
		if len(rows) != 1 {
			t.Fatalf("%T has %d %s, want 1", message, len(rows), outer)
		}
		delete(rows[0], inner)
		object[outer] = rows
	} else {
		delete(object, field)
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// fieldTypes returns the JSON type of each field that a filled message is written
// with; rows of an array as "array[].field".
func fieldTypes(t *testing.T, message any) map[string]string {
	t.Helper()
	types := map[string]string{}
	if message == nil {
		return types
	}
	var note func(object map[string]any, at string)
	note = func(object map[string]any, at string) {
		for name, value := range object {
			switch value.(type) {
			case string:
				types[at+name] = "string"
			case json.Number:
				types[at+name] = "number"
			case []any:
				types[at+name] = "array"
			default:
				types[at+name] = "nothing that the document has"
			}
			for _, row := range rowsIn(value) {
				note(row, at+name+"[].")
			}
		}
	}
	note(asMap(t, filled(t, message)), "")
	return types
}

func asMap(t *testing.T, message any) map[string]any {
	t.Helper()
	text, err := marshal(message)
	if err != nil {
		t.Fatalf("encode %T: %v", message, err)
	}
	return readObject(t, text)
}

func readObject(t *testing.T, text []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	object := map[string]any{}
	if err := decoder.Decode(&object); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return object
}

// rowsIn returns the objects of an array, also of one inside a string.
func rowsIn(value any) []map[string]any {
	if s, ok := value.(string); ok {
		decoder := json.NewDecoder(strings.NewReader(s))
		decoder.UseNumber()
		var rows []map[string]any
		if decoder.Decode(&rows) != nil {
			return nil
		}
		return rows
	}
	list, _ := value.([]any)
	var rows []map[string]any
	for _, element := range list {
		if row, ok := element.(map[string]any); ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// filled returns a message of the same type in which every field says something.
func filled(t *testing.T, message any) any {
	t.Helper()
	v := reflect.New(reflect.TypeOf(message)).Elem()
	fill(t, v)
	return v.Interface()
}

func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case Int:
		v.Set(reflect.ValueOf(IntOf(1)))
		return
	case StatusCode:
		v.SetString("1")
		return
	case FreeDetail:
		fill(t, v.FieldByName("Items"))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("long enough for a card")
	case reflect.Int, reflect.Int64:
		v.SetInt(1) // within the bounds of all fields
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	default:
		t.Fatalf("no rule to fill a %s", v.Type())
	}
}
