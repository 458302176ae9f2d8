package api

import (
	"context"
	"net/http"
	"strings"

	"twoseas/internal/act/feed"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
)

// feeds are the sources outside. A folder of the node's machine is named on
// that machine, with the command: who administers over the network does not
// read its files.
func (a *api) feeds() {
	at := func(method, path, id, summary string, act people.Act) op {
		return op{tag: "feeds", method: method, path: "/feeds" + path, id: id, summary: summary, act: act}
	}
	run := func(method, path, id, summary string) op {
		o := at(method, path, id, summary, people.Import)
		o.or = []people.Act{people.Administer}
		return o
	}
	list := run(http.MethodGet, "", "feeds", "Sources outside and how they are doing; without their secrets")
	list.saw = "read"
	add(a, list, a.listFeeds)
	create := at(http.MethodPost, "", "add-feed", "Add a source, to be asked at once", people.Administer)
	create.status, create.person = http.StatusCreated, true
	add(a, create, a.addFeed)
	change := at(http.MethodPut, "/{feed}", "change-feed", "Replace what is said of a source; its secret stays when it is left out", people.Administer)
	change.person = true
	add(a, change, a.changeFeed)
	add(a, run(http.MethodPost, "/{feed}/pause", "pause-feed", "Do not ask a source until it is resumed"), a.pauseFeed)
	add(a, run(http.MethodPost, "/{feed}/resume", "resume-feed", "Ask a paused source again, at once"), a.resumeFeed)
	add(a, run(http.MethodPost, "/{feed}/hasten", "hasten-feed", "Ask a source now"), a.hastenFeed)
	add(a, at(http.MethodPost, "/offered", "offered-feeds", "Ask a TAXII server what collections it has for us; nothing is kept", people.Administer), a.offeredFeeds)
	remove := at(http.MethodDelete, "/{feed}", "remove-feed", "Forget a source and its secret; what it brought stays", people.Administer)
	remove.person = true
	add(a, remove, a.removeFeed)
}

type feedBody struct {
	Name     string        `json:"name"`
	Settings feed.Settings `json:"settings"`
	Secret   bool          `json:"secret" doc:"A password or token is kept"`
	Paused   bool          `json:"paused"`
	Added    string        `json:"added" format:"date-time"`
	Due      string        `json:"due" format:"date-time"`
	Failures int           `json:"failures" doc:"Runs that failed since the last that did not"`
	Health   feed.Health   `json:"health"`
}

type feedsOutput struct {
	Body struct {
		Feeds []feedBody `json:"feeds"`
	}
}

func (a *api) listFeeds(ctx context.Context, c caller, _ *struct{}) (*feedsOutput, error) {
	list, err := a.Feeds.List(ctx, a.Handle, c.Actor)
	out := &feedsOutput{}
	out.Body.Feeds = []feedBody{}
	for _, f := range list {
		out.Body.Feeds = append(out.Body.Feeds, feedOf(c, f))
	}
	return out, err
}

// feedOf is a source as the caller sees it: what follows a question mark may
// be a key, which is for who administers.
func feedOf(c caller, f feed.Feed) feedBody {
	if c.May(people.Administer) != nil {
		f.Settings.URL, _, _ = strings.Cut(f.Settings.URL, "?")
	}
	return feedBody{f.Name, f.Settings, f.Secret, f.Paused, moment(f.Added), moment(f.Due), f.Failures, f.Health}
}

// notHere refuses a folder.
func notHere(s feed.Settings) error {
	if _, ok := feed.Folder(s.URL); ok {
		return fault.New(fault.Denied, "a folder of the node's machine is named there, with the command")
	}
	return nil
}

type feedOutput struct{ Body feedBody }

// oneFeed returns a source as it is now.
func (a *api) oneFeed(ctx context.Context, c caller, name string, err error) (*feedOutput, error) {
	if err != nil {
		return nil, err
	}
	list, err := a.Feeds.List(ctx, a.Handle, c.Actor)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		if f.Name == name {
			return &feedOutput{feedOf(c, f)}, nil
		}
	}
	return nil, fault.Errorf(fault.NotFound, "there is no feed %q", name)
}

func (a *api) addFeed(ctx context.Context, c caller, in *struct {
	Body struct {
		Name     string        `json:"name" maxLength:"64" doc:"Lower-case letters, digits and inner - and ."`
		Settings feed.Settings `json:"settings"`
		Secret   string        `json:"secret,omitempty" doc:"Password or bearer token that is shown there"`
	}
},
) (*feedOutput, error) {
	b := in.Body
	if err := notHere(b.Settings); err != nil {
		return nil, err
	}
	return a.oneFeed(ctx, c, b.Name, a.Feeds.Add(ctx, a.Handle, c.Actor, b.Name, b.Settings, b.Secret))
}

// FeedInput names a source.
type FeedInput struct {
	Feed string `path:"feed" maxLength:"64"`
}

func (a *api) changeFeed(ctx context.Context, c caller, in *struct {
	FeedInput
	Body struct {
		Settings feed.Settings `json:"settings"`
		Secret   *string       `json:"secret,omitempty" doc:"Empty to forget it; left out to keep it"`
	}
},
) (*feedOutput, error) {
	if err := notHere(in.Body.Settings); err != nil {
		return nil, err
	}
	return a.oneFeed(ctx, c, in.Feed, a.Feeds.Change(ctx, a.Handle, c.Actor, in.Feed, in.Body.Settings, in.Body.Secret))
}

func (a *api) pauseFeed(ctx context.Context, c caller, in *FeedInput) (*feedOutput, error) {
	return a.oneFeed(ctx, c, in.Feed, a.Feeds.Pause(ctx, a.Handle, c.Actor, in.Feed))
}

func (a *api) resumeFeed(ctx context.Context, c caller, in *FeedInput) (*feedOutput, error) {
	return a.oneFeed(ctx, c, in.Feed, a.Feeds.Resume(ctx, a.Handle, c.Actor, in.Feed))
}

func (a *api) hastenFeed(ctx context.Context, c caller, in *FeedInput) (*feedOutput, error) {
	return a.oneFeed(ctx, c, in.Feed, a.Feeds.Hasten(ctx, a.Handle, c.Actor, in.Feed))
}

func (a *api) removeFeed(ctx context.Context, c caller, in *FeedInput) (*struct{}, error) {
	return nil, a.Feeds.Remove(ctx, a.Handle, c.Actor, in.Feed)
}

type offeredOutput struct {
	Body struct {
		Collections []feed.Offer `json:"collections"`
	}
}

func (a *api) offeredFeeds(ctx context.Context, c caller, in *struct {
	Body struct {
		URL     string `json:"url" maxLength:"2000"`
		User    string `json:"user,omitempty" maxLength:"2000"`
		Secret  string `json:"secret,omitempty" maxLength:"2000"`
		CA      string `json:"ca,omitempty" maxLength:"204800" doc:"PEM file that the server's certificate must come from"`
		Private bool   `json:"private,omitempty" doc:"It is at a private address or on this machine"`
	}
},
) (*offeredOutput, error) {
	b := in.Body
	if err := notHere(feed.Settings{URL: b.URL}); err != nil {
		return nil, err
	}
	list, err := a.Feeds.Offered(ctx, a.Handle, c.Actor, feed.Remote{URL: b.URL, User: b.User, Secret: b.Secret, CA: b.CA, Private: b.Private})
	out := &offeredOutput{}
	out.Body.Collections = append([]feed.Offer{}, list...)
	return out, err
}
