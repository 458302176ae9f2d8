package ledgers

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheShownOutputIsWhatThePrintedReportSays holds the example of the page to
// the report of the published vectors.
func TestTheShownOutputIsWhatThePrintedReportSays(t *testing.T) {
	report, err := os.ReadFile("../../../../docs/formats/vectors/report.txt")
	if err != nil {
		t.Fatal(err)
	}
	// The page shortens digests and leaves out a kind of leaf that it says nothing of.
	want := regexp.MustCompile(`(sha256:[0-9a-f]{8})[0-9a-f]{56}`).ReplaceAllString(string(report), "$1…")
	want = strings.Replace(want, "2 twoseas/recall/v1, ", "", 1)
	_, shown, _ := strings.Cut(verifyOutput, "file 2: jp.ledger.txt\n")
	if shown != strings.TrimSuffix(want, "\n") {
		t.Errorf("the page shows\n%s\nthe program prints\n%s", shown, want)
	}
}
