package agreements_test

import (
	"net/url"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/formtest"
	"twoseas/internal/law/agreement"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const (
	password = "correct horse battery staple"
	path     = "/agreements/in-jp-2022"
)

// open is two nodes under the reference agreement, with somebody of the first
// who signs and somebody who reads.
func open(t *testing.T) (in, jp *nodetest.Node, desk, reader *formtest.Browser) {
	t.Helper()
	in, jp = nodetest.IndiaJapan(t, func(c *node.Config) { c.OneFactor = true })
	sign := func(name string, role people.Role) *formtest.Browser {
		if err := in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Password: password}); err != nil {
			t.Fatal(err)
		}
		return formtest.New(t, in.Run.URL).SignIn(name, password).Want(200, "/")
	}
	return in, jp, sign("desk", people.DeskOfficer), sign("reader", people.Member)
}

// TestASignatureComesByFile: both sides add an amendment, the partner's line is
// down, and its signature is brought by hand.
func TestASignatureComesByFile(t *testing.T) {
	in, jp, desk, reader := open(t)
	jp.Halt()
	before, err := in.Accords.Versions(t.Context(), in.Live, nodetest.InJp)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(agreement.Reference()), "version: 1\n", "version: 2\nprevious: "+before[0].Hash.String()+"\n", 1)
	desk.Post("/agreements/add", url.Values{"text": {text}, "do": {"add"}}).Want(200, path, "Sign version 2", "Take the partner")
	desk.Submit(path+"/sign", nil).Want(200, path, "Not in force")
	d, source, err := in.Accords.Document(t.Context(), in.Live, nodetest.InJp, 2)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jp.Accords.Add(t.Context(), jp.Live, jp.Operator(), source)
	if err != nil {
		t.Fatal(err)
	}
	note, err := jp.Accords.Sign(t.Context(), jp.Live, jp.Operator(), v)
	if err != nil {
		t.Fatal(err)
	}
	bring := func(text string) *formtest.Browser {
		return desk.Post(path+"/countersign", url.Values{"text": {text}})
	}
	for name, c := range map[string]struct {
		text, says string
	}{
		"nothing":           {"", "this is no signature on an agreement"},
		"the document":      {text, "this is no signature on an agreement"},
		"another text":      {strings.Replace(string(note), d.Hash().String(), before[0].Hash.String(), 1), ""},
		"another agreement": {strings.Replace(string(note), "in-jp-2022", "in-jp-2023", 1), "not on in-jp-2022"},
		"cut short":         {string(note[:len(note)-9]), ""},
	} {
		if bring(c.text); desk.Status != 409 || !strings.Contains(desk.Words(), c.says) {
			t.Errorf("%s: %d %s", name, desk.Status, desk.Words())
		}
	}
	if now, err := in.Accords.Versions(t.Context(), in.Live, nodetest.InJp); err != nil || len(now) != 2 || now[0].InForce == now[1].InForce {
		t.Fatalf("%+v %v", now, err)
	}
	reader.Post(path+"/countersign", url.Values{"text": {string(note)}}).Want(403, "")
	desk.Get(path+"?version=2").Want(200, "", "Not in force")
	bring(string(note)).Want(200, path, "In force").Lacks("Sign version 2")
	bring(strings.ReplaceAll(string(note), "\n", "\r\n")).Want(200, path) // once more, as a form sends it
	desk.Post("/agreements/in-gb/countersign", url.Values{"text": {string(note)}}).Want(404, "")
}

// TestTheReferenceIsThereToBeginFrom: it is filled in, as it is downloaded, and
// passes its own check.
func TestTheReferenceIsThereToBeginFrom(t *testing.T) {
	_, _, desk, reader := open(t)
	desk.Get("/agreements/add").Want(200, "", "/agreements/add?from=reference", "/agreements/reference.yaml")
	desk.Get("/agreements/add?from=reference").Want(200, "", "agreement: in-jp-2022").Lacks("/agreements/reference.yaml")
	reader.Get("/agreements/reference.yaml").Want(200, "/agreements/reference.yaml")
	if reader.Body != string(agreement.Reference()) || !strings.Contains(reader.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v %.100s", reader.Header, reader.Body)
	}
	reader.Get("/agreements/add").Want(403, "")
	desk.Post("/agreements/add", url.Values{"text": {string(agreement.Reference())}, "do": {"check"}}).Want(200, "", "This is a complete document", "Add version 1")
}

// TestAskingTheGateStoresNothing: the simulator answers for any label and
// loses nothing of what was asked when it makes no sense.
func TestAskingTheGateStoresNothing(t *testing.T) {
	in, _, _, reader := open(t)
	reader.Get(path+"/simulate?kind=threat&tlp=red").Want(200, "", "2 officers")
	reader.Get(path+"/simulate?kind=threat&tlp=green").Want(200, "", "Released by rule open")
	reader.Get(path + "/simulate?kind=rain&tlp=red&version=7")
	if reader.Status != 404 && reader.Status != 422 {
		t.Errorf("%d %s", reader.Status, reader.Words())
	}
	if s, err := in.Exchange.State(t.Context(), in.Live, nodetest.InJp); err != nil || s.Waiting != 0 || s.Out != 0 {
		t.Errorf("%+v %v", s, err)
	}
}

// TestWhatTheDocumentSaysStandsOnItsPage: also what the reference leaves out.
func TestWhatTheDocumentSaysStandsOnItsPage(t *testing.T) {
	in, _, desk, reader := open(t)
	reader.Get(path).Want(200, "", "sets no time", "names no equivalent levels", "Ministry of External Affairs", "Round the clock", "every 6 months, answered within 24 hours", "No rule lets it take place")
	before, err := in.Accords.Versions(t.Context(), in.Live, nodetest.InJp)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(
		"version: 1\n", "version: 2\nprevious: "+before[0].Hash.String()+"\n",
		"    zone: Asia/Tokyo\n", "    zone: Asia/Tokyo\n    work: {days: [mon, tue], open: \"09:00\", close: \"18:00\", holidays: [2027-03-22]}\n",
		"ceilings: {classification: none, tlp: red}", "ceilings: {classification: none, tlp: red}\nexpiry: {threat: P180D, incident: P1Y6M}\nequivalence: [{in: IN-S, jp: JP-MDA-H}]",
		"The Cyber Dialogue goes on", "Our own dialogue goes on",
	).Replace(string(agreement.Reference()))
	desk.Post("/agreements/add", url.Values{"text": {text}, "do": {"add"}}).Want(200, path)
	reader.Get(path+"?version=2").Want(200, "", "180 days", "1 year 6 months", "IN-S", "JP-MDA-H", "Mon, Tue, 09:00 to 18:00", "1 holiday", "2027-03-22").
		Lacks("sets no time", "names no equivalent levels")
	reader.Post("/choose", url.Values{"lang": {"ja"}, "back": {path + "?version=2"}}).
		Want(200, path, "180 日", "1 年 6 か月", "月, 火 09:00～18:00", "自動的には更新されない", `<span lang="en">Our own dialogue goes on`).
		Lacks("Either side may discontinue", "Points of contact and authorised")
}
