package notice_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/act/notice"
	"twoseas/internal/base/lang"
)

var (
	hole  = regexp.MustCompile(`\{\d\}`)
	house = regexp.MustCompile(`(?i)breach|violat|non-?complian|違反|उल्लंघन`)
)

func TestEveryLanguageSaysEverything(t *testing.T) {
	c, err := notice.Texts()
	if err != nil {
		t.Fatal(err)
	}
	english := c.Texts(lang.English)
	for _, k := range notice.Kinds() {
		if english["notice.kind."+string(k)] == "" {
			t.Errorf("no text for %s", k)
		}
	}
	for _, tag := range lang.Tags() {
		own := c.Texts(tag)
		for key, text := range english {
			one := strings.HasSuffix(key, ".one")
			if said, ok := own[key]; !ok && (!one || tag != lang.Japanese) || ok && !one && !slices.Equal(hole.FindAllString(text, -1), hole.FindAllString(said, -1)) {
				t.Errorf("%s %s: %q", tag, key, said)
			}
		}
		for key, text := range own {
			if english[key] == "" || house.MatchString(text) || strings.TrimSpace(text) != text || text == "" {
				t.Errorf("%s %s: %q", tag, key, text)
			}
			if strings.HasPrefix(key, "notice.mail.subject") && len(hole.FindAllString(text, -1)) > 0 {
				t.Errorf("%s %s: a subject has a place for something", tag, key)
			}
		}
	}
}
