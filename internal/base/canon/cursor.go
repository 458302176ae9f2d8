package canon

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"twoseas/internal/base/fault"
)

// Cursor walks through one JSON value of any size, with memory bounded by the
// values it is asked for. Names that appear twice and invalid UTF-8 are the
// caller's to judge when it parses a value.
//
// After an error every method returns it again. Cursor is not safe for
// concurrent use.
type Cursor struct {
	in   *budget
	dec  *jsontext.Decoder
	err  error
	each int
}

// NewCursor returns a cursor before the value in r. A value or name that is
// longer than limit bytes is fault.TooLarge.
func NewCursor(r io.Reader, limit int) *Cursor {
	c := &Cursor{in: &budget{r: r}, each: limit}
	c.dec = jsontext.NewDecoder(c.in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return c
}

// Kind returns what begins here: one of {}[]"0tfn, or 0 at the end or where
// there is no JSON.
func (c *Cursor) Kind() byte {
	c.allow()
	return byte(c.dec.PeekKind())
}

// Depth returns how many objects and arrays are open.
func (c *Cursor) Depth() int { return c.dec.StackDepth() }

// Enter goes into the object or array that begins here.
func (c *Cursor) Enter() error {
	if k := c.Kind(); k != '{' && k != '[' {
		return c.fail(fault.New(fault.Invalid, "want an object or an array"))
	}
	if c.Depth() >= MaxDepth {
		return c.fail(fault.Errorf(fault.Invalid, "nested deeper than %d", MaxDepth))
	}
	_, err := c.token()
	return err
}

// More reports whether the object or array has another member or element.
func (c *Cursor) More() bool {
	k := c.Kind()
	return c.err == nil && k != 0 && k != '}' && k != ']'
}

// Leave goes out of the object or array, whose members and elements have all
// been read.
func (c *Cursor) Leave() error {
	if k := c.Kind(); k != '}' && k != ']' {
		return c.fail(io.ErrUnexpectedEOF)
	}
	_, err := c.token()
	return err
}

// Name reads the name of the member that begins here.
func (c *Cursor) Name() (string, error) {
	if c.Kind() != '"' {
		return "", c.fail(fault.New(fault.Invalid, "want a name"))
	}
	t, err := c.token()
	if err != nil {
		return "", err
	}
	return t.String(), nil
}

// Value reads the value that begins here, whole. It is the caller's.
func (c *Cursor) Value() ([]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	c.allow()
	v, err := c.dec.ReadValue()
	if err != nil {
		return nil, c.fail(err)
	}
	if len(v) > c.each {
		return nil, c.fail(errLong)
	}
	return bytes.Clone(v), nil
}

// Skip passes over the value that begins here, which may be of any size.
func (c *Cursor) Skip() error {
	depth := c.Depth()
	for {
		if c.Depth() > MaxDepth+depth {
			return c.fail(fault.Errorf(fault.Invalid, "nested deeper than %d", MaxDepth))
		}
		c.allow()
		if _, err := c.token(); err != nil {
			return err
		}
		if c.Depth() <= depth {
			return nil
		}
	}
}

// End returns nil when nothing but space follows.
func (c *Cursor) End() error {
	if c.err != nil {
		return c.err
	}
	c.allow()
	_, err := c.dec.ReadToken()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		err = errors.New("text after the end of the value")
	}
	return c.fail(err)
}

// Offset returns how many bytes have been consumed.
func (c *Cursor) Offset() int64 { return c.dec.InputOffset() }

var errLong = fault.New(fault.TooLarge, "one value is too large")

func (c *Cursor) allow() { c.in.left = c.each + 64<<10 } // the decoder reads ahead

func (c *Cursor) token() (jsontext.Token, error) {
	if c.err != nil {
		return jsontext.Token{}, c.err
	}
	t, err := c.dec.ReadToken()
	if err != nil {
		return t, c.fail(err)
	}
	return t, nil
}

func (c *Cursor) fail(err error) error {
	switch {
	case c.err != nil:
	case errors.Is(err, errTooLarge):
		c.err = errLong
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		c.err = fault.Errorf(fault.Invalid, "input ends too early, at byte %d", c.Offset())
	case fault.KindOf(err) == fault.TooLarge:
		c.err = err
	default:
		c.err = fault.Errorf(fault.Invalid, "byte %d: %w", c.Offset(), err)
	}
	return c.err
}
