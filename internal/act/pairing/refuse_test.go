package pairing_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"twoseas/internal/act/pairing"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

func TestAnswerRefuses(t *testing.T) {
	in, jp := pairOfNodes(t)
	code := in.invite(t)
	hello := jp.accept(t, code).Hello
	for name, c := range map[string]struct {
		change func(*pairing.Hello)
		pin    ident.Digest
		kind   fault.Kind
	}{
		"a connection with another TLS key": {func(*pairing.Hello) {}, in.pin, fault.Denied},
		"an invitation it never gave": {
			func(h *pairing.Hello) { h.Invitation = strings.Repeat("0", 32) }, jp.pin, fault.NotFound,
		},
		"its own TLS key": {func(h *pairing.Hello) { h.Guest.SPKI = in.pin.String() }, in.pin, fault.Denied},
		"its own side":    {func(h *pairing.Hello) { h.Guest.Side, h.Guest.VKey = "in", in.vkey(t) }, jp.pin, fault.Invalid},
		"a key in another's name": {
			func(h *pairing.Hello) { h.Guest.VKey = in.vkey(t) }, jp.pin, fault.Invalid,
		},
		"a short nonce":           {func(h *pairing.Hello) { h.Nonce = h.Nonce[1:] }, jp.pin, fault.Invalid},
		"an address without TLS":  {func(h *pairing.Hello) { h.Guest.URL = "http://jp.example" }, jp.pin, fault.Invalid},
		"an address with a login": {func(h *pairing.Hello) { h.Guest.URL = "https://a:b@jp.example" }, jp.pin, fault.Invalid},
		"an id that is none":      {func(h *pairing.Hello) { h.Invitation = "../x" }, jp.pin, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			h := hello
			c.change(&h)
			_, err := in.Answer(t.Context(), h, c.pin)
			wantFault(t, err, c.kind)
		})
	}
	in.answer(t, hello, jp.pin) // none of these used the invitation up
}

func TestAcceptRefuses(t *testing.T) {
	in, jp := pairOfNodes(t)
	code := in.invite(t)
	for name, bad := range map[string]string{
		"nothing":                       "",
		"another text":                  "https://in.example",
		"a code cut short":              code[:len(code)-3],
		"a letter mistyped":             code[:40] + swap(code[40:41]) + code[41:],
		"a digit mistyped":              corrupt(t, code, "2026-11", "2026-12"),
		"a very long text":              code + strings.Repeat("A", 5000),
		"a code with an unknown member": pairing.Recode(code, func(v map[string]any) { v["more"] = true }),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jp.Accept(t.Context(), officer, bad)
			if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
				t.Errorf("error %v", err)
			}
		})
	}
	_, err := in.Accept(t.Context(), officer, code)
	wantFault(t, err, fault.Invalid) // its own
	mailed := code[:50] + "\r\n  " + code[50:] + "\n"
	jp.accept(t, mailed)
}

// corrupt changes what a code carries and leaves its check sum.
func corrupt(t *testing.T, code, old, text string) string {
	t.Helper()
	head, b64, _ := strings.Cut(code, ":")
	raw, err := base64.RawURLEncoding.DecodeString(b64)
	if err != nil || !bytes.Contains(raw, []byte(old)) {
		t.Fatalf("%s in %q: %v", old, raw, err)
	}
	return head + ":" + base64.RawURLEncoding.EncodeToString(bytes.Replace(raw, []byte(old), []byte(text), 1))
}

func swap(s string) string {
	if s == "A" {
		return "B"
	}
	return "A"
}

// A code that bears the id of an invitation of one's own must not reach it.
func TestACodeCannotTouchAnInvitationOfOnesOwn(t *testing.T) {
	in, jp := pairOfNodes(t)
	own := jp.invite(t)
	id, _ := pairing.Inside(own)["id"].(string)
	theirs := pairing.Recode(in.invite(t), func(v map[string]any) { v["id"] = id })
	_, err := jp.Accept(t.Context(), officer, theirs)
	wantFault(t, err, fault.Denied)
	_, err = jp.Finish(t.Context(), pairing.Answer{Invitation: id, Nonce: make([]byte, 32)})
	wantFault(t, err, fault.Denied)
	jp.answer(t, in.accept(t, own).Hello, in.pin)
}
