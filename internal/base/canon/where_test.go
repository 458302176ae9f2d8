package canon_test

import (
	"errors"
	"strings"
	"testing"

	"twoseas/internal/base/canon"
)

func TestWhere(t *testing.T) {
	type row struct {
		Name string `json:"name"`
		N    int    `json:"n"`
		OK   bool   `json:"ok"`
	}
	type doc struct {
		Rows []row `json:"rows"`
	}
	for _, c := range []struct{ name, in, at, says string }{
		{"an unknown member", `{"rows":[{},{"nane":"x"}]}`, "/rows/1/nane", "unknown field"},
		{"a number for a text", `{"rows":[{"name":1}]}`, "/rows/0/name", "want a text"},
		{"a text for a number", `{"rows":[{"n":"1"}]}`, "/rows/0/n", "want a whole number"},
		{"a fraction for a number", `{"rows":[{"n":1.5}]}`, "/rows/0/n", "want a whole number"},
		{"a text for a truth", `{"rows":[{"ok":"yes"}]}`, "/rows/0/ok", "want true or false"},
		{"an object for a list", `{"rows":{}}`, "/rows", "want a list"},
		{"a list for an object", `{"rows":[[]]}`, "/rows/0", "want a group of fields"},
		{"no JSON", `{"rows":`, "", "ends too early"},
	} {
		var d doc
		at, says := canon.Where(canon.UnmarshalStrict([]byte(c.in), &d))
		if at != c.at || !strings.Contains(says, c.says) {
			t.Errorf("%s: %q %q", c.name, at, says)
		}
	}
	if at, says := canon.Where(errors.New("other")); at != "" || says != "other" {
		t.Errorf("another error: %q %q", at, says)
	}
}
