package matching

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/matching/psi"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

// RequestTitle and AnswerTitle are the first lines of the two notes of a
// question. Both sides append both to their exchange ledgers; they tell counts
// and digests of what is random, and no value.
const (
	RequestTitle = "twoseas/matching/v1"
	AnswerTitle  = "twoseas/matching-answer/v1"
)

// maxSet bounds the values a side answers with.
const maxSet = 3_000_000

// MaxContent bounds the content of an answer.
const MaxContent = psi.MaxValues*psi.ElementSize + psi.ProofSize + (maxSet+padding)*psi.DigestSize

// request is the text that the asker signs:
//
//	twoseas/matching/v1
//	agreement in-jp-2022 sha256:…
//	domain live
//	from jp
//	to in
//	session 00112233445566778899aabbccddeeff
//	values 10000
//	blinded sha256:…
//	made 2026-11-22T09:00:00Z
type request struct {
	agreement ident.Agreement
	hash      ident.Digest // of the version it rests on
	domain    ident.Domain
	from, to  ident.Side
	session   string
	values    int
	blinded   ident.Digest
	made      time.Time
}

func (r request) text() []byte {
	return []byte(RequestTitle + "\nagreement " + string(r.agreement) + " " + r.hash.String() + "\ndomain " + r.domain.String() +
		"\nfrom " + string(r.from) + "\nto " + string(r.to) + "\nsession " + r.session + "\nvalues " + strconv.Itoa(r.values) +
		"\nblinded " + r.blinded.String() + "\nmade " + note.FormatTime(r.made) + "\n")
}

func parseRequest(text []byte) (request, error) {
	l := note.ReadLines("question", RequestTitle, string(text))
	var r request
	rests := note.Field(l, "agreement", parseVersion)
	r.agreement, r.hash = rests.name, rests.hash
	r.domain = note.Field(l, "domain", ident.ParseDomain)
	r.from = note.Field(l, "from", ident.ParseSide)
	r.to = note.Field(l, "to", ident.ParseSide)
	r.session = note.Field(l, "session", parseSession)
	r.values = note.Field(l, "values", note.Count(1, psi.MaxValues))
	r.blinded = note.Field(l, "blinded", ident.ParseDigest)
	r.made = note.Field(l, "made", note.ParseTime)
	return r, l.End()
}

// version names a version of an agreement.
type version struct {
	name ident.Agreement
	hash ident.Digest
}

func parseVersion(s string) (v version, err error) {
	name, hash, _ := strings.Cut(s, " ")
	if v.name, err = ident.ParseAgreement(name); err != nil {
		return v, err
	}
	v.hash, err = ident.ParseDigest(hash)
	return v, err
}

// sessionSize is the size of what names a question, in bytes.
const sessionSize = 16

func parseSession(s string) (string, error) {
	if raw, err := hex.DecodeString(s); err != nil || len(raw) != sessionSize || strings.ToLower(s) != s {
		return "", fault.Errorf(fault.Invalid, "%.40q: want %d hex digits", s, 2*sessionSize)
	}
	return s, nil
}

// answer is the text that the other side signs:
//
//	twoseas/matching-answer/v1
//	request sha256:…
//	session 00112233445566778899aabbccddeeff
//	from in
//	to jp
//	rule matching 1(1)
//	key <64 hex digits>
//	set 1000448
//	content sha256:…
//	made 2026-11-22T09:05:00Z
//
// set is the number of digests, random ones included that hide how many values
// there are.
type answer struct {
	request  ident.Digest
	session  string
	from, to ident.Side
	rule     string
	key      []byte
	set      int
	content  ident.Digest
	made     time.Time
}

func (a answer) text() []byte {
	return []byte(AnswerTitle + "\nrequest " + a.request.String() + "\nsession " + a.session + "\nfrom " + string(a.from) + "\nto " + string(a.to) +
		"\nrule " + a.rule + "\nkey " + hex.EncodeToString(a.key) + "\nset " + strconv.Itoa(a.set) + "\ncontent " + a.content.String() +
		"\nmade " + note.FormatTime(a.made) + "\n")
}

func parseAnswer(text []byte) (answer, error) {
	l := note.ReadLines("answer", AnswerTitle, string(text))
	a := answer{
		request: note.Field(l, "request", ident.ParseDigest),
		session: note.Field(l, "session", parseSession),
		from:    note.Field(l, "from", ident.ParseSide),
		to:      note.Field(l, "to", ident.ParseSide),
		rule:    l.Value("rule"),
		key:     note.Field(l, "key", parseKey),
		set:     note.Field(l, "set", note.Count(0, maxSet+padding)),
		content: note.Field(l, "content", ident.ParseDigest),
		made:    note.Field(l, "made", note.ParseTime),
	}
	return a, l.End()
}

func parseKey(s string) ([]byte, error) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != psi.ElementSize || strings.ToLower(s) != s {
		return nil, fault.New(fault.Invalid, "want 64 hex digits")
	}
	return raw, nil
}

// signedBy returns the text of a note that a side's newest key signed, and
// nobody else.
func signedBy(msg []byte, key note.Verifier) ([]byte, error) {
	n, err := note.Open(msg, key)
	if err != nil {
		return nil, err
	}
	if len(n.Sigs) != 1 || len(n.Cosigs)+len(n.Unknown) != 0 {
		return nil, fault.Errorf(fault.Denied, "wants the signature of %s and no other", key.Side())
	}
	return n.Text, nil
}
