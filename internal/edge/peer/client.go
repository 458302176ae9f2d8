package peer

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/pairing"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// callTimeout bounds one call; a shipment of a thousand items is applied
// within it many times over.
const callTimeout = 2 * time.Minute

// Client calls one partner. It is safe for concurrent use and is an
// exchange.Link.
type Client struct {
	side ident.Side
	base string
	http *http.Client
}

// Client returns the caller of an active peer.
func (c Config) Client(p store.Peer) *Client {
	known := func(key ident.Digest) error {
		now, err := c.Pairing.ByPin(context.Background(), key)
		if err != nil || now.Side != p.Side || now.State != store.PeerActive {
			return fault.Errorf(fault.Denied, "the node at %s does not show the key of %s", p.URL, p.Side)
		}
		return nil
	}
	return &Client{side: p.Side, base: strings.TrimRight(p.URL, "/"), http: c.httpClient(known)}
}

func (c Config) httpClient(known func(ident.Digest) error) *http.Client {
	return &http.Client{Timeout: callTimeout, Transport: &http.Transport{
		TLSClientConfig: c.clientTLS(known), DisableCompression: true, MaxIdleConnsPerHost: 4,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout: 90 * time.Second,
	}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Greet sends a guest's hello to the node that made the invitation, which must
// show the key named in it.
func (c Config) Greet(ctx context.Context, call pairing.Call) (pairing.Answer, error) {
	client := &Client{side: call.Side, base: strings.TrimRight(call.URL, "/"), http: c.httpClient(func(key ident.Digest) error {
		if key != call.Pin {
			return fault.Errorf(fault.Denied, "the node at %s does not show the key named in the invitation", call.URL)
		}
		return nil
	})}
	defer client.Close()
	raw, err := canon.Marshal(call.Hello)
	if err != nil {
		return pairing.Answer{}, err
	}
	out, err := client.post(ctx, pathHello, raw, nil)
	if err != nil {
		return pairing.Answer{}, err
	}
	return pairing.ParseAnswer(out)
}

// Ship hands a parcel over and returns the partner's receipt.
func (c *Client) Ship(ctx context.Context, d ident.Domain, a ident.Agreement, p exchange.Parcel) ([]byte, error) {
	body := make([]byte, 0, len(p.Note)+len(p.Body))
	body = append(append(body, p.Note...), p.Body...)
	return c.post(ctx, address(d, a, "shipments"), body, http.Header{noteLength: {strconv.Itoa(len(p.Note))}})
}

// AddCheckpoint asks the partner to cosign a checkpoint of ours.
func (c *Client) AddCheckpoint(ctx context.Context, d ident.Domain, a ident.Agreement, body []byte) ([]byte, error) {
	return c.post(ctx, address(d, a, "add-checkpoint"), body, nil)
}

// Holding asks what the partner holds of a range of shipments.
func (c *Client) Holding(ctx context.Context, d ident.Domain, a ident.Agreement, q exchange.Range) (exchange.Holding, error) {
	raw, err := canon.Marshal(q)
	if err != nil {
		return exchange.Holding{}, err
	}
	out, err := c.post(ctx, address(d, a, "holding"), raw, nil)
	if err != nil {
		return exchange.Holding{}, err
	}
	var w holdingJSON
	if err := canon.UnmarshalStrict(out, &w); err != nil {
		return exchange.Holding{}, err
	}
	return w.holding()
}

// Sign hands our signature of an agreement over.
func (c *Client) Sign(ctx context.Context, d ident.Domain, a ident.Agreement, msg []byte) error {
	_, err := c.post(ctx, address(d, a, "signature"), msg, nil)
	return err
}

// TellKey hands a note about our keys over.
func (c *Client) TellKey(ctx context.Context, msg []byte) error {
	_, err := c.post(ctx, pathKeys, msg, nil)
	return err
}

// Status asks how the partner's node is; it says whether the line works.
func (c *Client) Status(ctx context.Context) (st Status, err error) {
	out, err := c.do(ctx, http.MethodGet, pathStatus, nil, nil)
	if err != nil {
		return st, err
	}
	return st, canon.Unmarshal(out, &st)
}

func address(d ident.Domain, a ident.Agreement, what string) string {
	return "/peer/v1/" + url.PathEscape(d.String()) + "/" + url.PathEscape(string(a)) + "/" + what
}

func (c *Client) post(ctx context.Context, path string, body []byte, more http.Header) ([]byte, error) {
	return c.do(ctx, http.MethodPost, path, body, more)
}

func (c *Client) do(ctx context.Context, method, path string, body []byte, more http.Header) ([]byte, error) {
	raw, _, err := c.call(ctx, method, path, body, more, maxSmall)
	return raw, err
}

// call makes one call whose answer has at most limit bytes.
func (c *Client) call(ctx context.Context, method, path string, body []byte, more http.Header, limit int64) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for k, v := range more {
		req.Header[k] = v
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, unreachable(ctx, c.side, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, nil, unreachable(ctx, c.side, err)
	}
	if int64(len(raw)) > limit {
		return nil, nil, fault.Errorf(fault.TooLarge, "the node of %s answered with more than %d bytes", c.side, limit)
	}
	if resp.StatusCode == http.StatusConflict && resp.Header.Get("Content-Type") == "text/x.tlog.size" {
		n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64)
		if err != nil || n < 0 {
			return nil, nil, fault.Errorf(fault.Invalid, "the node of %s answered with no size", c.side)
		}
		return nil, nil, &ledger.Behind{Size: n}
	}
	if resp.StatusCode/100 != 2 {
		return nil, nil, understand(resp.StatusCode, raw)
	}
	return raw, resp.Header, nil
}
