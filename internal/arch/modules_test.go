package arch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// linked lists who may import which module of somebody else. A dependency is
// a person we must trust: a new line needs its reason in docs/adr.
var linked = map[string][]string{
	"filippo.io/age":                      {"internal/act/exchange", "internal/act/keys", "internal/act/offline", "internal/act/backup", "internal/cli"}, // offline bundles, backups
	"github.com/cloudflare/circl":         {"internal/act/matching"},                                                                                     // RFC 9497
	"github.com/wneessen/go-mail":         {"internal/edge/mail"},
	"github.com/ProtonMail/gopenpgp/v3":   {"internal/edge/mail"},
	"github.com/arran4/golang-ical":       {"internal/edge/ical"},
	"github.com/alecthomas/kong":          {"internal/cli"},
	"github.com/danielgtaylor/huma/v2":    {"internal/edge/api"},
	"github.com/go-json-experiment/json":  {"internal/base/canon"},                           // untagged: one importer
	"github.com/jackc/pgx/v5":             {"internal/store/db", "internal/store/storetest"}, // two engines, one door; the suite makes and drops schemas
	"modernc.org/sqlite":                  {"internal/store/db"},
	"github.com/oapi-codegen/runtime":     {"client"}, // what the generated client is written with
	"github.com/pressly/goose/v3":         {"internal/store/db"},
	"github.com/klauspost/compress":       {"internal/act/exchange", "internal/act/offline", "internal/act/onward", "internal/edge/taxii", "internal/edge/misp", "internal/node"}, // zstd on the wire and in backups, gzip for clients
	"github.com/mattn/go-isatty":          {"internal/cli"},
	"github.com/prometheus/client_golang": {"internal/node", "internal/edge"},
	"github.com/a-h/templ":                {"internal/edge/web", "internal/edge/api"}, // pages
	"github.com/coreos/go-oidc/v3":        {"internal/edge/auth"},
	"github.com/go-webauthn/webauthn":     {"internal/edge/auth"},
	"github.com/pquerna/otp":              {"internal/act/session", "internal/edge"},
	"golang.org/x/oauth2":                 {"internal/edge/auth"},
	"go.yaml.in/yaml/v3":                  {"client", "internal/law/agreement", "internal/node", "internal/cli"},
	"golang.org/x/crypto":                 {"internal/act/people", "internal/act/keys", "internal/edge/auth", "internal/edge/peer"},
	"golang.org/x/mod":                    {"internal/law", "internal/store", "internal/act/ledger", "cmd/twoseas-verify"},
	"golang.org/x/sync":                   {"internal/act", "internal/edge", "internal/node", "internal/cli"},
	"golang.org/x/sys":                    {"internal/node", "internal/cli"},
	"golang.org/x/term":                   {"internal/cli"},
	"golang.org/x/text":                   {"internal/base", "internal/act/people", "internal/format", "internal/law", "internal/edge", "internal/cli"},
	"golang.org/x/time":                   {"internal/edge"},
}

// tested lists the modules that tests, and packages that exist for tests, may
// import besides what their package may.
var tested = []string{
	"github.com/chromedp/chromedp", // a real browser
	"github.com/chromedp/cdproto",
	"github.com/emersion/go-ical", // a second reader of calendars
	"github.com/emersion/go-sasl", // a mail server and what it asks for
	"github.com/emersion/go-smtp",
	"github.com/google/go-cmp",
	"github.com/rogpeppe/go-internal",
	"github.com/santhosh-tekuri/jsonschema/v6", // the OASIS schemas as a second opinion
	"pgregory.net/rapid",
}

// moduleOf returns the module that holds an import path which is not in the
// graph (imports of tests are not), as far as the tables know it.
func moduleOf(path string) string {
	for m := range linked {
		if within(path, m) {
			return m
		}
	}
	for _, m := range tested {
		if within(path, m) {
			return m
		}
	}
	return path
}

