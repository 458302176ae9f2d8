// Package psi computes which of one side's values are in the other side's set
// without either list being shown: the verifiable oblivious PRF of RFC 9497
// with ristretto255 and SHA-512. The asker blinds its values, the other side
// evaluates them with a key it makes for this one question and proves that it
// did, and gives the truncated PRF of each value of its own set; the asker
// finds which of its own are among them.
//
// Invariants: what the asker sends is uniformly random whatever its values
// are; what it gets says nothing of a value that it did not blind, as long as
// the key is used for one question and forgotten; the same value has the same
// digest under one key, and digests under different keys are unrelated.
package psi

import (
	"crypto/sha512"
	"encoding/binary"
	"io"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
	"github.com/cloudflare/circl/zk/dleq"

	"twoseas/internal/base/fault"
)

const (
	// ElementSize is the size of a blinded or evaluated value.
	ElementSize = 32
	// ProofSize is the size of the proof after the evaluated values.
	ProofSize = 64
	// DigestSize is the size of a truncated PRF output. Of n values against m
	// that are not among them, n·m/2^96 are found by chance: one in 10^18
	// questions of 10,000 against 1,000,000.
	DigestSize = 12
	// MaxValues bounds the values of one question; RFC 9497 §2.2.1 counts them
	// in two bytes.
	MaxValues = 20_000
	// maxInput is what RFC 9497 §3 lets an input have.
	maxInput = 1<<16 - 1
)

// hashToGroup is the domain separation of RFC 9497 §3.2.2 for this suite in
// verifiable mode.
const hashToGroup = "HashToGroup-OPRFV1-\x01-ristretto255-SHA512"

var suite = oprf.SuiteRistretto255

// Digest is a truncated PRF output.
type Digest [DigestSize]byte

// Key evaluates for one question.
type Key struct {
	private *oprf.PrivateKey
	scalar  group.Scalar
}

// NewKey returns a fresh key.
func NewKey(rand io.Reader) (Key, error) {
	k, err := oprf.GenerateKey(suite, rand)
	if err != nil {
		return Key{}, err
	}
	raw, err := k.MarshalBinary()
	if err != nil {
		return Key{}, err
	}
	s := suite.Group().NewScalar()
	return Key{private: k, scalar: s}, s.UnmarshalBinary(raw)
}

// Public returns the public half, which the proof is checked against.
func (k Key) Public() ([]byte, error) { return k.private.Public().MarshalBinary() }

// Digest returns the digest of a value of one's own set; what the asker gets
// for the same value.
func (k Key) Digest(input []byte) (Digest, error) {
	if len(input) > maxInput {
		return Digest{}, fault.Errorf(fault.TooLarge, "a value of %d bytes", len(input))
	}
	e := group.Ristretto255.HashToElement(input, []byte(hashToGroup))
	raw, err := e.Mul(e, k.scalar).MarshalBinaryCompress()
	if err != nil {
		return Digest{}, err
	}
	return finish(input, raw), nil
}

// finish is Finalize of RFC 9497 §3.3.2, truncated.
func finish(input, element []byte) Digest {
	text := binary.BigEndian.AppendUint16(make([]byte, 0, len(input)+64), uint16(len(input))) //nolint:gosec // at most maxInput: Digest refuses more
	text = append(text, input...)
	text = binary.BigEndian.AppendUint16(text, ElementSize)
	text = append(append(text, element...), "Finalize"...)
	out := sha512.Sum512(text)
	return Digest(out[:DigestSize])
}

// Evaluate returns the evaluation of each blinded value, and the proof that
// all were evaluated with this key.
func (k Key) Evaluate(blinded []byte) ([]byte, error) {
	elements, err := decode(blinded)
	if err != nil {
		return nil, err
	}
	done, err := oprf.NewVerifiableServer(suite, k.private).Evaluate(&oprf.EvaluationRequest{Elements: elements})
	if err != nil {
		return nil, err
	}
	out, err := encode(done.Elements)
	if err != nil {
		return nil, err
	}
	proof, err := done.Proof.MarshalBinary()
	return append(out, proof...), err
}

// Count returns how many blinded values there are, each of which is one.
func Count(blinded []byte) (int, error) {
	list, err := decode(blinded)
	return len(list), err
}

func encode(list []group.Element) ([]byte, error) {
	out := make([]byte, 0, len(list)*ElementSize)
	for _, e := range list {
		raw, err := e.MarshalBinaryCompress()
		if err != nil {
			return nil, err
		}
		out = append(out, raw...)
	}
	return out, nil
}

// decode reads elements; one that is not, or is the identity, is
// fault.Invalid (RFC 9497 §2.1, DeserializeElement).
func decode(raw []byte) ([]group.Element, error) {
	if len(raw)%ElementSize != 0 || len(raw) == 0 || len(raw) > MaxValues*ElementSize {
		return nil, fault.Errorf(fault.Invalid, "%d bytes are not 1 to %d blinded values of %d", len(raw), MaxValues, ElementSize)
	}
	out := make([]group.Element, len(raw)/ElementSize)
	for i := range out {
		out[i] = suite.Group().NewElement()
		if err := out[i].UnmarshalBinary(raw[i*ElementSize : (i+1)*ElementSize]); err != nil || out[i].IsIdentity() {
			return nil, fault.Errorf(fault.Invalid, "blinded value %d is not an element of the group", i+1)
		}
	}
	return out, nil
}

