package fetch_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/fetch"
)

// forever writes the same text until nobody reads any more.
func forever(w io.Writer, text string) {
	chunk := []byte(strings.Repeat(text, 1+64<<10/len(text)))
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// bomb writes 10 GB of one text, gzipped: some 10 MB on the line.
func bomb(w http.ResponseWriter, before, text string) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Encoding", "gzip")
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return
	}
	if _, err := io.WriteString(z, before); err != nil {
		return
	}
	chunk := []byte(strings.Repeat(text, 1<<20/len(text)))
	for range 10 << 10 {
		if _, err := z.Write(chunk); err != nil {
			return
		}
	}
}

func TestWhatAServerSendsIsBounded(t *testing.T) {
	d := newDesk(t)
	d.Outside.MaxBytes, d.Outside.Silence, d.Outside.Whole = 16<<20, 300*time.Millisecond, 3*time.Second
	nested := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	raw, _ := indicator(0)
	for name, c := range map[string]struct {
		serve func(w http.ResponseWriter, r *http.Request)
		want  fault.Kind // 0: the answer as a whole makes sense
	}{
		"zeros":         {func(w http.ResponseWriter, _ *http.Request) { bomb(w, "", "\x00") }, fault.Invalid},
		"spaces":        {func(w http.ResponseWriter, _ *http.Request) { bomb(w, `{"objects":[`, " ") }, fault.TooLarge},
		"one-string":    {func(w http.ResponseWriter, _ *http.Request) { bomb(w, `{"objects":["`, "x") }, fault.TooLarge},
		"many-numbers":  {func(w http.ResponseWriter, _ *http.Request) { bomb(w, `{"objects":[0`, ",0") }, fault.TooLarge},
		"many-members":  {func(w http.ResponseWriter, _ *http.Request) { bomb(w, `{"a":"`, "b") }, fault.TooLarge},
		"endless":       {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"objects":[`); forever(w, "{},") }, fault.TooLarge},
		"endless-depth": {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"objects":[`); forever(w, "[") }, fault.Invalid},
		"after-the-end": {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{}`); forever(w, "\n") }, fault.TooLarge},
		"text-after":    {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{}{}`) }, fault.Invalid},
		"nested":        {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"objects":[`+nested+`]}`) }, fault.Invalid},
		"no-utf-8":      {func(w http.ResponseWriter, _ *http.Request) { answer(w, "{\"objects\":[{\"a\":\"\xff\xfe\"}]}") }, 0},
		"no-utf-8-next": {func(w http.ResponseWriter, _ *http.Request) { answer(w, "{\"more\":true,\"next\":\"\xff\"}") }, fault.Invalid},
		"half":          {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"objects":[`+raw) }, fault.Invalid},
		"not-gzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			answer(w, "{}")
		}, fault.Invalid},
		"brotli": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			answer(w, "{}")
		}, fault.Invalid},
		"html": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>")
		}, fault.Invalid},
		"taxii-2.0": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.oasis.stix+json")
			fmt.Fprint(w, "{}")
		}, fault.Invalid},
		"silent": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, fault.Unavailable},
		"silent-in-body": {func(w http.ResponseWriter, r *http.Request) {
			answer(w, `{"objects":[`)
			flush(w)
			<-r.Context().Done()
		}, fault.Unavailable},
		"drip": {drip, fault.Unavailable},
		"unauthorized": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			forever(w, "no ")
		}, fault.Denied},
		"not-found": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, fault.NotFound},
		"long-headers": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
			answer(w, "{}")
		}, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			d.t = t
			d.add(name, serve(t, c.serve), nil)
			begun := time.Now()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := d.run(name)
			runtime.ReadMemStats(&after)
			if c.want == 0 && err != nil || c.want != 0 && !fault.Is(err, c.want) {
				t.Errorf("got %v: %v", fault.KindOf(err), err)
			}
			if took := time.Since(begun); took > 30*time.Second || strings.HasPrefix(name, "silent") && took > 15*time.Second {
				t.Errorf("it took %s", took)
			}
			if held := int64(after.HeapInuse) - int64(before.HeapInuse); held > 128<<20 {
				t.Errorf("it holds %d MB", held>>20)
			}
			if said := d.feed(name).Health.Error; len(said) > 2000 || c.want != 0 && said == "" {
				t.Errorf("it says %q", said)
			}
		})
	}
}

func flush(w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(err)
	}
}

// drip never stops and never gets anywhere.
func drip(w http.ResponseWriter, r *http.Request) {
	answer(w, `{"objects":[`)
	for r.Context().Err() == nil {
		fmt.Fprint(w, " ")
		flush(w)
		time.Sleep(50 * time.Millisecond)
	}
}

func TestARedirectStaysOnItsServer(t *testing.T) {
	d := newDesk(t)
	got := ""
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got += r.URL.Path + r.Header.Get("Authorization")
		answer(w, "{}")
	})
	to := ""
	hops := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hops++
		if strings.HasPrefix(r.URL.Path, "/there") {
			answer(w, "{}")
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
	})
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") }))
	defer plain.Close()
	d.add("a", s, nil)
	for target, ok := range map[string]bool{
		other.URL + "/x": false, plain.URL + "/x": false, "https://example.com/": false, "/loop": false, "file:///etc/passwd": false,
		"/there": true, s.URL + "/there": true,
	} {
		to, hops = target, 0
		_, err := d.run("a")
		if (err == nil) != ok || hops > 10 {
			t.Errorf("%s: %v after %d requests", target, err, hops)
		}
	}
	if got != "" {
		t.Errorf("the other server was asked: %s", got)
	}
}

