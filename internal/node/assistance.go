package node

import (
	"context"
	"fmt"
	"time"

	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/store"
)

// assistance is requests that wait, as notices: each is told when it comes and
// again at every reminder it climbs to, and at each warning that preserved data
// is kept no longer (notice.Source).
func (n *Node) assistance(ctx context.Context, h *store.Handle, by people.Actor) (out []notice.Waits, err error) {
	list, err := n.Requests.Waiting(ctx, h, by)
	for _, r := range list {
		w := notice.Waits{Cause: "request " + r.ID, Step: r.Step(n.Clock.Now()), Kind: notice.Request, Count: 1, Urgent: r.Presses(), Page: "/waiting"}
		if r.Title != "" { // who handles it
			w.Page = "/requests/" + r.ID
		}
		if at := r.Until(); at != 0 {
			w.Due = time.UnixMicro(at).UTC()
		}
		out = append(out, w)
	}
	return out, err
}

// assistanceDates are when first words are hoped for and preserved data is kept
// no longer, in the calendars of those who handle such requests.
func (n *Node) assistanceDates(tx *store.Tx) (out []notice.Entry, err error) {
	list, err := n.Requests.Deadlines(tx)
	if err != nil {
		return nil, fmt.Errorf("deadlines of requests: %w", err)
	}
	for _, d := range list {
		out = append(out, notice.Entry{
			ID: "request " + d.What + " " + d.Request, Reader: notice.Reader{May: d.Act}, Kind: notice.Request, Page: "/requests/" + d.Request, Start: d.At, End: d.At,
		})
	}
	return out, nil
}
