package feed_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
)

func lines(t *testing.T, in string) string {
	t.Helper()
	var out []string
	if err := feed.Lines(strings.NewReader(in), func(n int, text []byte) error {
		out = append(out, fmt.Sprintf("%d:%s", n, text))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "|")
}

func TestLines(t *testing.T) {
	for in, want := range map[string]string{
		"":          "",
		"a":         "1:a",
		"a\nb\n":    "1:a|2:b",
		"a\r\n\nb":  "1:a|2:|3:b",
		"\n\r\r\nx": "1:|2:\r|3:x",
	} {
		if got := lines(t, in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestALongLineComesInPiecesOfOneNumber(t *testing.T) {
	pieces, total, last := 0, 0, 0
	err := feed.Lines(strings.NewReader(strings.Repeat("x", 3*feed.MaxLine+7)+"\nend"), func(n int, text []byte) error {
		pieces, last = pieces+1, n
		total += len(text)
		return nil
	})
	if err != nil || pieces != 5 || total != 3*feed.MaxLine+10 || last != 2 {
		t.Errorf("%d pieces of %d bytes up to line %d: %v", pieces, total, last, err)
	}
}

func TestLinesEndWithTheErrorOfEither(t *testing.T) {
	stop := errors.New("stop")
	if err := feed.Lines(strings.NewReader("a\nb"), func(int, []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	broken := io.MultiReader(strings.NewReader("a"), &feed.Budget{})
	if err := feed.Lines(broken, func(int, []byte) error { return nil }); !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v", err)
	}
}
