package operate_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const password = "correct horse battery staple"

// desk is a node and its pages.
type desk struct {
	*nodetest.Node
	t      *testing.T
	client *http.Client
}

func open(t *testing.T, side string) *desk {
	t.Helper()
	d := &desk{t: t, Node: nodetest.Start(t, ident.Side(side), nil)}
	for name, role := range map[string]people.Role{"adm": people.Administrator, "duty": people.DutyOfficer, "tara": people.Auditor, "mem": people.Member} {
		if err := d.People.AddAccount(t.Context(), d.Operator(), people.Account{
			Name: name, Roles: []people.Role{role}, Clearance: "TLP:GREEN", Password: password,
		}); err != nil {
			t.Fatal(err)
		}
	}
	d.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the node of the test
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return d
}

// ask sends a request as one of the accounts; a form makes it a POST.
func (d *desk) ask(as, path string, form url.Values) (int, string, string) {
	d.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(d.t.Context()), method, d.Run.URL+path, body)
	if err != nil {
		d.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.SetBasicAuth(as, password)
	resp, err := d.client.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(raw)
}

// page returns a page that must be there.
func (d *desk) page(as, path string, want ...string) string {
	d.t.Helper()
	status, _, body := d.ask(as, path, nil)
	if status != http.StatusOK {
		d.t.Fatalf("%s as %s: %d\n%s", path, as, status, body)
	}
	for _, w := range want {
		if !strings.Contains(body, w) {
			d.t.Errorf("%s as %s: no %q in\n%s", path, as, w, body)
		}
	}
	return body
}

// send posts a form that leads on.
func (d *desk) send(as, path string, form url.Values) string {
	d.t.Helper()
	status, to, body := d.ask(as, path, form)
	if status != http.StatusSeeOther {
		d.t.Fatalf("POST %s as %s: %d\n%s", path, as, status, body)
	}
	return to
}

