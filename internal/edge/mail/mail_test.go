package mail_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
	"github.com/emersion/go-smtp"

	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	edge "twoseas/internal/edge/mail"
	"twoseas/internal/store"
)

// body decodes the text of a message.
func body(t *testing.T, m taken) string {
	t.Helper()
	_, raw, _ := strings.Cut(m.raw, "\r\n\r\n")
	switch m.header.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		out, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(raw)))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	case "base64":
		out, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(raw, "\r\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	return raw
}

func subject(t *testing.T, m taken) string {
	t.Helper()
	s, err := (&mime.WordDecoder{}).DecodeHeader(m.header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAMessageSaysThatSomethingWaitsAndNotWhat(t *testing.T) {
	w := newWorld(t)
	w.person("asha", "asha@cert.example")
	due := start.Add(24 * time.Hour)
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "request 7", Step: "asked", Urgent: true, Due: due})
	m := w.sent(1)[0]
	text := body(t, m)
	if got := subject(t, m); got != "Urgent: something waits for you in Twoseas" {
		t.Errorf("subject %q", got)
	}
	for _, want := range []string{"2027-03-17 09:10  UTC", "2027-03-17 14:40  New Delhi", "2027-03-17 18:10  Tokyo", "2027-03-18 09:10  UTC", "https://desk.example/notices"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for _, secret := range []string{"secret-name", "request", "assistance", "asha"} {
		if strings.Contains(strings.ToLower(text+m.header.Get("Subject")), secret) {
			t.Errorf("%q in\n%s", secret, text)
		}
	}
	if !m.secure || m.to != "asha@cert.example" || !strings.HasSuffix(m.id, "@desk.example>") || m.header.Get("Auto-Submitted") != "auto-generated" || m.header.Get("Date") == "" {
		t.Errorf("%+v", m.header)
	}
}

func TestMessagesAreInTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	for name, wants := range map[string][2]string{"ja": {"至急", "東京"}, "hi": {"अत्यावश्यक", "नई दिल्ली"}} {
		by := w.person(name, name+"@cert.example")
		w.must(w.notices.SetWish(t.Context(), w.live, by, notice.Wish{Mail: true, Language: name, Zone: "Asia/Tokyo", Digest: notice.Daily}))
		n := len(w.to.messages())
		w.post(notice.Notice{To: notice.To{Account: name}, Cause: "x", Step: "y", Urgent: true})
		m := w.sent(n + 1)[n]
		if !strings.Contains(subject(t, m), wants[0]) || !strings.Contains(body(t, m), wants[1]) {
			t.Errorf("%s: %s\n%s", name, subject(t, m), body(t, m))
		}
	}
}

func TestTheSameStepIsToldOnce(t *testing.T) {
	w := newWorld(t)
	w.person("asha", "asha@cert.example")
	x := notice.Notice{To: notice.To{Account: "asha"}, Cause: "request 7", Step: "asked", Urgent: true}
	if w.post(x) != 1 || w.post(x) != 0 {
		t.Error("told twice")
	}
	w.sent(1)
	if w.post(x) != 0 {
		t.Error("told again after it was sent")
	}
	x.Step = "deputy"
	if w.post(x) != 1 {
		t.Error("the next step is not told")
	}
	w.sent(2)
}

