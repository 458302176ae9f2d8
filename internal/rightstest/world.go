package rightstest

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/library"
	"twoseas/internal/act/members"
	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/law/contact"
	"twoseas/internal/law/coordination"
	"twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/request"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// Password is that of every account of a World.
const Password = "a long enough password"

// World is two nodes under the reference agreement with an account for each
// role, none of them cleared for more than TLP:GREEN, and things none of them
// may see.
type World struct {
	*nodetest.Node
	t      *testing.T
	client *http.Client
	// Foreign and Absent hold, for names of parameters, what is there and not
	// for the accounts, and what is not there; Shared what anybody may know.
	Foreign, Absent, Shared map[string]string
	// Owners names the act that makes a foreign thing one's own after all.
	Owners map[string]people.Act
}

const (
	red  = "indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03"
	none = "indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c99"
)

const secret = `[{"type":"indicator","spec_version":"2.1","id":"` + red + `","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'secret.example']","name":"Operation Secret","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]}]`

// NewWorld makes a world.
func NewWorld(t *testing.T) *World {
	t.Helper()
	in, jp := nodetest.IndiaJapan(t, nil)
	w := &World{
		Node: in, t: t,
		Foreign: map[string]string{"object": red, "id": red},
		Absent:  map[string]string{"object": none, "id": none, "item": "99999", "token": "0123456789abcdef"},
		Shared:  map[string]string{"agreement": string(nodetest.InJp), "version": "1", "side": "jp", "number": "1", "entry": "0", "clock": "in-certin"},
		Owners:  map[string]people.Act{"token": people.Administer, "assistance": people.Liaise, "contact": people.Reach, "check": people.Reach, "passage": people.Liaise, "coordination": people.Assist},
	}
	w.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the node of the test
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, role := range people.Roles() {
		w.must(in.People.AddAccount(t.Context(), in.Operator(), people.Account{
			Name: string(role), Roles: []people.Role{role}, Clearance: "TLP:GREEN", Password: Password,
		}))
	}
	w.must(in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: "owner", Roles: []people.Role{people.Analyst}, Clearance: "TLP:RED"}))
	token, err := in.People.IssueToken(t.Context(), in.Operator(), "owner", "somebody else's", 0)
	w.must(err)
	w.Foreign["token"] = strings.Split(token, "_")[1]
	owner, err := in.People.As(t.Context(), in.Operator(), "owner")
	w.must(err)
	access, err := in.People.Access(t.Context(), in.Live, owner)
	w.must(err)
	upload, err := in.Imports.Stage(t.Context(), in.Live, owner, access.Class, "secret.example.txt", strings.NewReader("secret.example\n"))
	w.must(err)
	meeting, err := in.Sessions.Meet(t.Context(), owner, session.Meeting{Guests: &people.Guests{TLP: marking.Green}, For: time.Hour})
	w.must(err)
	w.Foreign["meeting"], w.Absent["meeting"] = meeting, absentLike(meeting)
	w.Foreign["erasure"], w.Absent["erasure"] = "00000000000000aa", "00000000000000bb" // everybody who may decide may decide on all
	for _, key := range []string{"upload", "imports/id"} {
		w.Foreign[key], w.Absent[key] = upload.ID, absentLike(upload.ID)
	}
	w.must(in.Library.Keep(t.Context(), in.Live, owner, store.Kept{Kind: library.KeptSearches, Name: "watch", Value: "q=secret.example"}))
	w.Foreign["search"], w.Absent["search"] = "watch", "nothing"
	if rep := in.Import(marking.Clear, secret); rep.New != 1 {
		t.Fatalf("import: %+v", rep)
	}
	w.Foreign["assistance"] = lawEnforcement(t, in, jp)
	w.Absent["assistance"] = absentLike(w.Foreign["assistance"][len(request.Type):])
	w.Absent["assistance"] = request.Type + w.Absent["assistance"]
	w.Foreign["incident"], w.Foreign["wording"] = redIncident(t, in)
	for key, typ := range map[string]string{"incident": incident.Type, "wording": incident.OwnWordingType} {
		w.Absent[key] = typ + absentLike(w.Foreign[key][len(typ):])
	}
	w.Foreign["contact"], w.Foreign["check"] = pointOfContact(t, in, jp)
	for key, typ := range map[string]string{"contact": contact.Type, "check": contact.CheckType} {
		w.Absent[key] = typ + absentLike(w.Foreign[key][len(typ):])
	}
	w.Foreign["passage"] = passage(t, in, jp, w.Foreign["assistance"])
	w.Absent["passage"] = request.PassageType + absentLike(w.Foreign["passage"][len(request.PassageType):])
	w.Foreign["coordination"], err = in.Coordinations.Open(t.Context(), in.Live, in.Operator(), coordination.Opening{Agreement: nodetest.InJp, Language: "en", Title: "A router"}, time.Time{})
	w.must(err)
	w.Absent["coordination"] = coordination.Type + absentLike(w.Foreign["coordination"][len(coordination.Type):])
	w.must(in.Library.CatchUp(t.Context(), in.Live))
	w.must(in.Live.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Versions(red, func(o store.Object) error {
			w.Foreign["item"] = fmt.Sprint(o.Seq)
			return nil
		})
	}))
	return w
}

