// Package storetest is the contract both engines keep. Every test of the
// store's methods is a sub-test here and runs on SQLite always and on
// PostgreSQL when TWOSEAS_TEST_PG names a server.
package storetest

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx", to make and drop schemas

	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// Opener opens an empty store that is removed when the test ends.
type Opener func(t *testing.T, clk clock.Clock) *store.Store

// suite names every part of the contract.
var suite = map[string]func(t *testing.T, open Opener){
	"agreements":    testAgreements,
	"peers":         testPeers,
	"logs":          testLogs,
	"secrets":       testSecrets,
	"senders":       testSenders,
	"told":          testTold,
	"notices":       testNotices,
	"mails":         testMails,
	"calendars":     testCalendars,
	"accounts":      testAccounts,
	"organisations": testOrganisations,
	"persons":       testPersons,
	"sessions":      testSessions,
	"links":         testLinks,
	"factors":       testFactors,
	"logins":        testLogins,
	"rights":        testRights,
	"tokens":        testTokens,
	"collections":   testCollections,
	"matching":      testMatching,
	"members":       testMembers,
	"pages":         testPages,
	"statuses":      testStatuses,
	"labels":        testLabels,
	"levels":        testLevels,
	"objects":       testObjects,
	"observables":   testObservables,
	"bundles":       testBundles,
	"channels":      testChannels,
	"releases":      testReleases,
	"queue":         testQueue,
	"accompany":     testAccompany,
	"flow":          testFlow,
	"incidents":     testIncidents,
	"totals":        testTotals,
	"processes":     testProcesses,
	"care":          testCare,
	"shipments":     testShipments,
	"domains":       testDomains,
	"matches":       testMatches,
	"mentions":      testMentions,
	"stand-ins":     testStandIns,
	"kept":          testKept,
	"crossings":     testCrossings,
	"backup":        testBackup,
	"feeds":         testFeeds,
	"uploads":       testUploads,
	"audit":         testAudit,
	"idempotency":   testIdempotency,
	"turns":         testTurns,
	"moves":         testMoves,
	"erasures":      testErasures,
	"member lists":  testMemberLists,
	"onward":        testOnward,
	"contacts":      testContacts,
	"checks":        testContactChecks,
	"assistance":    testAssistance,
	"custody":       testCustody,
	"coordinations": testCoordinations,
}

// Run runs the whole contract on one engine.
func Run(t *testing.T, open Opener) {
	for name, test := range suite {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// Start is where fake clocks of the suite stand at first.
var Start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// SQLite opens a store in a new file.
func SQLite(t *testing.T, clk clock.Clock) *store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "twoseas.db")
	Migrated(t, path)
	return open(t, path, clk)
}

// Postgres opens a store in a new schema of the server that TWOSEAS_TEST_PG
// names.
func Postgres(t *testing.T, clk clock.Clock) *store.Store {
	t.Helper()
	return open(t, PostgresSource(t), clk)
}

// PostgresSource returns the URL of a new empty schema, dropped when the test
// ends. Without a server the test is skipped, except in CI, where it fails.
func PostgresSource(t *testing.T) string {
	t.Helper()
	server := os.Getenv("TWOSEAS_TEST_PG")
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("TWOSEAS_TEST_PG is not set: in CI the PostgreSQL half of the contract must run")
		}
		t.Skip("TWOSEAS_TEST_PG is not set: no PostgreSQL; use make test")
	}
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	schema := "t" + hex.EncodeToString(b[:])
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil { // t.Context is over
			t.Error(err)
		}
		admin.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func open(t *testing.T, source string, clk clock.Clock) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), source, clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Live returns the live handle of s.
func Live(t *testing.T, s *store.Store) *store.Handle { return Handle(t, s, ident.Live) }

// Handle returns the handle of domain d of s.
func Handle(t *testing.T, s *store.Store, d ident.Domain) *store.Handle {
	t.Helper()
	h, err := s.Domain(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
