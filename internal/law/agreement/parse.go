package agreement

import (
	"bytes"
	"strings"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// Parse reads a document as people write it. Whatever is wrong is
// fault.Invalid and says in which line: syntax, unknown fields, values outside
// their vocabulary, contradictions, and embedded tests that come out
// differently from what they expect.
func Parse(src []byte) (*Document, error) {
	y, err := toJSON(src)
	if err != nil {
		return nil, err
	}
	d, err := decode(y.json, y.lines)
	if err != nil {
		return nil, err
	}
	return d.checked()
}

// FromCanonical reads the bytes that Canonical writes, and no others. The
// document is checked and tested as by Parse.
func FromCanonical(raw []byte) (*Document, error) {
	if len(raw) > 2*MaxSize {
		return nil, fault.Errorf(fault.TooLarge, "agreement: %d bytes, want at most %d", len(raw), 2*MaxSize)
	}
	d, err := decode(raw, nil)
	if err != nil {
		return nil, err
	}
	back, err := d.Canonical()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(back, raw) {
		return nil, fault.New(fault.Invalid, "agreement: not in its canonical form")
	}
	return d.checked()
}

// checked returns the document if nothing is wrong with it.
func (d *Document) checked() (*Document, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return d, nil
}

func decode(raw []byte, lines map[string]int) (*Document, error) {
	d := &Document{lines: lines}
	if err := canon.UnmarshalStrict(raw, d); err != nil {
		at, text := canon.Where(err)
		return nil, fault.New(fault.Invalid, "agreement: "+place(d.lineOf(at), at)+strings.TrimSpace(text))
	}
	if d.Version == 0 {
		d.Version = 1
	}
	return d, nil
}

// lineOf returns the line of a value, or of the nearest value around it that
// is known; 0 when the document did not come from YAML.
func (d *Document) lineOf(pointer string) int {
	for {
		if n, ok := d.lines[pointer]; ok {
			return n
		}
		i := strings.LastIndexByte(pointer, '/')
		if i < 0 {
			return 0
		}
		pointer = pointer[:i]
	}
}
