package feed

import (
	"strings"
	"testing"

	"twoseas/internal/base/fault"
)

func TestManifestsThatAreNone(t *testing.T) {
	const id = "5f1b8e22-940d-4c37-a176-e9035dc862bb"
	for raw, want := range map[string]string{
		`{"` + id + `":{"timestamp":1805360400}}`: "1805360400", `{"` + id + `":{"timestamp":"1805360400"}}`: "1805360400",
		`{"` + strings.ToUpper(id) + `":{"timestamp":"1"}}`: "1", `{"` + id + `":{}}`: "null",
		`{"../../etc/passwd":{"timestamp":1}}`: "", `{"https://elsewhere.example/x":{}}`: "", `{"` + id + `":1}`: "", `[]`: "", `null`: "", `{`: "", ``: "",
		`{"Event":{"info":"x"}}`: "",
	} {
		got, err := readManifest(strings.NewReader(raw))
		if want == "" && !fault.Is(err, fault.Invalid) || want != "" && (err != nil || got[id] != want) {
			t.Errorf("%s: %v %v", raw, got, err)
		}
	}
}

func TestEventsAreBesideTheirManifest(t *testing.T) {
	for address, want := range map[string]string{
		"https://feeds.example/osint/manifest.json":       "https://feeds.example/osint/x.json",
		"https://feeds.example/manifest.json":             "https://feeds.example/x.json",
		"https://feeds.example/a%2Fb/manifest.json?key=1": "https://feeds.example/a/b/x.json?key=1",
	} {
		if got, err := eventURL(address, "x"); err != nil || got != want || !isManifest(address) {
			t.Errorf("%s: %s %v", address, got, err)
		}
	}
	if isManifest("https://feeds.example/event.json") || isManifest("folder:/x") {
		t.Error("any file is a manifest")
	}
}
