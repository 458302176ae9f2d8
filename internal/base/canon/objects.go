package canon

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"twoseas/internal/base/fault"
)

// MaxObject bounds one element of a bundle, in bytes: a little less than a
// shipment holds.
const MaxObject = 7 << 20

// Objects streams the elements of a STIX bundle or TAXII envelope (a JSON
// object with an "objects" array), of a bare JSON array of objects, or of a
// single object. Memory stays bounded by one element.
//
// Objects is not safe for concurrent use.
type Objects struct {
	// Header holds the raw members that stand beside "objects", as far as
	// they have been read: those after the array are there once Next has
	// returned io.EOF. A single object leaves it empty.
	Header map[string][]byte

	in     *budget
	dec    *jsontext.Decoder
	state  func() ([]byte, error)
	strict bool // nothing but an envelope will do
	empty  bool // and one without objects is one
}

// ErrNotEnvelope is what NewEnvelope's stream ends with when the input is
// JSON but no envelope.
var ErrNotEnvelope = fault.New(fault.Invalid, `not an envelope: want {"objects": [...]} (TAXII 2.1 §3.7)`)

// NewObjects returns a stream over r. Nothing is read yet.
func NewObjects(r io.Reader) *Objects {
	in := &budget{r: r}
	o := &Objects{Header: map[string][]byte{}, in: in}
	// Elements are judged one by one later; a duplicate name or a bad rune
	// in one of them must not end the stream.
	o.dec = jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	o.state = o.begin
	return o
}

// NewEnvelope is NewObjects for input that must be a TAXII envelope with an
// "objects" array.
func NewEnvelope(r io.Reader) *Objects {
	o := NewObjects(r)
	o.strict = true
	return o
}

// NewPage is NewEnvelope for an answer, which may lack "objects" when there
// are none (TAXII 2.1 §3.7).
func NewPage(r io.Reader) *Objects {
	o := NewEnvelope(r)
	o.empty = true
	return o
}

// Next returns the next element's bytes, owned by the caller, or io.EOF. Any
// other error is final and says at which byte the input stopped making sense.
func (o *Objects) Next() ([]byte, error) {
	o.in.left = MaxObject + 64<<10 // the decoder reads ahead
	raw, err := o.state()
	if err != nil {
		final := err
		o.state = func() ([]byte, error) { return nil, final }
	}
	return raw, err
}

// Offset returns how many bytes of the input have been consumed.
func (o *Objects) Offset() int64 { return o.dec.InputOffset() }

func (o *Objects) begin() ([]byte, error) {
	switch kind := o.dec.PeekKind(); {
	case o.strict && kind != '{':
		if _, err := o.dec.ReadValue(); err != nil {
			return nil, o.fail(err)
		}
		return nil, ErrNotEnvelope
	case kind == '[':
		if _, err := o.dec.ReadToken(); err != nil {
			return nil, o.fail(err)
		}
		o.state = func() ([]byte, error) { return o.element(o.end) }
		return o.state()
	case kind == '{':
		if _, err := o.dec.ReadToken(); err != nil {
			return nil, o.fail(err)
		}
		return o.members(false)
	}
	if _, err := o.dec.ReadToken(); err != nil {
		return nil, o.fail(err)
	}
	return nil, fault.New(fault.Invalid, "want a STIX bundle, an envelope, an array of objects or one object")
}

// members reads the outer object up to its "objects" array or its end.
func (o *Objects) members(seen bool) ([]byte, error) {
	for o.dec.PeekKind() == '"' {
		name, err := o.dec.ReadToken()
		if err != nil {
			return nil, o.fail(err)
		}
		key := name.String()
		if key == "objects" && o.dec.PeekKind() == '[' {
			if seen {
				return nil, fault.New(fault.Invalid, `"objects" appears twice`)
			}
			if _, err := o.dec.ReadToken(); err != nil {
				return nil, o.fail(err)
			}
			o.state = func() ([]byte, error) {
				return o.element(func() ([]byte, error) { return o.members(true) })
			}
			return o.state()
		}
		v, err := o.dec.ReadValue()
		if err != nil {
			return nil, o.fail(err)
		}
		if _, dup := o.Header[key]; dup {
			return nil, fault.Errorf(fault.Invalid, "%q appears twice", key)
		}
		o.Header[key] = bytes.Clone(v)
	}
	if _, err := o.dec.ReadToken(); err != nil {
		return nil, o.fail(err)
	}
	if seen {
		return o.end()
	}
	if o.strict && o.empty && o.isEmpty() {
		return o.end()
	}
	if o.strict {
		return nil, ErrNotEnvelope
	}
	if t := string(o.Header["type"]); t == `"bundle"` || len(o.Header) == 0 {
		return o.end() // objects are optional in a bundle and in an envelope
	}
	return o.single()
}

// isEmpty reports whether what was read is an envelope that lacks its objects,
// and not, say, an error message.
func (o *Objects) isEmpty() bool {
	for name := range o.Header {
		if name != "more" && name != "next" {
			return false
		}
	}
	return true
}

func (o *Objects) element(done func() ([]byte, error)) ([]byte, error) {
	if o.dec.PeekKind() == ']' {
		if _, err := o.dec.ReadToken(); err != nil {
			return nil, o.fail(err)
		}
		return done()
	}
	v, err := o.dec.ReadValue()
	if err != nil {
		return nil, o.fail(err)
	}
	if len(v) > MaxObject {
		return nil, errTooLarge
	}
	return bytes.Clone(v), nil
}

// single puts the members of a bare object together again.
func (o *Objects) single() ([]byte, error) {
	var b bytes.Buffer
	sep := byte('{')
	for k, v := range o.Header {
		b.WriteByte(sep)
		b.Write(AppendString(nil, k))
		b.WriteByte(':')
		b.Write(v)
		sep = ','
	}
	b.WriteByte('}')
	o.Header = map[string][]byte{}
	o.state = o.end
	return b.Bytes(), nil
}

func (o *Objects) end() ([]byte, error) {
	if _, err := o.dec.ReadToken(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("text after the end of the value")
		}
		return nil, o.fail(err)
	}
	return nil, io.EOF
}

func (o *Objects) fail(err error) error {
	if errors.Is(err, errTooLarge) {
		return errTooLarge
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Errorf(fault.Invalid, "input ends too early, at byte %d", o.dec.InputOffset())
	}
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.Errorf(fault.Invalid, "byte %d: %w", o.dec.InputOffset(), err)
}

var errTooLarge = fault.New(fault.TooLarge, fmt.Sprintf("one object is larger than %d MiB", MaxObject>>20))

// budget refuses to read further once an element has used up its bytes.
type budget struct {
	r    io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}
