package peer

import (
	"context"
	"net/http"
	"strconv"

	"twoseas/internal/act/matching"
	"twoseas/internal/act/matching/psi"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Bounds of what private matching carries.
const (
	maxBlinded = psi.MaxValues * psi.ElementSize
	maxAnswer  = maxNote + matching.MaxContent
)

// AskMatching hands a question of private matching over.
func (c *Client) AskMatching(ctx context.Context, d ident.Domain, a ident.Agreement, note, blinded []byte) error {
	body := append(append(make([]byte, 0, len(note)+len(blinded)), note...), blinded...)
	_, err := c.post(ctx, address(d, a, "matching"), body, http.Header{noteLength: {strconv.Itoa(len(note))}})
	return err
}

// MatchingAnswer asks for the answer to a question of ours.
func (c *Client) MatchingAnswer(ctx context.Context, d ident.Domain, a ident.Agreement, session string) (note, content []byte, err error) {
	raw, head, err := c.call(ctx, http.MethodPost, address(d, a, "matching/"+session+"/answer"), nil, nil, maxAnswer)
	if err != nil {
		return nil, nil, err
	}
	n, err := strconv.Atoi(head.Get(noteLength))
	if err != nil || n < 1 || n > len(raw) {
		return nil, nil, fault.Errorf(fault.Invalid, "the node of %s answered without a note", c.side)
	}
	return raw[:n], raw[n:], nil
}

// RevealMatching tells the partner which digests were found.
func (c *Client) RevealMatching(ctx context.Context, d ident.Domain, a ident.Agreement, session string, found []byte) error {
	_, err := c.post(ctx, address(d, a, "matching/"+session+"/found"), found, nil)
	return err
}

func (s *server) matching(c call) error {
	n, err := strconv.Atoi(c.r.Header.Get(noteLength))
	if err != nil || n < 1 || n > maxNote {
		return fault.Errorf(fault.Invalid, "%s: want the length of the question's note", noteLength)
	}
	raw, err := read(c.w, c.r, maxNote+maxBlinded)
	if err != nil {
		return err
	}
	if n > len(raw) {
		return fault.New(fault.Invalid, "the question ends inside its note")
	}
	if err := s.Matchings.Asked(c.r.Context(), c.handle, c.agreement, c.from, raw[:n], raw[n:]); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) matchingAnswer(c call) error {
	// An answer once begun is made: the asker may have lost its patience, and
	// finds it there when it asks again.
	ctx := context.WithoutCancel(c.r.Context())
	note, content, err := s.Matchings.Answer(ctx, c.handle, c.agreement, c.from, c.r.PathValue("session"))
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/octet-stream")
	c.w.Header().Set(noteLength, strconv.Itoa(len(note)))
	_, _ = c.w.Write(append(append(make([]byte, 0, len(note)+len(content)), note...), content...)) // asked again when lost
	return nil
}

func (s *server) matchingFound(c call) error {
	found, err := read(c.w, c.r, psi.MaxValues*psi.DigestSize)
	if err != nil {
		return err
	}
	if err := s.Matchings.Revealed(context.WithoutCancel(c.r.Context()), c.handle, c.agreement, c.from, c.r.PathValue("session"), found); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
