package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
)

// reviews are what an emergency release leaves for another officer.
func (a *api) reviews() {
	at := func(method, path, id, summary string, act people.Act) op {
		return op{tag: "releases", method: method, path: "/reviews" + path, id: id, summary: summary, act: act}
	}
	list := at(http.MethodGet, "", "reviews", "Emergency releases to be reviewed, or reviewed, newest first", people.Review)
	list.saw = "read"
	add(a, list, a.listReviews)
	one := at(http.MethodGet, "/{review}", "review", "One review of an emergency release", people.Review)
	one.saw = "read"
	add(a, one, a.review)
	end := at(http.MethodPost, "/{review}/close", "close-review", "Say what you found of another officer's emergency release", people.Approve)
	end.person = true
	add(a, end, a.closeReview)
}

type reviewBody struct {
	Review    int64  `json:"review"`
	Agreement string `json:"agreement"`
	Object    string `json:"object"`
	Officer   string `json:"officer" doc:"Who released it alone"`
	Reason    string `json:"reason" doc:"Why it could not wait"`
	At        string `json:"at" format:"date-time"`
	Closer    string `json:"closer,omitempty" doc:"Who reviewed it"`
	Outcome   string `json:"outcome,omitempty" doc:"right, wait or wrong"`
	Finding   string `json:"finding,omitempty"`
}

func reviewOf(r release.ReviewItem) reviewBody {
	return reviewBody{r.ID, string(r.Agreement), r.Item.ID, r.Officer, r.Reason, stamp(r.Opened), r.Closer, r.Outcome, r.Finding}
}

func (a *api) listReviews(ctx context.Context, c caller, in *struct {
	PageInput
	Closed bool `query:"closed" doc:"Those that are closed, in place of the open ones"`
},
) (*listOutput[reviewBody], error) {
	before, err := in.number(c)
	if err != nil {
		return nil, err
	}
	list, err := a.Releases.Reviews(ctx, a.Handle, c.Actor, !in.Closed, before, in.size())
	if err != nil {
		return nil, err
	}
	var items []reviewBody
	for _, r := range list {
		items = append(items, reviewOf(r))
	}
	next := ""
	if len(list) == in.size() {
		next = numbered(list[len(list)-1].ID)
	}
	return listed(c, items, next), nil
}

// ReviewInput names a review.
type ReviewInput struct {
	Review int64 `path:"review" minimum:"1"`
}

type reviewOutput struct{ Body reviewBody }

func (a *api) review(ctx context.Context, c caller, in *ReviewInput) (*reviewOutput, error) {
	r, err := a.Releases.Review(ctx, a.Handle, c.Actor, in.Review)
	return &reviewOutput{reviewOf(r)}, err
}

func (a *api) closeReview(ctx context.Context, c caller, in *struct {
	ReviewInput
	Body struct {
		Outcome string `json:"outcome" enum:"right,wait,wrong" doc:"right: it could not wait; wait: it could have; wrong: it should not have left"`
		Finding string `json:"finding" minLength:"1" maxLength:"1000"`
	}
},
) (*reviewOutput, error) {
	r, err := a.Releases.CloseReview(ctx, a.Handle, c.Actor, in.Review, in.Body.Outcome, in.Body.Finding)
	return &reviewOutput{reviewOf(r)}, err
}
