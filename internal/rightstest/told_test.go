package rightstest_test

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"twoseas/internal/act/hook"
	"twoseas/internal/act/people"
	"twoseas/internal/node"
	"twoseas/internal/rightstest"
)

// ears hear what a node tells programs beside it: webhooks, and the home log as
// syslog over TLS.
type ears struct {
	mu          sync.Mutex
	hooks, logs []byte // guarded by mu
	hookURL     string
	siem        node.SIEM
}

func listen(t *testing.T) *ears {
	t.Helper()
	e := &ears{}
	plain := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.hooks = append(e.hooks, raw...)
	}))
	t.Cleanup(plain.Close)
	secure := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(secure.Close)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: secure.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			go e.take(conn)
		}
	}()
	ca := filepath.Join(t.TempDir(), "siem.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	e.hookURL, e.siem = plain.URL, node.SIEM{Name: "soc", Address: l.Addr().String(), CA: ca}
	return e
}

func (e *ears) take(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		e.mu.Lock()
		e.logs = append(e.logs, buf[:n]...)
		e.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// heard returns what was told so far, by who told it.
func (e *ears) heard() map[string]rightstest.Said {
	e.mu.Lock()
	defer e.mu.Unlock()
	return map[string]rightstest.Said{"webhooks": {Text: string(e.hooks)}, "syslog": {Text: string(e.logs)}}
}

// subscribe has everything that happens told, with objects whole, as far as an account may
// know.
func (d *desk) subscribe(e *ears, account string) {
	d.Helper()
	_, err := d.Hooks.Add(d.Context(), d.Live, d.Operator(), "soc", hook.Settings{
		URL: e.hookURL, Account: account, Events: hook.Events(), Collection: d.collection.ID, Content: true,
	})
	d.must(err)
}

// mark records an act by which it is seen how far the home log has been told.
func (d *desk) mark(name string) {
	d.Helper()
	d.must(d.People.AddAccount(d.Context(), d.Operator(), people.Account{Name: name, Roles: []people.Role{people.Member}, Clearance: "TLP:CLEAR"}))
}
