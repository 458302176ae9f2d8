package mail

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
	"time"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
	gomail "github.com/wneessen/go-mail"

	"twoseas/internal/act/notice"
	"twoseas/internal/base/fault"
)

// write writes m as a mail, encrypted where it has a key.
func (s *Server) write(m notice.Message) (*gomail.Msg, bool, error) {
	to, err := notice.Address(m.To)
	if err != nil {
		return nil, false, &notice.Refusal{Code: 553, Text: "not an e-mail address", Permanent: true}
	}
	if strings.ContainsAny(m.Subject+m.ID, "\r\n\x00") {
		return nil, false, &notice.Refusal{Code: 550, Text: "a header of more than a line", Permanent: true}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	if err := msg.To(to); err != nil {
		return nil, false, &notice.Refusal{Code: 553, Text: "not an e-mail address", Permanent: true}
	}
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.At)
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence answers
	if m.Key == "" {
		msg.SetBodyString(gomail.TypeTextPlain, m.Text)
		return msg, false, nil
	}
	sealed, err := s.seal(m.Key, m.Text)
	if err != nil {
		return nil, false, err
	}
	body, kind, err := envelope(sealed)
	if err != nil {
		return nil, false, err
	}
	msg.SetBodyString(gomail.ContentType(kind), body, gomail.WithPartEncoding(gomail.NoEncoding))
	return msg, true, nil
}

// seal encrypts a text, as a MIME part of its own, to a key.
func (s *Server) seal(armored, text string) ([]byte, error) {
	key, err := crypto.NewKeyFromArmored(armored)
	if err != nil {
		return nil, &notice.Refusal{Code: 550, Text: "the key cannot be read", Permanent: true}
	}
	enc, err := crypto.PGP().Encryption().Recipient(key).EncryptionTime(s.Clock.Now().Unix()).New()
	if err != nil {
		return nil, unsealed()
	}
	part := "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.ReplaceAll(text, "\n", "\r\n")
	out, err := enc.Encrypt([]byte(part))
	if err != nil {
		return nil, unsealed()
	}
	return out.ArmorBytes()
}

// unsealed is about one message and not about the server.
func unsealed() error {
	return &notice.Refusal{Code: 550, Text: "nothing can be encrypted to the key", Permanent: true}
}

// envelope puts what is encrypted into the two parts of RFC 3156 §4.
func envelope(sealed []byte) (body, kind string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, part := range []struct{ kind, text string }{
		{"application/pgp-encrypted", "Version: 1\r\n"},
		{`application/octet-stream; name="encrypted.asc"`, string(sealed)},
	} {
		p, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {part.kind}})
		if err != nil {
			return "", "", err
		}
		if _, err := io.WriteString(p, part.text); err != nil {
			return "", "", err
		}
	}
	if err := w.Close(); err != nil {
		return "", "", err
	}
	return b.String(), `multipart/encrypted; protocol="application/pgp-encrypted"; boundary="` + w.Boundary() + `"`, nil
}

// ReadKey reads a public key that messages can be encrypted with now. A private
// key is refused: it is nobody else's.
func (s *Server) ReadKey(armored string) (notice.Key, error) {
	key, err := crypto.NewKeyFromArmored(strings.TrimSpace(armored))
	now := s.Clock.Now()
	switch {
	case err != nil:
		return notice.Key{}, fault.New(fault.Invalid, "this is not an OpenPGP public key: want the text between BEGIN and END PGP PUBLIC KEY BLOCK")
	case key.IsPrivate():
		return notice.Key{}, fault.New(fault.Invalid, "this is a private key: keep it to yourself, and give the public one")
	case key.IsRevoked(now.Unix()):
		return notice.Key{}, fault.New(fault.Invalid, "this key was revoked")
	case key.IsExpired(now.Unix()):
		return notice.Key{}, fault.New(fault.Invalid, "this key has ended")
	case !key.CanEncrypt(now.Unix()):
		return notice.Key{}, fault.New(fault.Invalid, "nothing can be encrypted to this key")
	}
	out := notice.Key{Fingerprint: strings.ToUpper(key.GetFingerprint()), Expires: ends(key, now)}
	if out.Armored, err = key.ArmorWithCustomHeaders("", ""); err != nil {
		return notice.Key{}, err
	}
	return out, nil
}

// ends returns when a key, or what encrypts of it, ends; zero for never.
func ends(key *crypto.Key, now time.Time) (at time.Time) {
	entity := key.GetEntity()
	sooner := func(made time.Time, life *uint32) {
		if life == nil || *life == 0 {
			return
		}
		if end := made.Add(time.Duration(*life) * time.Second).UTC(); at.IsZero() || end.Before(at) {
			at = end
		}
	}
	if sig, err := entity.PrimarySelfSignature(now, nil); err == nil {
		sooner(entity.PrimaryKey.CreationTime, sig.KeyLifetimeSecs)
	}
	if k, ok := entity.EncryptionKey(now, nil); ok && k.SelfSignature != nil {
		sooner(k.PublicKey.CreationTime, k.SelfSignature.KeyLifetimeSecs)
	}
	return at
}
