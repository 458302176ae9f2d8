package taxii

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// query is what the parameters of a request ask for (TAXII 2.1 §3.4).
type query struct {
	after      int64 // added_after, microseconds; before all when absent
	limit      int   // 0 when absent
	next       string
	ids, types []string
	versions   store.Versions
	// nothing is set when only specification versions are asked for that are
	// not served: what is stored is 2.1, whatever came in.
	nothing bool
	// paged and selected say that added_after, limit or next, and match
	// fields other than version and spec_version, were there.
	paged, selected bool
}

// maxValues bounds the values of one match field.
const maxValues = 1000

// maxLimit is the largest number that TAXII 2.1 §2 knows.
const maxLimit = 1<<53 - 1

// parseQuery reads the parameters. What is malformed is fault.Invalid, which
// the standard wants answered with 400; parameters that it does not define
// are ignored.
func parseQuery(raw string) (query, error) {
	q := query{after: math.MinInt64}
	if raw == "" {
		return q, nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, fault.New(fault.Invalid, "the query is not well formed")
	}
	for name, read := range parameters {
		v, ok := values[name]
		if !ok {
			continue
		}
		if len(v) > 1 {
			return q, fault.Errorf(fault.Invalid, "%s is there more than once", name)
		}
		if err := read(&q, v[0]); err != nil {
			return q, fault.Errorf(fault.Invalid, "%s: %w", name, err)
		}
	}
	return q, nil
}

// parameters is what the standard defines.
var parameters = map[string]func(*query, string) error{
	"added_after":         (*query).addedAfter,
	"limit":               (*query).readLimit,
	"next":                (*query).readNext,
	"match[id]":           (*query).matchID,
	"match[type]":         (*query).matchType,
	"match[version]":      (*query).matchVersion,
	"match[spec_version]": (*query).matchSpec,
}

func (q *query) addedAfter(s string) error {
	q.paged = true
	t, err := parseTime(s)
	q.after = t
	return err
}

func (q *query) readLimit(s string) error {
	q.paged = true
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 || n > maxLimit {
		return fault.New(fault.Invalid, "want a whole number above zero")
	}
	q.limit = int(min(n, math.MaxInt32))
	return nil
}

func (q *query) readNext(s string) error {
	q.paged = true
	if s == "" {
		return errNext
	}
	q.next = s
	return nil
}

func (q *query) matchID(s string) (err error) {
	q.selected = true
	q.ids, err = list(s)
	return err
}

func (q *query) matchType(s string) (err error) {
	q.selected = true
	q.types, err = list(s)
	return err
}

func (q *query) matchSpec(s string) error {
	values, err := list(s)
	if err != nil {
		return err
	}
	for _, v := range values {
		major, minor, ok := strings.Cut(v, ".")
		_, errMajor := strconv.ParseUint(major, 10, 16)
		_, errMinor := strconv.ParseUint(minor, 10, 16)
		if !ok || errMajor != nil || errMinor != nil {
			return fault.New(fault.Invalid, "want versions such as 2.1")
		}
	}
	q.nothing = !slices.Contains(values, version)
	return nil
}

// matchVersion reads all, first, last and times; none may be there twice, and
// all stands alone.
func (q *query) matchVersion(s string) error {
	values, err := list(s)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, v := range values {
		if seen[v] || v == "all" && len(values) > 1 {
			return fault.New(fault.Invalid, "want no value twice, and all by itself")
		}
		seen[v] = true
		switch v {
		case "all":
			q.versions.All = true
		case "first":
			q.versions.First = true
		case "last":
			q.versions.Last = true
		default:
			t, err := parseTime(v)
			if err != nil {
				return err
			}
			q.versions.At = append(q.versions.At, t)
		}
	}
	return nil
}

// list reads values separated by commas, without spaces.
func list(s string) ([]string, error) {
	if strings.Count(s, ",") >= maxValues {
		return nil, fault.Errorf(fault.Invalid, "more than %d values", maxValues)
	}
	values := strings.Split(s, ",")
	if i := slices.IndexFunc(values, func(v string) bool { return !plain(v) }); i >= 0 {
		return nil, fault.New(fault.Invalid, "want values separated by commas, without spaces")
	}
	return values, nil
}

var errTime = fault.New(fault.Invalid, "want a time in UTC such as 2026-11-22T09:00:00.000000Z")

// parseTime reads an RFC 3339 time in UTC, with any fraction of a second or
// none, and returns it in microseconds, rounded down.
func parseTime(s string) (int64, error) {
	const shape = "dddd-dd-ddTdd:dd:dd"
	if len(s) <= len(shape) || len(s) > 40 || s[len(s)-1] != 'Z' {
		return 0, errTime
	}
	for i := range shape {
		if digit := s[i] >= '0' && s[i] <= '9'; digit != (shape[i] == 'd') || !digit && s[i] != shape[i] {
			return 0, errTime
		}
	}
	fraction := s[len(shape) : len(s)-1]
	if fraction != "" && (fraction[0] != '.' || len(fraction) == 1 || strings.Trim(fraction[1:], "0123456789") != "") {
		return 0, errTime
	}
	t, err := time.Parse(time.RFC3339, s[:min(len(s)-1, len(shape)+len(".123456"))]+"Z")
	if err != nil {
		return 0, errTime
	}
	return t.UnixMicro(), nil
}

var errNext = fault.New(fault.Invalid, "next: want the value that the page before gave, with the same filters")

// cursor says where a page ends, as next tells it to the client: the
// date-added of its last object, and a digest that binds it to the query. It
// gives no access: what it leads to is asked for like anything else.
func cursor(binding []byte, added int64) string {
	var b [8 + 12]byte
	binary.BigEndian.PutUint64(b[:8], uint64(added)) //nolint:gosec // and back again
	h := sha256.New()
	h.Write(b[:8])
	h.Write(binding)
	var sum [sha256.Size]byte
	copy(b[8:], h.Sum(sum[:0]))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// readCursor returns the date-added of a cursor that was given out for the
// same query.
func readCursor(binding []byte, s string) (int64, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 8+12 {
		return 0, errNext
	}
	added := int64(binary.BigEndian.Uint64(b)) //nolint:gosec // see cursor
	if cursor(binding, added) != s {
		return 0, errNext
	}
	return added, nil
}

// binding writes what a cursor is good for: an endpoint and its filters.
// added_after is not among them. It can only move the page further on, and
// there are clients that move it along while they follow next.
func (q *query) binding(endpoint, collection, object string) []byte {
	b := make([]byte, 0, 160)
	for _, part := range []string{"twoseas taxii next v1", endpoint, collection, object} {
		b = append(append(b, part...), 0)
	}
	for _, values := range [][]string{q.ids, q.types} {
		sorted := slices.Sorted(slices.Values(values))
		for _, v := range slices.Compact(sorted) {
			b = append(append(b, v...), 0)
		}
		b = append(b, 0)
	}
	for _, flag := range []bool{q.versions.All, q.versions.First, q.versions.Last} {
		b = strconv.AppendBool(b, flag)
	}
	for _, at := range slices.Sorted(slices.Values(q.versions.At)) {
		b = append(strconv.AppendInt(b, at, 10), 0)
	}
	return b
}
