package node_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// peerOf returns what a node knows of a side.
func peerOf(t *testing.T, n *nodetest.Node, side string) (p store.Peer) {
	t.Helper()
	peers, err := n.Pairing.Peers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		if string(p.Side) == side {
			return p
		}
	}
	t.Fatalf("%s does not know %s", n.Side, side)
	return p
}

// The connection is cut after a random number of bytes, again and again: in
// the handshake, in the body, in the answer.
func TestALineCutAnywhereLosesAndDoublesNothing(t *testing.T) {
	var cutting atomic.Bool
	listen := nodetest.FreePort(t)
	p := startProxy(t, func() int64 {
		if !cutting.Load() {
			return -1
		}
		return rand.Int64N(60_000) // picks moments, guards nothing
	}, listen)
	in := nodetest.Start(t, "in", nil)
	jp := nodetest.Start(t, "jp", func(c *node.Config) { c.PeerListen, c.PeerURL = listen, "https://"+p.addr })
	nodetest.Join(t, jp, in)
	in.Halt() // what follows is carried by hand, without waiting between attempts
	cutting.Store(true)
	const total = 12_000
	if rep := in.Import(marking.Clear, indicators(0, total)); rep.New != total {
		t.Fatalf("%+v", rep)
	}
	failures := 0
	for end := time.Now().Add(time.Minute); ; {
		link := in.Peers.Client(peerOf(t, in, "jp"))
		_, err := in.Exchange.Deliver(t.Context(), in.Live, nodetest.InJp, link, nil)
		link.Close()
		if err == nil {
			break
		}
		if k := fault.KindOf(err); k != fault.Unavailable && k != fault.Invalid {
			t.Fatalf("a cut line is a %v: %v", k, err)
		}
		if failures++; time.Now().After(end) {
			t.Fatalf("not across after %d cuts: %v", p.cuts.Load(), err)
		}
	}
	cutting.Store(false)
	t.Logf("%d cuts, %d failed attempts", p.cuts.Load(), failures)
	if p.cuts.Load() < 5 {
		t.Error("the line was hardly cut: the test shows nothing")
	}
	if n := nodetest.Crossed(t, in.Node, jp.Node, 0); n != total {
		t.Errorf("%d crossed", n)
	}
	link := in.Peers.Client(peerOf(t, in, "jp"))
	defer link.Close()
	if f, err := in.Exchange.Compare(t.Context(), in.Live, nodetest.InJp, link, true); err != nil || !f.Converged {
		t.Errorf("%+v, %v", f, err)
	}
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
}

// caller calls a node's partner line as its holder of a certificate, and
// checks nothing about the other end.
func caller(certs ...tls.Certificate) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: certs, InsecureSkipVerify: true, // the test is the enemy
	}}}
}

// doors are the addresses that only partners may use.
func doors(agreement string) []string {
	at := "/peer/v1/live/" + agreement + "/"
	return []string{
		"GET /peer/v1/status", "POST /peer/v1/keys", "POST " + at + "signature", "POST " + at + "shipments",
		"POST " + at + "holding", "POST " + at + "add-checkpoint", "GET " + at + "log/checkpoint",
	}
}

func knock(t *testing.T, c *http.Client, base, door string) (int, string) {
	t.Helper()
	method, path, _ := strings.Cut(door, " ")
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, base+path, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Twoseas-Note-Length", "1")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

func TestOnlyAConfirmedPartnerIsServed(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	stranger, half := nodetest.Start(t, "us", nil), nodetest.Start(t, "uk", nil)
	code, err := jp.Pairing.Invite(t.Context(), jp.Operator(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := half.Accept(t.Context(), code); err != nil { // and nobody reads anything out
		t.Fatal(err)
	}
	for who, cert := range map[string]tls.Certificate{"a key nobody knows": stranger.Peers.Certificate, "a key nobody confirmed": half.Peers.Certificate} {
		for _, door := range doors(string(nodetest.InJp)) {
			status, body := knock(t, caller(cert), jp.Run.PeerURL, door)
			if status != http.StatusForbidden || !strings.Contains(body, "not the one of a confirmed partner") {
				t.Errorf("%s, %s: %d %s", who, door, status, body)
			}
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, jp.Run.PeerURL+"/peer/v1/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := caller().Do(req); err == nil {
		resp.Body.Close()
		t.Errorf("without a key: %s", resp.Status)
	}
	// The partner itself is served, and a tampered parcel of its is refused.
	if status, body := knock(t, caller(in.Peers.Certificate), jp.Run.PeerURL, "GET /peer/v1/status"); status != http.StatusOK {
		t.Errorf("the partner: %d %s", status, body)
	}
	if status, body := knock(t, caller(in.Peers.Certificate), jp.Run.PeerURL, doors(string(nodetest.InJp))[3]); status != http.StatusBadRequest {
		t.Errorf("the partner with a parcel of no sense: %d %s", status, body)
	}
}

// Another pair's agreement looks like one that does not exist.
func TestAPartnerLearnsNothingOfOtherPairs(t *testing.T) {
	_, jp := nodetest.IndiaJapan(t, nil)
	us := nodetest.Start(t, "us", nil)
	if _, err := node.Pair(t.Context(), jp.Node, us.Node); err != nil {
		t.Fatal(err)
	}
	c := caller(us.Peers.Certificate)
	theirs, none := doors(string(nodetest.InJp)), doors("no-such-2020")
	for i := 2; i < len(theirs); i++ {
		status, body := knock(t, c, jp.Run.PeerURL, theirs[i])
		wantStatus, want := knock(t, c, jp.Run.PeerURL, none[i])
		if status != http.StatusNotFound || status != wantStatus || body != want {
			t.Errorf("%s: %d %s, of none: %d %s", theirs[i], status, body, wantStatus, want)
		}
	}
}

// A parcel that stops in the middle is nothing.
func TestABodyThatStopsInTheMiddleIsNothing(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	in.Halt()
	in.Import(marking.Clear, indicators(0, 50))
	p, _, err := in.Exchange.Build(t.Context(), in.Live, nodetest.InJp)
	if err != nil {
		t.Fatal(err)
	}
	whole := append(bytes.Clone(p.Note), p.Body...)
	c := caller(in.Peers.Certificate)
	for _, cut := range []int{0, 1, len(p.Note) - 1, len(p.Note), len(p.Note) + 10, len(whole) - 1} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, jp.Run.PeerURL+strings.Fields(doors(string(nodetest.InJp))[3])[1], bytes.NewReader(whole[:cut]))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Twoseas-Note-Length", fmt.Sprint(len(p.Note)))
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("cut at %d: %s", cut, resp.Status)
		}
	}
	if st, err := jp.Exchange.State(t.Context(), jp.Live, nodetest.InJp); err != nil || st.In != 0 || st.Status != store.ChannelOpen {
		t.Errorf("%+v, %v", st, err)
	}
}
