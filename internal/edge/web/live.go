package web

import (
	"fmt"
	"net/http"
	"time"

	"twoseas/internal/edge/web/page"
)

// Live pages are told the topics of the store that changed, and nothing of
// what changed: the page asks again with the reader's own rights.
const (
	liveBeat = 25 * time.Second // so that proxies keep the line open
	liveFor  = 30 * time.Minute // then the browser connects anew, with a session that may have ended
	liveRest = 400 * time.Millisecond
)

// live is the stream of topics, as server-sent events.
func (s *Site) live(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	topics := s.Store.Listen(ctx)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	beat, end := time.NewTicker(liveBeat), time.NewTimer(liveFor)
	defer beat.Stop()
	defer end.Stop()
	if _, err := fmt.Fprint(w, "retry: 2000\n: here\n\n"); err != nil {
		return nil // the reader has gone
	}
	for {
		if err := out.Flush(); err != nil {
			return nil // the reader has gone
		}
		text := ": here\n\n"
		select {
		case <-ctx.Done():
			return nil
		case <-s.Stop:
			return nil
		case <-end.C:
			return nil
		case <-beat.C:
		case topic, open := <-topics:
			if !open {
				return nil
			}
			text = fmt.Sprintf("event: changed\ndata: %s\n\n", gather(topics, topic))
		}
		if _, err := fmt.Fprint(w, text); err != nil {
			return nil // the reader has gone
		}
	}
}

// gather waits a moment and returns everything that changed, so that a busy
// node does not make its readers busy too.
func gather(topics <-chan string, first string) string {
	seen := map[string]bool{first: true}
	text := first
	rest := time.NewTimer(liveRest)
	defer rest.Stop()
	for {
		select {
		case t, open := <-topics:
			if !open {
				return text
			}
			if !seen[t] {
				seen[t] = true
				text += " " + t
			}
		case <-rest.C:
			return text
		}
	}
}

// liveRoute is the stream as a route of the frame.
func (s *Site) liveRoute() page.Route {
	return page.Route{Pattern: "GET /live", Any: true, Serve: s.live}
}
