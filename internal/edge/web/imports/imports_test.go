package imports_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery staple"

// desk is a node with an agreement in force, and its pages.
type desk struct {
	*nodetest.Node
	t      *testing.T
	client *http.Client
}

func open(t *testing.T) *desk {
	t.Helper()
	in, _ := nodetest.IndiaJapan(t, nil)
	d := &desk{t: t, Node: in}
	for name, role := range map[string]people.Role{"ana": people.Analyst, "ben": people.Analyst, "tara": people.Auditor} {
		if err := d.People.AddAccount(t.Context(), d.Operator(), people.Account{
			Name: name, Roles: []people.Role{role}, Clearance: "TLP:AMBER+UNMARKED", Password: password,
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

func (d *desk) ask(as, method, path, contentType string, body io.Reader) (int, string, string) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(d.t.Context()), method, d.Run.URL+path, body)
	if err != nil {
		d.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
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

// upload sends a form of one file and one text, as a browser does.
func (d *desk) upload(as, path, file, text string) (int, string, string) {
	d.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", map[bool]string{true: "", false: "list <b>.txt"}[file == ""])
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := io.WriteString(part, file); err != nil {
		d.t.Fatal(err)
	}
	if err := w.WriteField("text", text); err != nil {
		d.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		d.t.Fatal(err)
	}
	return d.ask(as, http.MethodPost, path, w.FormDataContentType(), &b)
}

func (d *desk) send(as, path string, form url.Values) (int, string, string) {
	d.t.Helper()
	return d.ask(as, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// page waits until the page of an import says everything wanted.
func (d *desk) page(as, path string, want ...string) string {
	d.t.Helper()
	body := ""
	nodetest.Eventually(d.t, path+" as "+as+" says "+strings.Join(want, ", "), func() bool {
		var status int
		status, _, body = d.ask(as, http.MethodGet, path, "", nil)
		for _, w := range want {
			if !strings.Contains(body, w) {
				if os.Getenv("TWOSEAS_TEST_LOG") != "" {
					d.t.Logf("no %q in\n%s", w, body)
				}
				return false
			}
		}
		return status == http.StatusOK
	})
	return body
}

func options(more ...string) url.Values {
	f := url.Values{"kind": {"text"}}
	for i := 0; i < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

func TestWhatIsPastedIsSeenMarkedAndImported(t *testing.T) {
	d := open(t)
	d.page("ana", "/imports", "New import", "You have not imported anything yet")
	status, to, body := d.upload("ana", "/imports", "", "see hxxps://evil[.]shop/a, 192.168.1.1 and <script>alert(1)</script>.evil.shop")
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/imports/") {
		t.Fatalf("upload: %d %s\n%s", status, to, body)
	}
	seen := d.page("ana", to, "Waits for you", "have no TLP", "Reserved addresses (IANA)", "https://evil.shop/a", "What the gate would do under")
	if strings.Contains(seen, "<script>alert") {
		t.Error("what was pasted is not escaped")
	}
	if !strings.Contains(seen, "Denied") {
		t.Errorf("unmarked objects are not denied:\n%s", seen)
	}
	if status, _, body = d.send("ana", to+"/options", options("tlp", "green", "skip_listed", "1")); status != http.StatusSeeOther {
		t.Fatalf("options: %d\n%s", status, body)
	}
	seen = d.page("ana", to, "TLP:GREEN", "left out because a warning list names", "Released")
	if strings.Contains(seen, "no TLP, or words") {
		t.Error("what has a default TLP is called unreleasable")
	}
	if status, _, _ = d.send("ana", to+"/confirm", url.Values{}); status != http.StatusSeeOther {
		t.Fatalf("confirm: %d", status)
	}
	d.page("ana", to, "Imported", "Result")
	d.page("ana", "/imports", "Pasted text", "Imported")
	if status, _, _ = d.send("ana", to+"/confirm", url.Values{}); status != http.StatusConflict {
		t.Errorf("confirmed twice: %d", status)
	}
	for _, c := range []struct {
		as   string
		want int
	}{{"ben", http.StatusNotFound}, {"tara", http.StatusForbidden}} {
		if status, _, _ = d.ask(c.as, http.MethodGet, to, "", nil); status != c.want {
			t.Errorf("read by %s: %d", c.as, status)
		}
		if status, _, _ = d.send(c.as, to+"/remove", url.Values{}); status != c.want {
			t.Errorf("removed by %s: %d", c.as, status)
		}
	}
	if status, to, _ = d.send("ana", to+"/remove", url.Values{}); status != http.StatusSeeOther || to != "/imports" {
		t.Errorf("remove: %d %s", status, to)
	}
}

func TestATableIsMappedOnThePage(t *testing.T) {
	d := open(t)
	_, to, _ := d.upload("ana", "/imports", "when;what;who\n2026-01-02 03:04;evil.shop;x\nyesterday;vile.shop;y\n", "")
	d.page("ana", to, "list &lt;b&gt;.txt", "Column what holds", "Waits for you", "line 3")
	form := options("kind", "csv", "comma", "semicolon", "header", "1", "zone", "540", "role-0", "", "role-1", "domain", "role-2", "tags", "tlp", "amber")
	if status, _, body := d.send("ana", to+"/options", form); status != http.StatusSeeOther {
		t.Fatalf("options: %d\n%s", status, body)
	}
	if body := d.page("ana", to, "TLP:AMBER", "Held for officers"); strings.Contains(body, "line 3</td>") && strings.Contains(body, "is not a time") {
		t.Errorf("a column that is not used is read:\n%s", body)
	}
	bad := options("kind", "csv", "comma", "semicolon", "header", "1", "role-0", "", "role-1", "", "role-2", "tags")
	if status, _, body := d.send("ana", to+"/options", bad); status != http.StatusUnprocessableEntity || !strings.Contains(body, "no column holds values") {
		t.Errorf("a table without values: %d", status)
	}
	// Correcting the format to a table and back keeps the upload.
	if status, _, _ := d.send("ana", to+"/options", options("kind", "text")); status != http.StatusSeeOther {
		t.Error("not read as text")
	}
	d.page("ana", to, "Waits for you", "evil.shop")
	if status, _, _ := d.send("ana", to+"/options", options("kind", "csv")); status != http.StatusSeeOther {
		t.Error("not read as a table again")
	}
	d.page("ana", to, "Waits for you", "Column what holds")
	if status, _, _ := d.send("ana", to+"/cancel", url.Values{}); status != http.StatusSeeOther {
		t.Error("not cancelled")
	}
	d.page("ana", to, "Cancelled")
}

func TestUploadsThatDoNotDo(t *testing.T) {
	d := open(t)
	if status, _, body := d.upload("ana", "/imports", "", ""); status != http.StatusUnprocessableEntity || !strings.Contains(body, "choose a file or paste text") {
		t.Errorf("nothing: %d\n%s", status, body)
	}
	if status, _, _ := d.upload("tara", "/imports", "x", ""); status != http.StatusForbidden {
		t.Errorf("an auditor: %d", status)
	}
	if status, _, _ := d.send("ana", "/imports", url.Values{"text": {"x"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("no form of files: %d", status)
	}
	_, to, _ := d.upload("ana", "/imports", `{"type":"bundle","objects":[{"type":"indicator"},`, "")
	d.page("ana", to, "stops making sense here", "Refused")
	_, to, _ = d.upload("ana", "/imports", "nothing to see here", "")
	d.page("ana", to, "Nothing in it could be understood")
}

func TestWarningListsArePages(t *testing.T) {
	d := open(t)
	d.page("ana", "/imports/warninglists", "Reserved addresses (IANA)", "Built in")
	list := `{"name":"Our own","type":"hostname","version":7,"list":["ours.shop"]}`
	if status, to, body := d.upload("ana", "/imports/warninglists", list, ""); status != http.StatusSeeOther {
		t.Fatalf("add: %d %s\n%s", status, to, body)
	}
	d.page("ana", "/imports/warninglists", "Our own", "Remove Our own")
	_, to, _ := d.upload("ana", "/imports", "www.ours.shop", "")
	d.page("ana", to, "On a warning list", "Our own")
	if status, _, body := d.upload("ana", "/imports/warninglists", "{}", ""); status != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) {
		t.Errorf("no list: %d", status)
	}
	if status, _, _ := d.send("ana", "/imports/warninglists/remove", url.Values{"name": {"Our own"}}); status != http.StatusSeeOther {
		t.Error("not removed")
	}
	if status, _, _ := d.send("ana", "/imports/warninglists/remove", url.Values{"name": {"Our own"}}); status != http.StatusNotFound {
		t.Error("removed twice")
	}
}

// TestTheFilesOfTheSharedDataComeInOverThePages takes one of each format from
// the upload to the report.
func TestTheFilesOfTheSharedDataComeInOverThePages(t *testing.T) {
	d := open(t)
	for file, kind := range map[string]string{
		"misp/akiva.json": "MISP event", "csv/jpcert-phishurl-202508.csv": "Table (CSV)", "ioc/amnesty-india-sha256.txt": "Text with indicators",
		"stix/pegasus.stix2.json": "STIX",
	} {
		path := filepath.Join("..", "..", "..", "..", "..", "shared", "data", file)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Skipf("SKIPPED, real data not tested: %v", err)
		}
		_, to, _ := d.upload("ana", "/imports", string(raw), "")
		d.page("ana", to, "Waits for you", fmt.Sprintf("selected>%s<", kind))
		if status, _, body := d.send("ana", to+"/confirm", url.Values{}); status != http.StatusSeeOther {
			t.Fatalf("%s: %d\n%s", file, status, body)
		}
		d.page("ana", to, "Imported", "Result")
	}
}