func TestADigestInsteadOfAFlood(t *testing.T) {
	w := newWorld(t) // 09:10 UTC
	by := w.person("asha", "asha@cert.example")
	for i := range 30 {
		w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: fmt.Sprint("thing ", i), Step: "new"})
	}
	w.sent(0)
	w.clk.Set(start.Add(50 * time.Minute)) // the next full hour of New Delhi is 09:30 UTC
	if text := body(t, w.sent(1)[0]); !strings.Contains(text, "30 things wait for you") {
		t.Error(text)
	}
	w.must(w.notices.SetWish(t.Context(), w.live, by, notice.Wish{Mail: true, Language: "en", Zone: "Asia/Tokyo", Digest: notice.AtOnce, QuietFrom: "19:00", QuietTo: "07:30"}))
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "night", Step: "new"}) // 19:00 in Tokyo
	w.sent(1)
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "fire", Step: "new", Urgent: true})
	if m := w.sent(2)[1]; !strings.HasPrefix(subject(t, m), "Urgent") {
		t.Error("quiet hours keep back what is urgent")
	}
	w.clk.Set(time.Date(2027, 3, 17, 22, 29, 0, 0, time.UTC))
	w.sent(2)
	w.clk.Advance(time.Minute)
	w.sent(3)
	w.must(w.notices.SetWish(t.Context(), w.live, by, notice.Wish{Language: "en", Zone: "Asia/Tokyo", Digest: notice.AtOnce}))
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "fire 2", Step: "new", Urgent: true})
	w.clk.Advance(time.Hour)
	w.sent(3)
	if o := w.mine(by); len(o.Told) != 33 || o.Told[0].Cause != "fire 2" || len(o.Mails) != 3 {
		t.Errorf("%d told, %d mails", len(o.Told), len(o.Mails))
	}
}

func TestWhatWasDealtWithIsNotTold(t *testing.T) {
	w := newWorld(t)
	w.person("asha", "asha@cert.example")
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "request 7", Step: "a", At: start.Add(time.Hour), Urgent: true})
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "request 8", Step: "a", At: start.Add(time.Hour), Urgent: true})
	w.sent(0)
	w.must(w.live.Write(t.Context(), func(tx *store.Tx) error { return w.notices.Withdraw(tx, "request 7") }))
	w.clk.Advance(time.Hour)
	if text := body(t, w.sent(1)[0]); !strings.Contains(text, "1 thing waits") {
		t.Error(text)
	}
}

func TestWhoIsMeant(t *testing.T) {
	w := newWorld(t)
	w.person("duty", "duty@cert.example", people.DutyOfficer)
	w.person("desk", "desk@mea.example", people.DeskOfficer)
	w.person("gone", "gone@mea.example", people.DeskOfficer, people.DutyOfficer)
	w.must(w.people.Disable(t.Context(), people.System("operator"), "gone"))
	for want, to := range map[*int]notice.To{new(1): {Role: people.DutyOfficer}, new(1): {May: people.Agree}, new(1): {Address: "poc@nisc.example"}, new(0): {Role: people.Auditor}} {
		if got := w.post(notice.Notice{To: to, Cause: fmt.Sprint(to), Step: "x", Urgent: true}); got != *want {
			t.Errorf("%+v: %d told", to, got)
		}
	}
	w.sent(3)
	for name, x := range map[string]notice.Notice{
		"nobody":         {Cause: "c", Step: "s", Kind: notice.Date, Page: "/"},
		"two":            {To: notice.To{Account: "duty", Address: "a@b.example"}, Cause: "c", Step: "s", Kind: notice.Date, Page: "/"},
		"no cause":       {To: notice.To{Account: "duty"}, Step: "s", Kind: notice.Date, Page: "/"},
		"another page":   {To: notice.To{Account: "duty"}, Cause: "c", Step: "s", Kind: notice.Date, Page: "https://elsewhere.example"},
		"an own kind":    {To: notice.To{Account: "duty"}, Cause: "c", Step: "s", Kind: "own", Page: "/"},
		"a second line":  {To: notice.To{Address: "a@b.example\r\nBcc: all@b.example"}, Cause: "c", Step: "s", Kind: notice.Date, Page: "/"},
		"no such person": {To: notice.To{Account: "nobody"}, Cause: "c", Step: "s", Kind: notice.Date, Page: "/"},
	} {
		if err := w.live.Write(t.Context(), func(tx *store.Tx) error { _, err := w.notices.Post(tx, x); return err }); fault.KindOf(err) != fault.Invalid && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who leaves between the notice and its message gets none.
func TestWhoLeavesIsNotWrittenTo(t *testing.T) {
	w := newWorld(t)
	w.person("asha", "asha@cert.example")
	w.to.set(func(s *server) { s.rcpt = func(string) error { return &smtp.SMTPError{Code: 451, Message: "later"} } })
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "a", Step: "x", Urgent: true})
	if done := w.send(); done.Later != 1 {
		t.Errorf("%+v", done)
	}
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "b", Step: "x", Urgent: true})
	w.must(w.people.Disable(t.Context(), people.System("operator"), "asha"))
	w.to.set(func(s *server) { s.rcpt = nil })
	w.clk.Advance(time.Hour)
	if done := w.send(); done.Dropped != 1 || len(w.to.messages()) != 0 {
		t.Errorf("%+v, %d messages", done, len(w.to.messages()))
	}
}

