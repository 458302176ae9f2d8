package web

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"twoseas/internal/edge/web/page"
	"twoseas/internal/store/db"
)

// Live pages are told the topics of the store that changed, and nothing of
// what changed: the page asks again with the reader's own rights.
const (
	liveBeat = 25 * time.Second // so that proxies keep the line open
	liveFor  = 30 * time.Minute // then the browser connects anew, with a session that may have ended
	liveRest = 400 * time.Millisecond

	liveMissed = time.Second // until a connection that was closed is known to be

	// How many pages follow live at once; further ones are read anew when
	// somebody looks at them again.
	perAccount, perSession = 8, 4
)

// seen names how far the changes that this process told of went.
func (s *Site) seen() string { return s.name + "-" + strconv.FormatInt(s.Store.Told(), 10) }

// live is the stream of topics, as server-sent events. A page says in the
// address what it has seen; one that may have missed something by then, or that
// another process made, is told at once that everything may have changed.
func (s *Site) live(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	leave, ok := s.streams.enter(q.Actor.Name, q.Actor.Session)
	if !ok { // a page that was left may not have been missed yet
		select {
		case <-time.After(liveMissed):
		case <-r.Context().Done():
		}
		leave, ok = s.streams.enter(q.Actor.Name, q.Actor.Session)
	}
	if !ok {
		w.WriteHeader(http.StatusNoContent) // which has a browser not ask again
		return nil
	}
	defer leave()
	ctx := r.Context()
	topics := s.Store.Listen(ctx)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	beat, end := time.NewTicker(liveBeat), time.NewTimer(liveFor)
	defer beat.Stop()
	defer end.Stop()
	first := "retry: 2000\n: here\n\n"
	if r.URL.Query().Get("seen") != s.seen() { // asked after Listen, so that nothing falls between
		first += "event: changed\ndata: " + db.Everything + "\n\n"
	}
	if _, err := fmt.Fprint(w, first); err != nil {
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

// streams bounds how many live pages are held open: each keeps a line and a
// listener of this process.
type streams struct {
	mu   sync.Mutex
	open map[string]int // by account, and by session; guarded by mu
}

// enter takes a stream's place, which leave gives back; ok is false when the
// account, or the session, has all it may have.
func (s *streams) enter(account, session string) (leave func(), ok bool) {
	bounds := map[string]int{"account " + account: perAccount}
	if session != "" {
		bounds["session "+session] = perSession
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, most := range bounds {
		if s.open[name] >= most {
			return nil, false
		}
	}
	for name := range bounds {
		s.open[name]++
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for name := range bounds {
			if s.open[name]--; s.open[name] == 0 {
				delete(s.open, name)
			}
		}
	}, true
}

// liveRoute is the stream as a route of the frame.
func (s *Site) liveRoute() page.Route {
	return page.Route{Pattern: "GET /live", Any: true, Serve: s.live}
}
