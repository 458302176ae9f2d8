package fault_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
)

func TestWhatIsInternalIsNotShown(t *testing.T) {
	err := fmt.Errorf("open store: %w", errors.New("password=hunter2"))
	if fault.KindOf(err) != fault.Internal || strings.Contains(fault.Message(err), "hunter2") {
		t.Errorf("kind %v, message %q", fault.KindOf(err), fault.Message(err))
	}
	if fault.Is(nil, fault.Internal) {
		t.Error("no error is of no kind")
	}
}

func TestAKindSurvivesWrapping(t *testing.T) {
	err := fmt.Errorf("apply shipment 3: %w", fault.Errorf(fault.Denied, "rule %s: %w", "red", io.EOF))
	if !fault.Is(err, fault.Denied) || !errors.Is(err, io.EOF) || fault.Message(err) != "rule red: EOF" {
		t.Errorf("kind %v, message %q", fault.KindOf(err), fault.Message(err))
	}
	for k := fault.Internal; k <= fault.TooLarge; k++ {
		if k != fault.Internal && k.String() == "internal" {
			t.Errorf("kind %d has no name", k)
		}
	}
	if fault.Kind(200).String() != "internal" {
		t.Error("an unknown kind shows nothing")
	}
}