func TestAServerThatRefusesOrWantsItLater(t *testing.T) {
	w := newWorld(t)
	good, bad, slow := w.person("good", "good@cert.example"), w.person("bad", "bad@cert.example"), w.person("slow", "slow@cert.example")
	tries := 0
	w.to.set(func(s *server) {
		s.rcpt = func(to string) error {
			switch {
			case strings.HasPrefix(to, "bad"):
				return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
			case strings.HasPrefix(to, "slow"):
				if tries++; tries < 3 {
					return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
				}
			}
			return nil
		}
	})
	for _, by := range []people.Actor{bad, good, slow} {
		w.post(notice.Notice{To: notice.To{Account: by.Name}, Cause: "a", Step: "x", Urgent: true})
	}
	if done := w.send(); done != (notice.Sent{Taken: 1, Refused: 1, Later: 1}) {
		t.Fatalf("%+v", done)
	}
	if done := w.send(); done != (notice.Sent{}) {
		t.Errorf("at once again: %+v", done)
	}
	if m := w.mine(bad).Mails[0]; m.State != store.MailRefused || !strings.Contains(m.Problem, "550") {
		t.Errorf("%+v", m)
	}
	w.clk.Advance(time.Minute)
	w.send()
	w.clk.Advance(2 * time.Minute)
	w.send()
	if m := w.mine(slow).Mails[0]; m.State != store.MailSent || m.Attempts != 3 || m.Unsure || len(w.to.messages()) != 2 {
		t.Errorf("%+v", m)
	}
	// What is wanted later for days is given up.
	w.to.set(func(s *server) { s.rcpt = func(string) error { return &smtp.SMTPError{Code: 452, Message: "full"} } })
	w.post(notice.Notice{To: notice.To{Account: "good"}, Cause: "b", Step: "x", Urgent: true})
	for range 80 {
		w.send()
		w.clk.Advance(2 * time.Hour)
	}
	if m := w.mine(good).Mails[0]; m.State != store.MailRefused || !strings.Contains(m.Problem, "452") || m.Attempts > 60 {
		t.Errorf("%+v", m)
	}
}

func TestWithoutSafeTLSNothingIsSaid(t *testing.T) {
	other, roots := certificate(t)
	_ = other // whose authority is another
	for name, change := range map[string]func(*edge.Config){
		"an unknown authority": func(c *edge.Config) { c.Roots = roots },
		"another name":         func(c *edge.Config) { c.Server = strings.Replace(c.Server, "127.0.0.1", "localhost", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, change)
			by := w.person("asha", "asha@cert.example", people.Administrator)
			w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "a", Step: "x", Urgent: true})
			if _, err := w.notices.Send(t.Context(), w.live); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("%v", err)
			}
			s, err := w.notices.Status(t.Context(), w.live, by)
			if err != nil || s.Server.Failures != 1 || !strings.Contains(s.Server.Problem, "certificate") || s.Counts[store.MailWaiting] != 1 || len(w.to.messages()) != 0 {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}

