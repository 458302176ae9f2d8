package api

import (
	"context"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/base/lang"
)

type recallMoment struct {
	At        string         `json:"at,omitempty" format:"date-time"`
	What      string         `json:"what" enum:"left,came,read,asked,sent,receipt,answered,lifted"`
	Agreement string         `json:"agreement,omitempty"`
	Partner   string         `json:"partner,omitempty"`
	Shipment  int64          `json:"shipment,omitempty"`
	Account   string         `json:"account,omitempty" doc:"Who of this side read it, or asked"`
	Act       string         `json:"act,omitempty" doc:"What a reader did, as the home log has it"`
	Count     int64          `json:"count,omitempty" doc:"Of objects, or of a reader's reads"`
	Open      bool           `json:"open,omitempty" doc:"Of an answer: something is still to come"`
	Outcomes  map[string]int `json:"outcomes,omitempty"`
}

func (a *api) recallTimeline(ctx context.Context, c caller, in *RecallInput) (*listOutput[recallMoment], error) {
	moments, err := a.Recalls.Timeline(ctx, a.Handle, c.Actor, in.Recall)
	if err != nil {
		return nil, err
	}
	var out []recallMoment
	for _, m := range moments {
		x := recallMoment{
			At: told(m.At), What: m.What, Agreement: string(m.Agreement), Partner: string(m.Partner), Shipment: m.Shipment, Account: m.Account, Act: m.Act, Count: m.Count, Open: m.Open,
		}
		for o, n := range m.Outcomes {
			if x.Outcomes == nil {
				x.Outcomes = map[string]int{}
			}
			x.Outcomes[string(o)] = n
		}
		out = append(out, x)
	}
	return listed(c, out, ""), nil
}

// told is a time as the API writes it, nothing for one that is not known.
func told(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t.UnixMicro())
}

// NoticeInput names a notice.
type NoticeInput struct {
	RecallInput
	Agreement string `path:"agreement" maxLength:"64"`
	Lang      string `path:"lang" enum:"en,ja,hi"`
}

type recallNotice struct {
	Text string `json:"text"`
	By   string `json:"by,omitempty" doc:"Who saved it; none for a draft"`
	At   string `json:"at,omitempty" format:"date-time"`
}

func (a *api) recallNotice(ctx context.Context, c caller, in *NoticeInput) (*struct{ Body recallNotice }, error) {
	n, err := a.Recalls.Notice(ctx, a.Handle, c.Actor, in.Recall, ident.Agreement(in.Agreement), lang.Tag(in.Lang), in.Agreement)
	return &struct{ Body recallNotice }{recallNotice{n.Text, n.Account, told(n.At)}}, err
}

func (a *api) saveRecallNotice(ctx context.Context, c caller, in *struct {
	NoticeInput
	Body struct {
		Text string `json:"text" maxLength:"20000"`
	}
},
) (*struct{}, error) {
	return nil, a.Recalls.SaveNotice(ctx, a.Handle, c.Actor, in.Recall, ident.Agreement(in.Agreement), lang.Tag(in.Lang), in.Body.Text)
}
