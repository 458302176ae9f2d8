package handling_test

import (
	"strings"
	"testing"

	"twoseas/internal/format/handling"
	"twoseas/internal/format/stix"
)

func TestOf(t *testing.T) {
	const words, none = "words", ""
	for tag, want := range map[string]string{
		"tlp:red": "e828b379", "TLP:AMBER+STRICT": "939a9414", " tlp:white ": "94868c89", "PAP:RED": "740d36e5", "ＴＬＰ：ＲＥＤ": "e828b379",
		"tlp:ambr": words, "tlp:unclear": words, "tlp:ex:chr": words, "TLP RED": words, "tlp": words, "tlp:amber+strct": words,
		"TPL:RED": words, `iep:traffic-light-protocol="AMBER"`: words, "NOFORN": words, "SECRET//NOFORN": words,
		"Type:OSINT": none, "misp-galaxy:threat-actor=\"Turla Group\"": none, "ESET": none, "": none, "helptlpa": none, "colour of the red team": none,
	} {
		m, ok := handling.Of(tag)
		switch {
		case want == none:
			if ok {
				t.Errorf("%q is about handling: %v", tag, m)
			}
		case want == words:
			if !ok || m.Definition == nil {
				t.Errorf("%q: %v %v, want a definition that says it", tag, m, ok)
			}
		case !strings.Contains(m.ID, want) || m.Definition != nil:
			t.Errorf("%q: %v, want %s", tag, m, want)
		}
	}
}

func TestDefinitionsAreValidAndOfOneIDPerWords(t *testing.T) {
	long := "tlp:" + strings.Repeat("é", 2000) + "\xff"
	ids := map[string]string{}
	for _, tag := range []string{"tlp:ambr", "tlp:ambrr", `tlp:"x`, long} {
		m, _ := handling.Of(tag)
		o, err := stix.Parse(m.Definition, stix.Options{})
		if err != nil || o.ID != m.ID || ids[m.ID] != "" {
			t.Errorf("%.20q: %s %v", tag, m.Definition, err)
		}
		if string(o.Raw) != string(m.Definition) {
			t.Errorf("%.20q: not canonical", tag)
		}
		ids[m.ID] = tag
	}
}

func TestLevel(t *testing.T) {
	for _, v := range []string{"amber", "TLP:AMBER", " tlp: amber"} {
		if m, ok := handling.Level("tlp", v); !ok || !strings.Contains(m.ID, "55d920b0") {
			t.Errorf("%q: %v", v, m)
		}
	}
	if _, ok := handling.Level("tlp", " "); ok {
		t.Error("nothing written is a mark")
	}
	if m, ok := handling.Level("tlp", "internal"); !ok || m.Definition == nil {
		t.Error("what cannot be read is dropped")
	}
}

func TestInText(t *testing.T) {
	got := handling.InText("Report TLP:AMBER+STRICT, later tlp: red and PAP=GREEN; TLP:ORANGE. The TLP is a protocol.")
	var kinds []string
	for _, m := range got {
		k := m.ID[20:28]
		if m.Definition != nil {
			k = "words"
		}
		kinds = append(kinds, k)
	}
	if s := strings.Join(kinds, " "); s != "939a9414 words words words" {
		t.Errorf("got %s", s)
	}
}

func FuzzOf(f *testing.F) {
	f.Add("tlp:red")
	f.Add("ＴＬＰ：x")
	f.Fuzz(func(t *testing.T, tag string) {
		m, ok := handling.Of(tag)
		if ok && m.Definition != nil {
			if _, err := stix.Parse(m.Definition, stix.Options{}); err != nil {
				t.Fatalf("%q: %v", tag, err)
			}
		}
		if ok == (m.ID == "") {
			t.Fatalf("%q: %v %v", tag, m, ok)
		}
	})
}