// A server without STARTTLS gets nothing, one that is silent costs a bounded
// time, and both are left alone for a while.
func TestAServerThatCannotBeUsedIsLeftAlone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	heard := make(chan string, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_, _ = io.WriteString(c, "220 old ESMTP\r\n")
				b := make([]byte, 4096)
				n, _ := c.Read(b)
				heard <- string(b[:n])
				_, _ = io.WriteString(c, "250-old\r\n250 8BITMIME\r\n")
				n, _ = c.Read(b)
				heard <- string(b[:n])
			}()
		}
	}()
	w := newWorld(t, func(c *edge.Config) { c.Server = l.Addr().String() })
	w.person("asha", "asha@cert.example")
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "a", Step: "x", Urgent: true})
	if _, err := w.notices.Send(t.Context(), w.live); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	if hello, next := <-heard, <-heard; !strings.HasPrefix(hello, "EHLO") || strings.Contains(next, "MAIL") {
		t.Errorf("%q, then %q", hello, next)
	}
	if done, err := w.notices.Send(t.Context(), w.live); err != nil || done != (notice.Sent{}) {
		t.Errorf("called again at once: %+v, %v", done, err)
	}
	// Another server, the same store: what waited goes.
	w.clk.Advance(20 * time.Second)
	w.notices = w.process("two")
	w.sent(1)
}

func TestASilentServerTakesABoundedTime(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nobody accepts: the line opens and stays silent
	w := newWorld(t, func(c *edge.Config) { c.Server, c.Timeout = l.Addr().String(), 100*time.Millisecond })
	w.person("asha", "asha@cert.example")
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "a", Step: "x", Urgent: true})
	if _, err := w.notices.Send(t.Context(), w.live); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "in time") {
		t.Errorf("%v", err)
	}
}

func TestPasswordsAndTLSAtOnce(t *testing.T) {
	w := newWorld(t)
	w.to.auth = "twoseas:right"
	w.person("asha", "asha@cert.example")
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "a", Step: "x", Urgent: true})
	w.notices = w.process("wrong", func(c *edge.Config) { c.User, c.Password = "twoseas", "s3cret" })
	if _, err := w.notices.Send(t.Context(), w.live); !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
	w.clk.Advance(time.Minute)
	w.notices = w.process("right", func(c *edge.Config) { c.User, c.Password = "twoseas", "right" })
	w.sent(1)
	w.to = newServer(t, true)
	w.to.auth = "twoseas:right"
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "b", Step: "x", Urgent: true})
	w.notices = w.process("tls", func(c *edge.Config) { c.User, c.Password, c.Mode = "twoseas", "right", edge.TLS })
	w.sent(1)
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	good := edge.Config{Server: "mail.example:587", From: "Twoseas <t@x.example>"}
	for name, change := range map[string]func(*edge.Config){
		"no port":            func(c *edge.Config) { c.Server = "mail.example" },
		"no sender":          func(c *edge.Config) { c.From = "" },
		"a sender of two":    func(c *edge.Config) { c.From = "a@x.example\r\nBcc: b@x.example" },
		"plain to elsewhere": func(c *edge.Config) { c.Mode = edge.Plain },
		"an own mode":        func(c *edge.Config) { c.Mode = "maybe" },
	} {
		c := good
		change(&c)
		if _, err := edge.New(c); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := edge.New(good); err != nil {
		t.Error(err)
	}
}

// pair makes a key of a person.
func pair(t *testing.T, at time.Time, life time.Duration) *crypto.Key {
	t.Helper()
	k, err := crypto.PGP().KeyGeneration().AddUserId("Asha", "asha@cert.example").GenerationTime(at.Unix()).Lifetime(int32(life / time.Second)).New().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// opened decrypts a message as a mail program does.
func opened(t *testing.T, m taken, key *crypto.Key) string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.header.Get("Content-Type"))
	if err != nil || kind != "multipart/encrypted" || params["protocol"] != "application/pgp-encrypted" {
		t.Fatalf("%s %v %v", kind, params, err)
	}
	_, raw, _ := strings.Cut(m.raw, "\r\n\r\n")
	parts := multipart.NewReader(strings.NewReader(raw), params["boundary"])
	var texts []string
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(b))
	}
	if len(texts) != 2 || strings.TrimSpace(texts[0]) != "Version: 1" {
		t.Fatalf("%q", texts)
	}
	dec, err := crypto.PGP().Decryption().DecryptionKey(key).New()
	if err != nil {
		t.Fatal(err)
	}
	out, err := dec.Decrypt([]byte(texts[1]), crypto.Armor)
	if err != nil {
		t.Fatal(err)
	}
	return string(out.Bytes())
}

