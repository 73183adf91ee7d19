package camera

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestElementsAreFoundWhateverTheirNamespace(t *testing.T) {
	const text = `<?xml version="1.0" encoding="GB2312"?><ns1:A xmlns:ns1="x"><ns1:b> 1 </ns1:b><b>2</b><c><d>3</d></c></ns1:A>`
	got, err := Elements([]byte(text), 2)
	if diff := cmp.Diff(map[string]string{"A": "", "A/b": "1", "A/c": ""}, got); diff != "" || err != nil {
		t.Errorf("%v; elements differ (-want +got):\n%s", err, diff)
	}
}

func TestAListKeepsItsItemsApart(t *testing.T) {
	const text = `<Plates><Plate><a>1</a><a>2</a></Plate><other><a>3</a></other><Plate/><x:Plate><b>4</b><c><b>5</b></c></x:Plate></Plates>`
	got, err := ElementList([]byte(text), "Plate")
	want := []map[string]string{{"a": "1"}, {}, {"b": "4", "c": ""}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v; items differ (-want +got):\n%s", err, diff)
	}
}

func FuzzElements(f *testing.F) {
	f.Add([]byte("<Plates><Plate><captureTime>20200424T1616270000</captureTime><plateNumber/></Plate></Plates>"), "Plate")
	f.Add([]byte("<a><a><a/></a></a>"), "a")
	f.Fuzz(func(t *testing.T, text []byte, item string) {
		fields, err := Elements(text, 3)
		if err != nil && fields != nil {
			t.Fatal("both elements and an error")
		}
		list, err := ElementList(text, item)
		if err != nil && list != nil {
			t.Fatal("both a list and an error")
		}
		size := 0
		for _, one := range list {
			for key, value := range one {
				size += len(key) + len(value)
			}
		}
		if size > 3*len(text) { // of GBK, two bytes become three
			t.Fatalf("%d bytes out of %d", size, len(text))
		}
	})
}