// Question is the asker's side of one question.
type Question struct {
	data    *oprf.FinalizeData
	request *oprf.EvaluationRequest
	blinds  []oprf.Blind
	n       int
}

// Ask blinds values.
func Ask(rand io.Reader, inputs [][]byte) (*Question, error) {
	blinds := make([]oprf.Blind, len(inputs))
	for i := range blinds {
		blinds[i] = suite.Group().RandomNonZeroScalar(rand)
	}
	return ask(inputs, blinds)
}

// Again is the question of the same values that Secret came from.
func Again(inputs [][]byte, secret []byte) (*Question, error) {
	if len(secret) != len(inputs)*ElementSize {
		return nil, fault.New(fault.Invalid, "what was kept of the question does not fit its values")
	}
	blinds := make([]oprf.Blind, len(inputs))
	for i := range blinds {
		blinds[i] = suite.Group().NewScalar()
		if err := blinds[i].UnmarshalBinary(secret[i*ElementSize : (i+1)*ElementSize]); err != nil {
			return nil, err
		}
	}
	return ask(inputs, blinds)
}

func ask(inputs [][]byte, blinds []oprf.Blind) (*Question, error) {
	if len(inputs) == 0 || len(inputs) > MaxValues {
		return nil, fault.Errorf(fault.Invalid, "%d values, want 1 to %d", len(inputs), MaxValues)
	}
	for _, in := range inputs {
		if len(in) > maxInput {
			return nil, fault.Errorf(fault.TooLarge, "a value of %d bytes", len(in))
		}
	}
	// Blinding does not depend on the server's key; the client wants one.
	unused, err := oprf.GenerateKey(suite, zeros{})
	if err != nil {
		return nil, err
	}
	data, request, err := oprf.NewVerifiableClient(suite, unused.Public()).DeterministicBlind(inputs, blinds)
	return &Question{data: data, request: request, blinds: blinds, n: len(inputs)}, err
}

// zeros yields the bytes of a key that nobody uses.
type zeros struct{}

// Read fills p with ones.
func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 1
	}
	return len(p), nil
}

// Blinded returns what is sent.
func (q *Question) Blinded() ([]byte, error) { return encode(q.request.Elements) }

// Secret returns what undoes the blinding. Whoever has it and what was sent can
// try out values.
func (q *Question) Secret() ([]byte, error) {
	out := make([]byte, 0, q.n*ElementSize)
	for _, b := range q.blinds {
		raw, err := b.MarshalBinary()
		if err != nil {
			return nil, err
		}
		out = append(out, raw...)
	}
	return out, nil
}

// Finish checks the proof and returns the digest of each value, in order.
// fault.Denied when it was not evaluated with the one key.
func (q *Question) Finish(public, evaluated []byte) ([]Digest, error) {
	if len(evaluated) != q.n*ElementSize+ProofSize {
		return nil, fault.Errorf(fault.Invalid, "%d bytes do not answer %d values", len(evaluated), q.n)
	}
	var key oprf.PublicKey
	if err := key.UnmarshalBinary(suite, public); err != nil {
		return nil, fault.Errorf(fault.Invalid, "the key of the answer: %w", err)
	}
	if e := suite.Group().NewElement(); e.UnmarshalBinary(public) != nil || e.IsIdentity() {
		return nil, fault.New(fault.Invalid, "the key of the answer is not one")
	}
	elements, err := decode(evaluated[:q.n*ElementSize])
	if err != nil {
		return nil, err
	}
	var proof dleq.Proof
	if err := proof.UnmarshalBinary(suite.Group(), evaluated[q.n*ElementSize:]); err != nil {
		return nil, fault.Errorf(fault.Invalid, "the proof of the answer: %w", err)
	}
	outputs, err := oprf.NewVerifiableClient(suite, &key).Finalize(q.data, &oprf.Evaluation{Elements: elements, Proof: &proof})
	if err != nil {
		return nil, fault.Errorf(fault.Denied, "the answer was not made with the one key that it names: %w", err)
	}
	list := make([]Digest, len(outputs))
	for i, o := range outputs {
		list[i] = Digest(o[:DigestSize])
	}
	return list, nil
}

// Secret returns the key, for LoadKey.
func (k Key) Secret() ([]byte, error) { return k.private.MarshalBinary() }

// LoadKey returns the key that Secret was taken of.
func LoadKey(raw []byte) (Key, error) {
	k := Key{private: new(oprf.PrivateKey), scalar: suite.Group().NewScalar()}
	if err := k.private.UnmarshalBinary(suite, raw); err != nil {
		return Key{}, err
	}
	return k, k.scalar.UnmarshalBinary(raw)
}