// redIncident notifies an incident that none of the accounts is cleared for, and
// proposes words about it.
func redIncident(t *testing.T, n *nodetest.Node) (id, wording string) {
	t.Helper()
	id, err := n.Incidents.Notify(t.Context(), n.Live, n.Operator(), store.AllLabels, marking.Red, incident.Notification{
		Agreement: nodetest.InJp, Title: "Operation Secret", Language: "en",
	})
	if err != nil {
		t.Fatal(err)
	}
	wording, err = n.Incidents.Propose(t.Context(), n.Live, n.Operator(), store.AllLabels, incident.Wording{
		Incident: id, Audience: incident.Joint, Text: "Secret.", Language: "en",
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, wording
}

// lawEnforcement asks for something that is for liaisons only.
func lawEnforcement(t *testing.T, in, jp *nodetest.Node) string {
	t.Helper()
	for _, n := range []*nodetest.Node{jp, in} {
		if _, err := n.Members.Set(t.Context(), n.Live, n.Operator(), members.Change{Agreement: nodetest.InJp, Compartment: "LES", Join: []string{"police"}}); err != nil {
			t.Fatal(err)
		}
	}
	nodetest.Eventually(t, "the other side's list is here", func() bool {
		b, err := in.Members.Lists(t.Context(), in.Live, in.Operator(), nodetest.InJp)
		return err == nil && len(b.Rolls) == 2
	})
	id, err := in.Requests.Send(t.Context(), in.Live, in.Operator(), store.AllLabels, request.Asked{
		Agreement: nodetest.InJp, Kind: request.Preservation, Urgency: request.Routine, Channel: request.LawEnforcement, Way: "mlat", Language: "en",
		Title: "Two accounts", Text: "Please have what they hold preserved.",
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// pointOfContact has the partner name one, which this side checks.
func pointOfContact(t *testing.T, in, jp *nodetest.Node) (id, check string) {
	t.Helper()
	c, err := jp.Contacts.Set(t.Context(), jp.Live, jp.Operator(), nodetest.InJp, contact.Contact{
		Agency: "CERT", Post: "Duty officer", Role: contact.Technical, Areas: []string{"1(1)"}, Hours: contact.Hours{Zone: "Asia/Tokyo", Always: true},
		Channels: []contact.Channel{{Kind: contact.Email, Address: "duty@cert.example"}}, ValidFrom: "2022-03-19",
	})
	if err != nil {
		t.Fatal(err)
	}
	var asked contact.Check
	nodetest.Eventually(t, "the other side's contact is here", func() bool {
		asked, err = in.Contacts.Ask(t.Context(), in.Live, in.Operator(), c.ID)
		return err == nil
	})
	return c.ID, asked.ID
}

// passage asks this side's police whether what it asked may pass to the CERT of
// the other side, which is for liaisons only as well.
func passage(t *testing.T, in, jp *nodetest.Node, asked string) (id string) {
	t.Helper()
	nodetest.Eventually(t, "the request is there", func() bool {
		made, err := jp.Requests.Pass(t.Context(), jp.Live, jp.Operator(), asked, "Act on criminal procedure", "To warn others.")
		id = made
		return err == nil
	})
	nodetest.Eventually(t, "the question is here", func() bool {
		_, err := in.Requests.OpenPassage(t.Context(), in.Live, in.Operator(), id)
		return err == nil
	})
	return id
}

// absentLike returns an id of the form of another, which nothing has.
func absentLike(id string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '8' || r >= 'a' && r <= 'e':
			return r + 1
		case r == '9':
			return '0'
		}
		return r
	}, id)
}

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
