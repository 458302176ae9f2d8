// Package webtest drives the pages of real nodes with a real browser: headless
// Chromium, found on the machine.
package webtest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds every wait for a page.
const patience = 30 * time.Second

// Browser is one Chromium; tabs of different people share no cookies.
type Browser struct {
	tb  testing.TB
	ctx context.Context
}

// Open starts Chromium. Without one the test is skipped, loudly; with CI=true
// it fails.
func Open(tb testing.TB) *Browser {
	tb.Helper()
	path := find()
	if path == "" {
		const text = "no Chromium on this machine: install the package chromium, or set CHROMIUM to the program"
		if os.Getenv("CI") == "true" {
			tb.Fatal(text)
		}
		tb.Skip(text)
	}
	ctx, cancel := chromedp.NewContext(tb.Context(), chromedp.WithAllocatorOptions(
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.IgnoreCertErrors, chromedp.Flag("lang", "en-US"), chromedp.WindowSize(1366, 900),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("font-render-hinting", "none")),
		chromedp.WithErrorf(func(string, ...any) {}))
	tb.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatal(err)
	}
	return &Browser{tb, ctx}
}

func find() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Tab is what one person has open.
type Tab struct {
	tb   testing.TB
	ctx  context.Context
	base string

	mu       sync.Mutex
	problems []string // guarded by mu
}

// Tab opens a window without cookies on the site at base.
func (b *Browser) Tab(tb testing.TB, base string) *Tab {
	tb.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	tb.Cleanup(cancel)
	t := &Tab{tb: tb, ctx: ctx, base: strings.TrimRight(base, "/")}
	if err := chromedp.Listen(ctx, t.hear); err != nil {
		tb.Fatal(err)
	}
	t.do("ready", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
		return err
	}))
	return t
}

// hear keeps what a page complains of: scripts that failed, content that the
// policy refused, requests to other hosts.
func (t *Tab) hear(ev any) {
	text := ""
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		text = "exception: " + e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && !strings.Contains(e.Entry.Text, "Failed to load resource") {
			text = fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		url := e.Request.URL
		if strings.HasPrefix(url, "http") && !strings.HasPrefix(url, t.base+"/") {
			text = "a request to another host: " + url
		}
	}
	if text != "" {
		t.mu.Lock()
		t.problems = append(t.problems, text)
		t.mu.Unlock()
	}
}

// Problems returns what pages have complained of since the last call.
func (t *Tab) Problems() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.problems
	t.problems = nil
	return out
}

func (t *Tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.explain(what, err)
	}
}

// explain fails the test with what the page shows.
func (t *Tab) explain(what string, err error) {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + '\\n' + (document.querySelector('main') || document.body).innerText.slice(0, 1500)")) // what can be had
	if dir := os.Getenv("TWOSEAS_TEST_SHOTS"); dir != "" {
		t.Shot(filepath.Join(dir, strings.ReplaceAll(t.tb.Name(), "/", "-")+"-failed.png"))
	}
	t.tb.Fatalf("%s: %v\nthe page: %s\ncomplaints: %q", what, err, text, t.Problems())
}

// Basic sends a name and password with every request, as a program would.
func (t *Tab) Basic(name, password string) {
	t.tb.Helper()
	token := base64.StdEncoding.EncodeToString([]byte(name + ":" + password))
	t.do("basic", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Authorization": "Basic " + token}})
		return err
	}))
}

// For returns the tab for a part of the test.
func (t *Tab) For(tb testing.TB) *Tab {
	t.tb = tb
	return t
}

// Go opens a path of the site.
func (t *Tab) Go(path string) {
	t.tb.Helper()
	t.do("go to "+path, chromedp.Navigate(t.base+path))
}