func TestTwoNodesGetToKnowEachOtherOnThePages(t *testing.T) {
	in, jp := open(t, "in"), open(t, "jp")
	in.page("adm", "/operate/partners", "No partner&#39;s node is known yet")
	status, _, made := in.ask("adm", "/operate/partners/invite", url.Values{})
	found := regexp.MustCompile(`data-copy="([^"]+)"`).FindStringSubmatch(made)
	if status != http.StatusOK || found == nil {
		t.Fatalf("no invitation: %d\n%s", status, made)
	}
	for _, bad := range []string{"", "nonsense"} {
		if status, _, body := jp.ask("adm", "/operate/partners/accept", url.Values{"code": {bad}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) {
			t.Errorf("accepting %q: %d", bad, status)
		}
	}
	if to := jp.send("adm", "/operate/partners/accept", url.Values{"code": {found[1]}}); to != "/operate/partners/in" {
		t.Fatalf("led to %q", to)
	}
	read := regexp.MustCompile(`class="read-out"[^>]*>([0-9 ]+)<`)
	theirs := read.FindStringSubmatch(in.page("adm", "/operate/partners/jp", "Compare by telephone"))
	ours := read.FindStringSubmatch(jp.page("adm", "/operate/partners/in", "Compare by telephone"))
	if theirs == nil || ours == nil {
		t.Fatal("no digits to read out")
	}
	if status, _, body := in.ask("adm", "/operate/partners/jp/confirm", url.Values{"code": {"0000 0000 0000 0001"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "0000 0000 0000 0001") {
		t.Errorf("a wrong code: %d\n%s", status, body)
	}
	in.send("adm", "/operate/partners/jp/confirm", url.Values{"code": {ours[1]}})
	jp.send("adm", "/operate/partners/in/confirm", url.Values{"code": {theirs[1]}})
	if body := in.page("adm", "/operate/partners/jp", "Confirmed", "Keys"); strings.Contains(body, "read-out") {
		t.Error("digits are shown after the confirmation")
	}
	status, _, body := in.ask("adm", "/operate/partners/jp/check", url.Values{"full": {"1"}})
	if status != http.StatusOK || !strings.Contains(body, "jp answers at") {
		t.Errorf("calling the partner: %d\n%s", status, body)
	}
	in.send("adm", "/operate/rotate", url.Values{})
	in.page("adm", "/operate/partners", "Given up", "In use")
	in.send("adm", "/operate/partners/jp/remove", url.Values{})
	if status, _, _ := in.ask("adm", "/operate/partners/jp", nil); status != http.StatusNotFound {
		t.Errorf("a partner that was forgotten: %d", status)
	}
}

func TestCollectionsAndTheirReaders(t *testing.T) {
	d := open(t, "in")
	d.page("adm", "/operate/collections", "There is no collection yet")
	if status, _, body := d.ask("adm", "/operate/collections", url.Values{"title": {"T"}, "alias": {"no spaces"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, `value="no spaces"`) {
		t.Errorf("a bad alias loses what was typed: %d", status)
	}
	at := d.send("adm", "/operate/collections", url.Values{"title": {"For <b>operators</b>"}, "alias": {"ops"}, "default_tlp": {"green"}, "ceiling": {"amber"}})
	if body := d.page("adm", at, "For &lt;b&gt;operators&lt;/b&gt;", "tlp-green", "tlp-amber"); strings.Contains(body, "<b>operators") {
		t.Error("a title is not escaped")
	}
	d.send("adm", at+"/grant", url.Values{"account": {"mem"}, "read": {"1"}})
	d.page("adm", at, "Take away from mem")
	for name, form := range map[string]url.Values{"nobody": {"account": {"nobody"}, "read": {"1"}}, "nothing": {"account": {"mem"}}} {
		if status, _, _ := d.ask("adm", at+"/grant", form); status != http.StatusUnprocessableEntity {
			t.Errorf("granting to %s: %d", name, status)
		}
	}
	d.send("adm", at+"/revoke", url.Values{"account": {"mem"}})
	d.page("adm", at, "Nobody yet")
	d.page("adm", "/operate/collections", "For &lt;b&gt;operators")
}

func TestHealthWorkAndSettings(t *testing.T) {
	d := open(t, "in")
	d.page("adm", "/operate", "Store", "Ledger", "Certificate", "Clock", "Disk", "good for")
	d.page("adm", "/operate/work", "Background work")
	body := d.page("adm", "/operate/settings", "peer_listen", d.Config.Listen, "Default")
	if strings.Contains(body, "seal") {
		t.Error("settings speak of the seal")
	}
	// A clock that was set back is in the report.
	if err := d.Live.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddAudit([]store.AuditEntry{{Ix: 1 << 40, At: tx.Now() + 3_600_000_000, Account: "x", Act: "x"}})
	}); err != nil {
		t.Fatal(err)
	}
	d.page("adm", "/operate", "it was set back", "In danger")
}

// TestTheBackupIsSaid: how to make one, and when the newest that may still be
// there was made.
func TestTheBackupIsSaid(t *testing.T) {
	d := open(t, "in")
	d.page("adm", "/operate", "twoseas backup", "none is recorded", "seal.key")
	made := time.Date(2027, 3, 18, 6, 30, 0, 0, time.UTC)
	add := func(at time.Time, b store.BackupMade) {
		t.Helper()
		if err := d.Live.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("INSERT INTO backup_made (id, at, place, until, gone) VALUES ($1, $2, $3, $4, $5)", b.ID, at.UnixMicro(), b.Place, b.Until, b.Gone)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	add(made, store.BackupMade{ID: "b", Place: "/tape/secret"})
	add(made.Add(-time.Hour), store.BackupMade{ID: "a", Place: "/tape/secret"})
	add(made.Add(time.Hour), store.BackupMade{ID: "c", Place: "/tape/secret", Gone: 1})
	if body := d.page("adm", "/operate", "2027-03-18 06:30"); strings.Contains(body, "none is recorded") || strings.Contains(body, "/tape/secret") {
		t.Error("the page says that there is none, or where it is")
	}
}

func TestWhoMayOperate(t *testing.T) {
	d := open(t, "in")
	for path, may := range map[string][]string{
		"/operate": {"adm", "duty"}, "/operate/work": {"adm", "duty"}, "/operate/settings": {"adm"}, "/operate/partners": {"adm", "duty"},
		"/operate/collections": {"adm"}, "/operate/partners/xx": {}, "/operate/collections/none": {}, "/audit": {"tara"}, "/audit/0": {"tara"}, "/audit/export": {"tara"},
	} {
		for _, as := range []string{"adm", "duty", "tara", "mem"} {
			status, _, _ := d.ask(as, path, nil)
			if want := strings.Contains(strings.Join(may, " "), as); (status == http.StatusOK) != want {
				t.Errorf("%s as %s: %d, allowed %v", path, as, status, want)
			}
		}
	}
}

func TestTheAuditorFindsExportsAndVerifies(t *testing.T) {
	d := open(t, "in")
	d.page("adm", "/operate/settings")
	body := d.page("tara", "/audit", "add account", "operator")
	entry := regexp.MustCompile(`href="(/audit/[0-9]+)"`).FindStringSubmatch(body)
	if entry == nil {
		t.Fatalf("no entry is linked:\n%s", body)
	}
	d.page("tara", entry[1], "twoseas/act/v1", "— in ")
	d.page("tara", "/audit?who=adm&what=read", "settings")
	if body := d.page("tara", "/audit?who=adm&about=nothing", "Nothing was recorded that fits"); strings.Contains(body, "operator") {
		t.Error("a filter does nothing")
	}
	if status, _, body := d.ask("tara", "/audit?from=tomorrow", nil); status != http.StatusUnprocessableEntity || !strings.Contains(body, "is not a day") {
		t.Errorf("a bad day: %d", status)
	}
	if file := d.page("tara", "/audit/export"); !strings.HasPrefix(file, "twoseas/home/v1\ndomain live\nowner in\n") {
		t.Errorf("exported %.100q", file)
	}
	status, _, body := d.ask("tara", "/audit/verify", url.Values{})
	if status != http.StatusOK || !strings.Contains(body, "The log is sound.") {
		t.Errorf("verify: %d\n%s", status, body)
	}
	if err := d.Live.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("UPDATE audit SET account = 'somebody' WHERE ix = 0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, _, body := d.ask("tara", "/audit/verify", url.Values{}); !strings.Contains(body, "The log does not hold.") {
		t.Errorf("an altered index is not found:\n%s", body)
	}
}