func TestAPrivateAddressIsCalledOnlyWhereTheSourceSaysSo(t *testing.T) {
	d := newDesk(t)
	called := false
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { called = true; answer(w, "{}") })
	d.add("a", s, func(set *feed.Settings) { set.Private = false })
	d.add("named", s, func(set *feed.Settings) {
		set.Private, set.URL = false, strings.Replace(set.URL, "127.0.0.1", "localhost", 1)
	})
	d.add("file", s, func(set *feed.Settings) { set.Private, set.Kind, set.URL = false, feed.STIX, s.URL+"/latest/meta-data" })
	for _, name := range []string{"a", "named", "file"} {
		if _, err := d.run(name); !fault.Is(err, fault.Denied) || called {
			t.Errorf("%s: %v", name, err)
		}
	}
	for address, want := range map[string][2]bool{ // without, with private
		"8.8.8.8": {true, true}, "2a00:1450:4001::1": {true, true},
		"127.0.0.1": {false, true}, "127.9.9.9": {false, true}, "::1": {false, true}, "10.1.2.3": {false, true}, "192.168.0.1": {false, true},
		"172.16.0.1": {false, true}, "fd00::1": {false, true}, "100.64.0.1": {false, true}, "::ffff:127.0.0.1": {false, true}, "::ffff:10.0.0.1": {false, true},
		"169.254.169.254": {false, false}, "fe80::1": {false, false}, "fe80::1%eth0": {false, false}, "::ffff:169.254.169.254": {false, false},
		"0.0.0.0": {false, false}, "::": {false, false}, "224.0.0.1": {false, false}, "255.255.255.255": {false, false}, "240.0.0.1": {false, false},
		"64:ff9b::a9fe:a9fe": {false, false}, "2002:7f00:1::1": {false, false}, "::127.0.0.1": {false, false}, "192.0.2.1": {false, false}, "0.1.2.3": {false, false},
	} {
		for i, private := range []bool{false, true} {
			if err := fetch.Admit(netip.MustParseAddr(address), private); (err == nil) != want[i] {
				t.Errorf("%s, private %v: %v", address, private, err)
			}
		}
	}
}

func TestASecretIsShownToItsServerOnly(t *testing.T) {
	d := newDesk(t)
	var got []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		answer(w, "{}")
	})
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the secret went to another server: %q", r.Header.Get("Authorization"))
		answer(w, "{}")
	})
	set := feed.Settings{Kind: feed.TAXII, URL: s.URL + "/collections/c/", CA: ca(s), Private: true, Every: 60, User: "u"}
	add := func(name string, set feed.Settings, secret string) error {
		return d.Feeds.Add(t.Context(), d.Live, d.Operator(), name, set, secret)
	}
	token := set
	token.User = ""
	for name, err := range map[string]error{"basic": add("basic", set, "horse"), "token": add("token", token, "tok")} {
		if err != nil {
			t.Fatal(name, err)
		}
	}
	d.must("basic")
	d.must("token")
	if want := "Basic dTpob3JzZQ== Bearer tok"; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
	moved := set
	moved.URL = other.URL + "/collections/c/"
	if err := d.Feeds.Change(t.Context(), d.Live, d.Operator(), "basic", moved, nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("it was moved with its secret: %v", err)
	}
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") }))
	defer plain.Close()
	set.URL, set.Private = strings.Replace(plain.URL, "127.0.0.1", "feeds.example", 1)+"/collections/c/", false
	if err := add("plain", set, "horse"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.run("plain"); !fault.Is(err, fault.Denied) || !strings.Contains(err.Error(), "plain HTTP") {
		t.Errorf("got %v", err)
	}
	// It is nowhere in what people or logs get to see.
	for _, f := range []string{"basic", "token"} {
		if text := fmt.Sprintf("%+v %s", d.feed(f), d.cursor(f)); strings.Contains(text, "horse") || strings.Contains(text, "tok ") || !d.feed(f).Secret {
			t.Errorf("%s", text)
		}
	}
}

// A certificate that does not come from the authority of the source is no
// certificate.
func TestAServerShowsTheCertificateOfItsAuthority(t *testing.T) {
	d := newDesk(t)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, "{}") })
	d.add("a", s, func(set *feed.Settings) { set.CA = "" })
	if _, err := d.run("a"); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
	d.add("b", s, func(set *feed.Settings) { set.CA = "no PEM" })
	if _, err := d.run("b"); !fault.Is(err, fault.Invalid) {
		t.Errorf("got %v", err)
	}
}

// Stopping the node in the middle of a run counts against nobody.
func TestStoppingIsNoFailure(t *testing.T) {
	d := newDesk(t)
	d.add("a", serve(t, func(w http.ResponseWriter, r *http.Request) {
		answer(w, `{"objects":[`)
		flush(w)
		<-r.Context().Done()
	}), nil)
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if _, err := d.Feeds.Run(ctx, d.Live, d.Operator(), "a"); err == nil {
		t.Error("no error")
	}
	if f := d.feed("a"); f.Failures != 0 || f.Health.Runs != 0 || f.Health.Error != "" || f.Due.After(d.clk.Now()) {
		t.Errorf("%+v", f)
	}
}

var _ feed.Outside = fetch.New(fetch.Config{Clock: clock.NewFake(start)})