// Click clicks what a CSS selector finds, once it is there and can be seen, and
// waits for the page that a link or form leads to.
func (t *Tab) Click(selector string) {
	t.tb.Helper()
	t.do("click "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// Submit clicks and waits until another page has been loaded.
func (t *Tab) Submit(selector string) {
	t.tb.Helper()
	t.do("mark", eval("window.__old = true"))
	t.Click(selector)
	t.Until("a new page after "+selector, "!window.__old && document.readyState === 'complete'")
}

// Follow clicks the first link of the page's main part whose words contain text,
// once it is there, and waits for the page that it leads to.
func (t *Tab) Follow(text string) {
	t.tb.Helper()
	link := fmt.Sprintf("[...document.querySelectorAll('main a')].find(a => a.innerText.includes(%q))", text)
	t.Until("a link "+text, "!!"+link)
	t.do("mark", eval("(window.__old = true)"))
	t.do("follow "+text, eval(link+".click() || true"))
	t.Until("a new page after "+text, "!window.__old && document.readyState === 'complete'")
}

// Reload loads the page again until an expression holds: for what another
// process or node does meanwhile.
func (t *Tab) Reload(what, expression string) {
	t.tb.Helper()
	end := time.Now().Add(2 * patience)
	for !Eval[bool](t, expression) {
		if time.Now().After(end) {
			t.explain(what, errors.New("it did not come"))
		}
		time.Sleep(500 * time.Millisecond)
		t.do("reload", chromedp.Reload())
	}
}

// Type replaces what stands in a field.
func (t *Tab) Type(selector, text string) {
	t.tb.Helper()
	t.do("type into "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), eval(fmt.Sprintf("document.querySelector(%q).value = '', true", selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Set gives a field a long value at once.
func (t *Tab) Set(selector, text string) {
	t.tb.Helper()
	t.do("set "+selector, chromedp.WaitReady(chromedp.CSS(selector)), eval(fmt.Sprintf("document.querySelector(%q).value = %q, true", selector, text)))
}

// Upload chooses files for a field.
func (t *Tab) Upload(selector string, files ...string) {
	t.tb.Helper()
	t.do("upload to "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// Keys presses keys wherever the focus is.
func (t *Tab) Keys(keys string) {
	t.tb.Helper()
	t.do("press "+keys, chromedp.KeyEvent(keys))
}

// See waits until the page shows text.
func (t *Tab) See(text string) {
	t.tb.Helper()
	t.Until("see "+text, fmt.Sprintf("document.body && document.body.innerText.includes(%q)", text))
}

// Has reports whether the page has what a CSS selector finds.
func (t *Tab) Has(selector string) bool {
	t.tb.Helper()
	return Eval[bool](t, fmt.Sprintf("!!document.querySelector(%q)", selector))
}

// Text is what the page shows of what a selector finds.
func (t *Tab) Text(selector string) string {
	t.tb.Helper()
	return Eval[string](t, fmt.Sprintf("(document.querySelector(%q) || {innerText: ''}).innerText", selector))
}

// Path is where the tab is.
func (t *Tab) Path() string {
	t.tb.Helper()
	return Eval[string](t, "location.pathname + location.search")
}

// Until waits until an expression is true.
func (t *Tab) Until(what, expression string) {
	t.tb.Helper()
	end := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(t.ctx, patience)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)) // a page on its way has no context
		cancel()
		if err == nil && ok {
			return
		}
		if time.Now().After(end) {
			t.explain(what, fmt.Errorf("it did not come: %w", err))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Eval returns the value of an expression in the page.
func Eval[T any](t *Tab, expression string) T {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.explain("evaluate", err)
	}
	return v
}

func eval(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		return err
	})
}

// Look sets the width of the window and whether the reader's system is dark.
func (t *Tab) Look(width int64, dark bool) {
	t.tb.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	t.do("look", chromedp.EmulateViewport(width, 900), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return err
	}))
}

// Shot writes a picture of the whole page.
func (t *Tab) Shot(file string) {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		t.tb.Errorf("picture %s: %v", file, err)
	}
}

// Print returns the page as it is printed, as a PDF.
func (t *Tab) Print() []byte {
	t.tb.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	var pdf []byte
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		r, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true), PrintBackground: new(true)})
		pdf = r.Data
		return err
	}))
	if err != nil {
		t.tb.Fatalf("printing: %v", err)
	}
	return pdf
}

// Axe returns what axe-core finds wrong with the page by WCAG 2.2 A and AA, and
// whether it is wider than the window.
func (t *Tab) Axe() []string {
	t.tb.Helper()
	if !Eval[bool](t, "!!window.axe") {
		t.do("axe", eval(axeSource(t.tb)+"; true"))
	}
	found := Eval[[]string](t, `axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"], resultTypes: ["violations"]})
		.then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 4).map(n => n.target.join(" ") + " " + (n.any[0] || n.all[0] || n.none[0] || {}).message).join(" | ")))`)
	if Eval[bool](t, "document.documentElement.scrollWidth > window.innerWidth + 1") {
		found = append(found, Eval[string](t, `"wider than the window: " + [...document.querySelectorAll("main *, .top *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, pre")).slice(0, 3).map(e => e.tagName + "." + e.className).join(" ")`))
	}
	slices.Sort(found)
	return found
}

var readAxe = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if raw, err := os.ReadFile(filepath.Join(dir, "assets/node_modules/axe-core/axe.min.js")); err == nil {
			return string(raw), nil
		}
	}
	return "", os.ErrNotExist
})

func axeSource(tb testing.TB) string {
	tb.Helper()
	source, err := readAxe()
	if err != nil {
		const text = "axe-core is not installed: run make assets"
		if os.Getenv("CI") == "true" {
			tb.Fatal(text)
		}
		tb.Skip(text)
	}
	return source
}
