package mail_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	edge "twoseas/internal/edge/mail"
	"twoseas/internal/store"
)

// remind schedules reminders that are due in the same minute.
func (w *world) remind(n int) {
	w.Helper()
	w.must(w.live.Write(w.Context(), func(tx *store.Tx) error {
		for i := range n {
			x := notice.Notice{
				To: notice.To{Address: fmt.Sprintf("poc%d@cert.example", i)}, Cause: fmt.Sprint("request ", i), Step: "reminder", Kind: notice.Request, Urgent: true,
				At: start.Add(time.Hour).Add(time.Duration(i) * 50 * time.Millisecond), Page: "/requests",
			}
			if _, err := w.notices.Post(tx, x); err != nil {
				return err
			}
		}
		return nil
	}))
}

// each fails unless every one of n people has a message, and returns how many
// came more than once; those have one Message-ID.
func (w *world) each(n int) (twice int) {
	w.Helper()
	ids, by := map[string]int{}, map[string]string{}
	for _, m := range w.to.messages() {
		if ids[m.id]++; ids[m.id] > 1 {
			twice++
		}
		if was := by[m.to]; was != "" && was != m.id {
			w.Errorf("%s has two messages: %s and %s", m.to, was, m.id)
		}
		by[m.to] = m.id
	}
	if len(by) != n || len(ids) != n {
		w.Errorf("%d messages to %d people, want %d", len(ids), len(by), n)
	}
	return twice
}

// dying is a mail server's line whose process is lost at a message: before it is
// handed over, or after and before that is recorded.
type dying struct {
	notice.Outside
	at    int
	after bool
}

func (d *dying) Open(ctx context.Context) (notice.Line, error) {
	l, err := d.Outside.Open(ctx)
	return &dyingLine{l, d}, err
}

type dyingLine struct {
	notice.Line
	d *dying
}

func (l *dyingLine) Send(ctx context.Context, m notice.Message) (bool, error) {
	l.d.at--
	if l.d.at == 0 && !l.d.after {
		runtime.Goexit()
	}
	sealed, err := l.Line.Send(ctx, m)
	if l.d.at == 0 {
		runtime.Goexit()
	}
	return sealed, err
}

func TestAProcessThatIsLostLosesNoMessage(t *testing.T) {
	for name, after := range map[string]bool{"before the message": false, "before it is recorded": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.remind(60)
			w.clk.Advance(time.Hour + time.Minute)
			lost := w.process("lost")
			lost.Outside = &dying{lost.Outside, 33, after}
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = lost.Send(t.Context(), w.live) // which never comes back
			}()
			<-done
			w.send() // what the lost one has is still its own
			if n := len(w.to.messages()); n >= 60 {
				t.Errorf("%d messages while the lost process has some", n)
			}
			w.clk.Advance(2*time.Minute + time.Second)
			w.send()
			want := 0
			if after {
				want = 1
			}
			if twice := w.each(60); twice != want {
				t.Errorf("%d came twice, want %d", twice, want)
			}
			// The store says of each that its process was lost meanwhile.
			unsure := 0
			w.must(w.live.Query(t.Context(), func(tx *store.Tx) error {
				all, err := tx.MailsIn(store.MailSent, 1000)
				for _, m := range all {
					if m.Unsure {
						unsure++
					}
				}
				return err
			}))
			if unsure == 0 || unsure > 20 {
				t.Errorf("%d unsure", unsure)
			}
		})
	}
}

func TestTwoProcessesSendEachMessageOnce(t *testing.T) {
	w := newWorld(t)
	w.remind(100)
	w.clk.Advance(time.Hour + time.Minute)
	done := make(chan error, 3)
	for i := range 3 {
		n := w.process(strconv.Itoa(i))
		go func() { _, err := n.Send(t.Context(), w.live); done <- err }()
	}
	for range 3 {
		w.must(<-done)
	}
	if twice := w.each(100); twice != 0 {
		t.Errorf("%d came twice", twice)
	}
}

// The process that TestAKilledNode kills.
const killDir = "TWOSEAS_TEST_MAIL_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := sender(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// sender is a process that sends what is due in the store of dir.
func sender(ctx context.Context, dir string) error {
	addr, err := os.ReadFile(filepath.Join(dir, "server"))
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	clk := clock.NewFake(start.Add(time.Hour + time.Minute))
	opened, err := store.Open(ctx, filepath.Join(dir, "twoseas.db"), clk)
	if err != nil {
		return err
	}
	live, err := opened.Domain(ctx, ident.Live)
	if err != nil {
		return err
	}
	out, err := edge.New(edge.Config{Server: string(addr), From: "t@cert.example", Roots: roots, Clock: clk})
	if err != nil {
		return err
	}
	n := notice.New(notice.Config{
		Clock: clk, Owner: "child", Secret: [32]byte{7}, URL: "https://desk.example", Host: "desk.example", Outside: out,
		Journal: func(*store.Tx, people.Actor, string, ...string) error { return nil },
	})
	_, err = n.Send(ctx, live)
	return err
}

// The figure of the issue: 1,000 reminders due in the same minute, the process
// killed in the middle, each sent once.
func TestAKilledNode(t *testing.T) {
	w := newWorld(t)
	const many = 1000
	w.remind(many)
	w.must(os.WriteFile(filepath.Join(w.dir, "server"), []byte(w.to.addr), 0o600))
	w.must(os.WriteFile(filepath.Join(w.dir, "ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.to.der}), 0o600))
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), killDir+"="+w.dir)
	w.to.set(func(s *server) {
		s.data = func(n int) error {
			if n == many/2 {
				_ = child.Process.Kill() // it may be gone
			}
			return nil
		}
	})
	w.must(child.Start())
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	w.to.set(func(s *server) { s.data = nil })
	had := len(w.to.messages())
	w.clk.Advance(time.Hour + time.Minute)
	w.clk.Advance(2*time.Minute + time.Second) // its lease
	begin := time.Now()
	w.send()
	twice := w.each(many)
	t.Logf("killed after %d of %d; the rest in %v; %d came twice under one Message-ID", had, many, time.Since(begin).Round(time.Millisecond), twice)
	if twice > 1 {
		t.Errorf("%d came twice: only the one under way may", twice)
	}
}