var code = regexp.MustCompile(`\b[A-Z2-7]{16}\b`)

func TestWhoHasAProvedKeyIsWrittenToUnderIt(t *testing.T) {
	w := newWorld(t)
	by := w.person("asha", "asha@cert.example")
	key := pair(t, start.Add(-time.Hour), 100*24*time.Hour)
	public, err := key.GetArmoredPublicKey()
	w.must(err)
	private, err := key.Armor()
	w.must(err)
	for name, text := range map[string]string{"a private key": private, "no key": "hello", "nothing": ""} {
		if _, err := w.notices.SetKey(t.Context(), w.live, by, text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	k, err := w.notices.SetKey(t.Context(), w.live, by, public)
	w.must(err)
	if !strings.EqualFold(k.Fingerprint, key.GetFingerprint()) || !k.Expires.Equal(start.Add(100*24*time.Hour-time.Hour)) {
		t.Errorf("%+v", k)
	}
	proof := w.sent(1)[0]
	if strings.Contains(proof.raw, "desk.example/notices") {
		t.Error("the proof is not encrypted")
	}
	// Until it is proved, messages go without it.
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "a", Step: "x", Urgent: true})
	if m := w.sent(2)[1]; !strings.HasPrefix(m.header.Get("Content-Type"), "text/plain") {
		t.Error(m.header.Get("Content-Type"))
	}
	if err := w.notices.VerifyKey(t.Context(), w.live, by, "AAAAAAAAAAAAAAAA"); !fault.Is(err, fault.Denied) {
		t.Errorf("%v", err)
	}
	given := code.FindString(opened(t, proof, key))
	w.must(w.notices.VerifyKey(t.Context(), w.live, by, " "+strings.ToLower(given[:8])+" "+given[8:]))
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "b", Step: "x", Urgent: true})
	m := w.sent(3)[2]
	if text := opened(t, m, key); !strings.Contains(text, "A request for assistance waits") || !strings.Contains(text, "/requests/secret-name") {
		t.Error(text)
	}
	if strings.Contains(m.raw, "assistance") || !w.mine(by).Mails[0].Sealed {
		t.Error("what is encrypted says it outside too")
	}
	// A key that has ended is not used, and nothing is lost.
	w.clk.Advance(101 * 24 * time.Hour)
	w.post(notice.Notice{To: notice.To{Account: "asha"}, Cause: "c", Step: "x", Urgent: true})
	if m := w.sent(4)[3]; !strings.HasPrefix(m.header.Get("Content-Type"), "text/plain") || strings.Contains(body(t, m), "assistance") {
		t.Error(m.raw)
	}
	w.must(w.notices.RemoveKey(t.Context(), w.live, by))
	if w.mine(by).Key != nil {
		t.Error("the key is there")
	}
}

func TestWhoseKeyEndsIsToldWithoutIt(t *testing.T) {
	w := newWorld(t)
	by := w.person("asha", "asha@cert.example")
	key := pair(t, start.Add(-time.Hour), 59*24*time.Hour)
	public, err := key.GetArmoredPublicKey()
	w.must(err)
	_, err = w.notices.SetKey(t.Context(), w.live, by, public)
	w.must(err)
	w.notices.Sources = []notice.Source{w.notices.KeyEnds}
	w.must(w.notices.Look(t.Context(), w.live)) // not proved: not used, not warned of
	given := code.FindString(opened(t, w.sent(1)[0], key))
	w.must(w.notices.VerifyKey(t.Context(), w.live, by, given))
	for i, day := range []int{0, 1, 30, 31, 53, 54} {
		w.clk.Set(start.Add(time.Duration(day) * 24 * time.Hour))
		w.must(w.notices.Look(t.Context(), w.live))
		w.clk.Advance(2 * time.Hour)
		if m := w.sent(2 + i/2)[1+i/2]; !strings.Contains(body(t, m), "OpenPGP key") {
			t.Errorf("day %d: %s", day, m.raw)
		}
	}
}
