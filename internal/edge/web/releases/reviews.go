package releases

import (
	"net/http"
	"strconv"

	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
)

// reviewList is the emergency releases that are open, or those reviewed.
type reviewList struct {
	*page.Request
	Open  bool
	Items []release.ReviewItem
	Next  string
}

func (p *pages) reviews(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := reviewList{Request: q, Open: r.URL.Query().Get("state") != "closed"}
	before, err := strconv.ParseInt("0"+r.URL.Query().Get("before"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "before: want the number of a review")
	}
	if v.Items, err = p.Releases.Reviews(r.Context(), q.Handle, q.Actor, v.Open, before, perPage+1); err != nil {
		return err
	}
	if len(v.Items) > perPage {
		v.Items = v.Items[:perPage]
		v.Next = "/reviews?before=" + strconv.FormatInt(v.Items[perPage-1].ID, 10)
		if !v.Open {
			v.Next += "&state=closed"
		}
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "reviews"); err != nil {
		return err
	}
	return p.Render(w, r, page.Head{Title: q.T("release.reviews.title"), Lead: q.T("release.reviews.lead"), Area: area}, reviewsPage(v))
}

// reviewed is one of them.
type reviewed struct {
	*page.Request
	release.ReviewItem
	Outcome, Finding string // as typed
	Problems         []page.Problem
}

func reviewOf(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("review"), 10, 64)
	if err != nil {
		err = fault.New(fault.NotFound, "there is nothing at this address")
	}
	return id, err
}

func (p *pages) review(w http.ResponseWriter, r *http.Request) error {
	id, err := reviewOf(r)
	if err != nil {
		return err
	}
	return p.showReview(w, r, id, reviewed{})
}

func (p *pages) showReview(w http.ResponseWriter, r *http.Request, id int64, v reviewed) (err error) {
	q := page.Of(r)
	v.Request = q
	if v.ReviewItem, err = p.Releases.Review(r.Context(), q.Handle, q.Actor, id); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "review", strconv.FormatInt(id, 10), "object", v.Item.ID); err != nil {
		return err
	}
	head := page.Head{Title: q.T("release.review.title", q.Int(id)), Lead: q.T("release.review.lead"), Area: area, Chips: reviewChips(v)}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, reviewPage(v))
}

func (p *pages) closeReview(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	id, err := reviewOf(r)
	if err != nil {
		return err
	}
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	_, err = p.Releases.CloseReview(r.Context(), q.Handle, q.Actor, id, f.Get("outcome"), f.Get("finding"))
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) {
		return p.showReview(w, r, id, reviewed{Outcome: f.Get("outcome"), Finding: f.Get("finding"), Problems: []page.Problem{q.Wrong("review-finding", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/reviews/"+strconv.FormatInt(id, 10))
}

var outcomes = []string{release.ReviewRight, release.ReviewWait, release.ReviewWrong}