func mayLink(from, module string) bool {
	return within(strings.TrimPrefix(from, "twoseas/"), linked[module]...)
}

// moduleFaults checks every import of somebody else's module.
func moduleFaults(g graph) []string {
	var faults []string
	for _, from := range g.ours() {
		for _, to := range g[from].imports {
			p := g[to]
			if p.std() || p.ours() || mayLink(from, p.module) || forTests(from) && slices.Contains(tested, p.module) {
				continue
			}
			faults = append(faults, fmt.Sprintf("%s -> %s: the table in modules_test.go does not allow it", from, to))
		}
		for _, to := range g[from].testImports {
			first, _, _ := strings.Cut(to, "/")
			if !strings.Contains(first, ".") { // the standard library and ours
				continue
			}
			if m := moduleOf(to); !mayLink(from, m) && !slices.Contains(tested, m) {
				faults = append(faults, fmt.Sprintf("tests of %s -> %s: the table in modules_test.go does not allow it", from, to))
			}
		}
	}
	return faults
}

// auditFaults returns, for each package the auditor's tool links that is
// neither ours, nor the standard library, nor x/mod, the chain to it.
func auditFaults(g graph) []string {
	var faults []string
	for _, from := range evidence {
		c := g.chain(from, func(path string) bool {
			p := g[path]
			return !p.std() && !p.ours() && p.module != "golang.org/x/mod"
		})
		if c != nil {
			faults = append(faults, strings.Join(c, " -> "))
		}
	}
	return faults
}

func TestModulesAreImportedWhereTheTableSays(t *testing.T) {
	for _, fault := range moduleFaults(tree(t)) {
		t.Error(fault)
	}
}

func TestTheAuditorsToolLinksTheStandardLibraryAndXModOnly(t *testing.T) {
	for _, chain := range auditFaults(tree(t)) {
		t.Error(chain)
	}
}

func TestModuleRulesAreHeld(t *testing.T) {
	g := graph{
		"twoseas/internal/store/db":        {module: module, imports: []string{"modernc.org/sqlite"}, testImports: []string{"github.com/google/go-cmp/cmp", "testing"}},
		"twoseas/internal/store":           {module: module, imports: []string{"modernc.org/sqlite"}, testImports: []string{"modernc.org/sqlite/lib"}},
		"twoseas/internal/store/storetest": {module: module, imports: []string{"github.com/google/go-cmp/cmp", "example.org/new"}},
		"twoseas/internal/law/note":        {module: module, imports: []string{"golang.org/x/mod/sumdb/note", "twoseas/internal/base/ident"}},
		"twoseas/internal/base/ident":      {module: module, imports: []string{"golang.org/x/text/cases"}},
		"twoseas/internal/act/x":           {module: module, imports: []string{"github.com/google/go-cmp/cmp"}},
		"modernc.org/sqlite":               {module: "modernc.org/sqlite"},
		"github.com/google/go-cmp/cmp":     {module: "github.com/google/go-cmp"},
		"example.org/new":                  {module: "example.org/new"},
		"golang.org/x/mod/sumdb/note":      {module: "golang.org/x/mod"},
		"golang.org/x/text/cases":          {module: "golang.org/x/text"},
		"testing":                          {},
	}
	suffix := ": the table in modules_test.go does not allow it"
	want := []string{
		"twoseas/internal/act/x -> github.com/google/go-cmp/cmp" + suffix,
		"twoseas/internal/store -> modernc.org/sqlite" + suffix,
		"tests of twoseas/internal/store -> modernc.org/sqlite/lib" + suffix,
		"twoseas/internal/store/storetest -> example.org/new" + suffix,
	}
	if got := moduleFaults(g); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	want = []string{
		"twoseas/internal/base/ident -> golang.org/x/text/cases",
		"twoseas/internal/law/note -> twoseas/internal/base/ident -> golang.org/x/text/cases",
	}
	if got := auditFaults(g); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
