package api_test

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/nodetest"
)

const red = "indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03"

// proved wants the proof of what crossed from both sides, though nothing was
// stored at the sender since: crossings are followed as shipments go.
func proved(t *testing.T, from, to *client) {
	t.Helper()
	to.role("reader", people.Analyst)
	for _, side := range []struct {
		c         *client
		as, where string
	}{{from, "analyst", "out"}, {to, "reader", "in"}} {
		crossings := "/api/v1/objects/" + red + "/crossings"
		nodetest.Eventually(t, "the object tells of its shipment", func() bool {
			_, body, _ := side.c.do(side.as, http.MethodGet, crossings, "")
			return strings.Contains(body, `"direction":"`+side.where+`"`)
		})
		proof := "/api/v1/objects/" + red + "/proof?agreement=in-jp-2022&direction=" + side.where + "&number="
		body := side.c.want(side.as, http.MethodGet, proof+"1", "", http.StatusOK, "secret.example", "twoseas/shipment/v1")
		sub, err := verify.ReadSubset(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sub.Verify(keysOf(t, side.c, side.as, "/api/v1/agreements/in-jp-2022/ledger")...); err != nil {
			t.Errorf("%s: %v", side.where, err)
		}
		side.c.want(side.as, http.MethodGet, proof+"2", "", http.StatusNotFound)
		side.c.want(side.as, http.MethodGet, proof+"1&version=2020-01-01T00:00:00Z", "", http.StatusNotFound)
		side.c.want(side.as, http.MethodGet, strings.Replace(proof, "in-jp-2022", "in-jp-2023", 1)+"1", "", http.StatusNotFound)
	}
}

// keysOf are the keys that verify a log, as the node hands them out.
func keysOf(t *testing.T, c *client, as, log string) (out []note.Verifier) {
	t.Helper()
	for line := range strings.Lines(c.want(as, http.MethodGet, log+"/keys", "", http.StatusOK)) {
		v, err := note.ParseVerifier(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// TestTheFilesOfALedgerVerify: every file of both kinds of log, read as
// twoseas-verify reads it; the home log only for who audits.
func TestTheFilesOfALedgerVerify(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	c := at(t, in)
	c.role("tara", people.Auditor)
	c.role("duty", people.DutyOfficer)
	for base, as := range map[string]string{"/api/v1/agreements/in-jp-2022/ledger": "duty", "/api/v1/home-ledger": "tara"} {
		keys := keysOf(t, c, as, base)
		c.want(as, http.MethodGet, base, "", http.StatusOK, `"origin":"twoseas/in/`)
		c.want(as, http.MethodGet, base+"/entries", "", http.StatusOK, `"entry":`)
		c.want(as, http.MethodGet, base+"/entries/0", "", http.StatusOK, `"proof":[`)
		e, err := verify.ReadEntry(strings.NewReader(c.want(as, http.MethodGet, base+"/entries/0/proof", "", http.StatusOK)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Verify(keys...); err != nil {
			t.Errorf("%s: %v", base, err)
		}
		size := regexp.MustCompile(`\n(\d+)\n`).FindStringSubmatch(c.want(as, http.MethodGet, base+"/checkpoint", "", http.StatusOK))
		if size == nil {
			t.Fatalf("%s: no checkpoint", base)
		}
		c.want(as, http.MethodGet, base+"/since/0", "", http.StatusOK, "old 0")
		c.want(as, http.MethodGet, base+"/since/99999", "", http.StatusConflict)
		c.want(as, http.MethodGet, base+"/growth", "", http.StatusUnprocessableEntity)
		g, err := verify.ReadGrowth(strings.NewReader(c.want(as, http.MethodGet, base+"/growth?from="+size[1], "", http.StatusOK)))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := g.Verify(keys...); err != nil {
			t.Errorf("%s: %v", base, err)
		}
		c.want(as, http.MethodGet, base+"/entries/99999/proof", "", http.StatusNotFound)
	}
	for _, path := range []string{"/home-ledger/entries", "/home-ledger/checkpoint", "/home-ledger/growth?from=1"} {
		c.want("duty", http.MethodGet, "/api/v1"+path, "", http.StatusForbidden)
	}
	for _, path := range []string{"", "/entries", "/entries/0/proof", "/checkpoint", "/keys", "/since/0", "/growth?from=1", "/export"} {
		c.want("tara", http.MethodGet, "/api/v1/agreements/home/ledger"+path, "", http.StatusNotFound)
	}
	c.want("tara", http.MethodGet, "/api/v1/audit?what=read+the+audit+log", "", http.StatusOK, `"act":"read the audit log"`)
}

func TestAVersionIsHandedOutAsFiles(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	c := at(t, in)
	c.role("any", people.Member)
	base := "/api/v1/agreements/in-jp-2022/versions/1"
	c.want("any", http.MethodGet, base+"/source.yaml", "", http.StatusOK, "agreement: in-jp-2022")
	sum := ident.Sum([]byte(c.want("any", http.MethodGet, base+"/canonical.json", "", http.StatusOK)))
	for _, side := range []string{"in", "jp"} {
		c.want("any", http.MethodGet, base+"/"+side+".note.txt", "", http.StatusOK, "twoseas/agreement/v1", "hash "+sum.String(), "— "+side+" ")
	}
	for _, name := range []string{"kr.note.txt", "in", "nothing", "..%2Fsource.yaml"} {
		c.want("any", http.MethodGet, base+"/"+name, "", http.StatusNotFound)
	}
	c.want("any", http.MethodGet, "/api/v1/agreements/in-jp-2022/versions/9/source.yaml", "", http.StatusNotFound)
}

func TestASearchIsExportedAsATable(t *testing.T) {
	c := start(t)
	c.node.Import(marking.Clear, two)
	if err := c.node.Library.CatchUp(t.Context(), c.node.Live); err != nil {
		t.Fatal(err)
	}
	table := func(body string) [][]string {
		t.Helper()
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil || len(rows) == 0 || rows[0][0] != "id" {
			t.Fatalf("%v: %s", err, body)
		}
		return rows[1:]
	}
	for as, want := range map[string]int{low: 1, high: 2} {
		if rows := table(c.want(as, http.MethodGet, "/api/v1/export?format=csv", "", http.StatusOK)); len(rows) != want {
			t.Errorf("%s: %v", as, rows)
		}
		rows := table(c.want(as, http.MethodPost, "/api/v1/export?format=csv", `{"objects":["`+open+`","`+red+`"]}`, http.StatusOK))
		if len(rows) != want || rows[0][0] != open || rows[0][3] != "clear" {
			t.Errorf("%s: %v", as, rows)
		}
	}
	if rows := table(c.want(low, http.MethodGet, "/api/v1/export?format=csv&text=secret.example", "", http.StatusOK)); len(rows) != 0 {
		t.Errorf("%v", rows)
	}
	c.want(low, http.MethodGet, "/api/v1/export?format=xlsx", "", http.StatusUnprocessableEntity)
}

// TestAPersonChangesTheOwnPassword: and signs out everywhere, over the
// interface.
func TestAPersonChangesTheOwnPassword(t *testing.T) {
	c := start(t)
	c.want(low, http.MethodDelete, "/api/v1/sessions", "", http.StatusOK, `"ended":0`)
	c.want(low, http.MethodDelete, "/api/v1/sessions?account="+high, "", http.StatusForbidden)
	c.want(desk, http.MethodDelete, "/api/v1/sessions?account="+high, "", http.StatusOK)
	c.want(desk, http.MethodDelete, "/api/v1/sessions?account=nobody-here", "", http.StatusNotFound)
	c.want(low, http.MethodPut, "/api/v1/me/password", `{"old":"wrong","new":"another long password"}`, http.StatusForbidden)
	c.want(low, http.MethodPut, "/api/v1/me/password", `{"old":"`+pass+`","new":"short"}`, http.StatusUnprocessableEntity)
	c.want(low, http.MethodPut, "/api/v1/me/password", `{"old":"`+pass+`","new":"another long password"}`, http.StatusNoContent)
	c.want(low, http.MethodGet, "/api/v1/me", "", http.StatusUnauthorized)
}
