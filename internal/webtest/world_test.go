package webtest_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/demo"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// world is the demonstration with its built-in data: two nodes that have
// exchanged threat data, with an account for each role.
type world struct {
	*demo.Demo
	tb      testing.TB
	browser *webtest.Browser
	tabs    map[string]*webtest.Tab // by side and account
}

func newWorld(t *testing.T) *world {
	t.Helper()
	browser := webtest.Open(t)
	d, err := demo.Start(context.Background(), demo.Options{ //nolint:usetesting // it stops after the test's context has ended
		Dir: filepath.Join(t.TempDir(), "demo"), Say: func(string, ...any) {}, Progress: func(string, int64, int64, int) {}, Clock: clock.Func(time.Now), Log: nodetest.Log(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	if f, err := d.Run(t.Context()); err != nil || !f.OK {
		t.Fatalf("%v %+v", err, f)
	}
	return &world{Demo: d, tb: t, browser: browser, tabs: map[string]*webtest.Tab{}}
}

// as returns the tab of somebody of a side, signed in.
func (w *world) as(tb testing.TB, side, account string) *webtest.Tab {
	tb.Helper()
	if t, ok := w.tabs[side+account]; ok {
		return t.For(tb)
	}
	s := w.In
	if side == "jp" {
		s = w.Jp
	}
	t := w.browser.Tab(w.tb, s.Run.URL).For(tb)
	t.Look(1366, false)
	if account != "" {
		t.Go("/sign-in")
		t.Type("#name", account)
		t.Type("#password", s.Password)
		t.Submit("main form button[type=submit]")
		if !t.Has(".person summary") {
			tb.Fatalf("%s at %s could not sign in: %s", account, side, t.Text("main"))
		}
	}
	w.tabs[side+account] = t
	return t
}

// confirm proves again who one is, when a page asks for it.
func (w *world) confirm(side string, t *webtest.Tab) {
	if !strings.HasPrefix(t.Path(), "/confirm") && !t.Has("#confirm-password") {
		return
	}
	password := w.In.Password
	if side == "jp" {
		password = w.Jp.Password
	}
	t.Type("#confirm-password", password)
	t.Submit("form:has(#confirm-password) button[type=submit]")
}
