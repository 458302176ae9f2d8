package storetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
	"twoseas/internal/store/db"
)

// nodeWide are the methods whose answers belong to the node and not to a
// domain, and those that speak SQL themselves. Whoever adds a method to
// store.Tx need not name it anywhere: it is called here with all the others,
// and must keep to its domain.
var nodeWide = map[string]bool{
	"Account": true, "Accounts": true, "AddAccount": true, "UpdateAccount": true,
	"Token": true, "Tokens": true, "AddToken": true, "RemoveToken": true,
	"LoginFailures": true, "CountLogin": true, "ForgiveLogin": true, "ForgetLogins": true,
	"Organisation": true, "Organisations": true, "AddOrganisation": true, "UpdateOrganisation": true, "AccountOf": true,
	"People": true, "Person": true, "SetPerson": true, "Invited": true, "Identify": true, "Identified": true, "ForgetIdentities": true,
	"AddSession": true, "Session": true, "Sessions": true, "SeeSession": true, "RaiseSession": true,
	"EndSession": true, "EndSessions": true, "EndSessionsOf": true, "PurgeSessions": true,
	"AddPasskey": true, "Passkey": true, "Passkeys": true, "UsePasskey": true, "RemovePasskey": true,
	"TOTP": true, "SetTOTP": true, "RemoveTOTP": true, "SetRecovery": true, "TakeRecovery": true, "RecoveryLeft": true,
	"AddMeeting": true, "MeetingOf": true, "Meetings": true, "EndMeeting": true, "PurgeMeetings": true,
	"AddBackup": true, "BackupsMade": true, "BackupGone": true,
	"SetLink": true, "LinkOf": true, "DropLinks": true, "AddCeremony": true, "TakeCeremony": true,
	"Tend": true, "Renew": true, "SeeProcess": true, "EndProcess": true, "Processes": true,
	"Peer": true, "Peers": true, "PeerByPin": true, "SavePeer": true, "RemovePeer": true,
	"Invitation": true, "SaveInvitation": true, "DropInvitations": true,
	"Setting": true, "SetSetting": true,
	"NoticeWish": true, "SaveNoticeWish": true, "NoticeKey": true, "SaveNoticeKey": true, "RemoveNoticeKey": true, // a person's, whatever the domain
	"CalendarAddress": true, "CalendarAddressOf": true, "SetCalendarAddress": true,
	"AddWarningList": true, "WarningLists": true, "WarningList": true, "RemoveWarningList": true,

	"AnyInt": true, "AnyText": true, "Context": true, "Domain": true, "Each": true, "Engine": true, "Exec": true,
	"Get": true, "Insert": true, "Ints": true, "Notify": true, "Now": true, "Texts": true,
}

// primitive methods are given SQL or do not speak to the store at all.
var primitive = []string{"AnyInt", "AnyText", "Context", "Domain", "Each", "Engine", "Exec", "Get", "Insert", "Ints", "Notify", "Now", "Texts"}

// testDomains is invariant 7 as a property: whatever is called in one domain,
// with whatever numbers and names, every answer in every other domain stays
// what it was.
func testDomains(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	m := &monkey{rng: rand.New(rand.NewPCG(1, 7)), writes: map[string]bool{}}
	all := []*store.Handle{Handle(t, s, must(ident.Exercise("x"))), Live(t, s), Handle(t, s, must(ident.Exercise("y")))}
	var last []map[string]string
	for _, h := range all {
		last = append(last, m.answers(t, h))
	}
	empty := last[0]
	told := map[string]bool{}
	silent := func() (names []string) {
		for _, name := range slices.Sorted(maps.Keys(empty)) {
			if !told[name] && !m.writes[name] {
				names = append(names, name)
			}
		}
		return names
	}
	// The answers that stayed the same must have been able to change: what
	// chance has not reached after seven rounds gets some more.
	for round := 0; round < 7 || round < 25 && len(silent()) > 0; round++ {
		i := round % len(all) // at first the exercise alone has anything
		if round < len(all) {
			begin(t, all[i])
			for name, text := range m.answers(t, all[i]) { // chance may undo what began
				told[name] = told[name] || text != empty[name]
			}
		}
		called := m.act(t, all[i], 5000)
		for j, h := range all {
			now := m.answers(t, h)
			for name := range now {
				told[name] = told[name] || now[name] != empty[name]
				if j != i && now[name] != last[j][name] && !m.writes[name] {
					t.Errorf("after %s in %s, %s answers in %s:\n%s\nand before:\n%s",
						strings.Join(called, ", "), all[i].Domain(), name, h.Domain(), now[name], last[j][name])
				}
			}
			last[j] = now
		}
		if t.Failed() {
			return
		}
	}
	for _, name := range silent() {
		t.Errorf("%s never told anything: the test does not reach it", name)
	}
}

func must(d ident.Domain, err error) ident.Domain {
	if err != nil {
		panic(err)
	}
	return d
}

// monkey calls every method of a transaction with arguments that it makes up
// from a few values, so that they often meet.
type monkey struct {
	rng    *rand.Rand
	writes map[string]bool // methods that were seen to write
}

// act calls n methods, each in a write transaction, and returns their names.
// Most succeed; that some do not is part of it.
func (m *monkey) act(t *testing.T, h *store.Handle, n int) (called []string) {
	t.Helper()
	for range n {
		err := h.Write(t.Context(), func(tx *store.Tx) error {
			v := reflect.ValueOf(tx)
			i := m.rng.IntN(v.NumMethod())
			name := v.Type().Method(i).Name
			rare := name == "EraseObject" || strings.HasPrefix(name, "Remove")
			if slices.Contains(primitive, name) || (rare || !m.writes[name]) && m.rng.IntN(4) > 0 {
				return nil
			}
			called = append(called, name)
			_, err := m.call(v.Method(i))
			return err
		})
		if err != nil && t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
	return called
}

// answers calls every method that belongs to a domain a few times, always
// with the same arguments, where nothing can be written: what tries to is no
// answer.
func (m *monkey) answers(t *testing.T, h *store.Handle) map[string]string {
	t.Helper()
	out := map[string]string{}
	methods := reflect.TypeFor[*store.Tx]()
	if err := h.Query(t.Context(), func(tx *store.Tx) error {
		for i := range methods.NumMethod() {
			name := methods.Method(i).Name
			fixed := &monkey{rng: rand.New(rand.NewPCG(1, 2))}
			for n := 0; n < 120 && !nodeWide[name] && !m.writes[name]; n++ {
				answer, err := fixed.call(reflect.ValueOf(tx).Method(i))
				out[name] += answer + "\n"
				m.writes[name] = err != nil && fault.KindOf(err) == fault.Internal
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// call calls f and returns what it answered, and told its callbacks, as text.
func (m *monkey) call(f reflect.Value) (string, error) {
	var told []string
	args := make([]reflect.Value, f.Type().NumIn())
	for i := range args {
		args[i] = m.value(f.Type().In(i), &told)
	}
	var err error
	for _, r := range f.Call(args) {
		if e, ok := r.Interface().(error); ok {
			err = e
			continue
		}
		if r.Kind() == reflect.Slice && r.Type().Elem().Kind() != reflect.Uint8 {
			for i := range r.Len() {
				told = append(told, fmt.Sprintf("%+v", r.Index(i).Interface()))
			}
			continue
		}
		told = append(told, fmt.Sprintf("%+v", r.Interface()))
	}
	slices.Sort(told) // not every method promises an order, and PostgreSQL changes its mind
	if err != nil {
		told = append(told, fault.KindOf(err).String())
	}
	return strings.Join(told, " "), err
}

var (
	someTexts  = []string{"in", "in", "in", "jp", "out", "out", "x--1", "waiting", "leaf"}
	someSums   = []ident.Digest{ident.Sum(), ident.Sum(), ident.Sum([]byte("1")), {}}
	someSought = []store.Sought{
		everything,
		{Class: store.AllLabels, Order: store.Created, Limit: 2, CountTo: 1, Groups: []store.Group{{Terms: []int64{1}, Labels: []int64{2}}}},
		{Class: 1, Order: store.Modified, Limit: 5, Spans: []store.Span{{Name: store.Created, To: 1}}},
	}
	someBytes = [][]byte{nil, {}, {0}, {1}, make([]byte, 16), []byte("in"), []byte("in")}
)

func one[T any](m *monkey, of []T) T { return of[m.rng.IntN(len(of))] }

// value makes up a value of a type.
func (m *monkey) value(typ reflect.Type, told *[]string) reflect.Value {
	v := reflect.New(typ).Elem()
	switch typ {
	case reflect.TypeFor[ident.Digest]():
		return reflect.ValueOf(one(m, someSums))
	case reflect.TypeFor[ident.Side]():
		return reflect.ValueOf(one(m, []ident.Side{"in", "jp"}))
	case reflect.TypeFor[ident.Agreement]():
		return reflect.ValueOf(one(m, []ident.Agreement{memorandum, memorandum, "in"}))
	case reflect.TypeFor[store.Sought]():
		return reflect.ValueOf(one(m, someSought))
	case reflect.TypeFor[store.PageQuery]():
		return reflect.ValueOf(store.PageQuery{
			Collection: int64(m.rng.IntN(4)), Class: int64(m.rng.IntN(10)), Limit: 1 + m.rng.IntN(4), Bodies: m.rng.IntN(2) == 0, Labelled: m.rng.IntN(2) == 0,
		})
	case reflect.TypeFor[store.HeldQuery]():
		return reflect.ValueOf(store.HeldQuery{
			Channel: int64(m.rng.IntN(4)), State: store.HoldWaiting, Labels: []int64{1, 2, 3, 4, 5, 6}, Class: store.AllLabels, Limit: 1 + m.rng.IntN(4),
		})
	case reflect.TypeFor[store.AssistanceQuery]():
		return reflect.ValueOf(store.AssistanceQuery{Open: m.rng.IntN(4) > 0, Technical: true, Police: true, Limit: 1 + m.rng.Int64N(4)})
	case reflect.TypeFor[[]byte]():
		return reflect.ValueOf(slices.Clone(one(m, someBytes)))
	}
	switch typ.Kind() {
	case reflect.Int, reflect.Int64, reflect.Uint8:
		n := m.rng.IntN(4)
		if m.rng.IntN(5) == 0 {
			n = m.rng.IntN(14)
		}
		if m.rng.IntN(30) == 0 && typ.Kind() == reflect.Int64 {
			n = 1 << 52 // later than any time
		}
		if typ.Kind() == reflect.Uint8 {
			v.SetUint(uint64(n))
		} else {
			v.SetInt(int64(n) - int64(m.rng.IntN(30)/29)) // -1 now and then
		}
	case reflect.String:
		v.SetString(one(m, someTexts))
	case reflect.Bool:
		v.SetBool(m.rng.IntN(2) == 0)
	case reflect.Struct:
		for i := range typ.NumField() {
			v.Field(i).Set(m.value(typ.Field(i).Type, told))
		}
	case reflect.Pointer:
		v.Set(reflect.New(typ.Elem()))
		v.Elem().Set(m.value(typ.Elem(), told))
	case reflect.Slice:
		for range m.rng.IntN(4) {
			v = reflect.Append(v, m.value(typ.Elem(), told))
		}
		if hash := store.IDHash("x--begin"); typ.Elem().Kind() == reflect.Int64 && m.rng.IntN(4) == 0 {
			v = reflect.Append(v, reflect.ValueOf(hash))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(typ))
		for range m.rng.IntN(4) {
			v.SetMapIndex(m.value(typ.Key(), told), m.value(typ.Elem(), told))
		}
	case reflect.Array:
		for i := range typ.Len() {
			v.Index(i).Set(m.value(typ.Elem(), told))
		}
	case reflect.Func:
		return reflect.MakeFunc(typ, func(args []reflect.Value) []reflect.Value {
			for _, a := range args {
				*told = append(*told, fmt.Sprintf("%+v", a.Interface()))
			}
			if typ.NumOut() == 0 {
				return nil
			}
			out := reflect.Zero(typ.Out(0)) // no error
			if typ.Out(0).Kind() == reflect.Bool {
				out = reflect.ValueOf(m.rng.IntN(4) > 0)
			}
			return []reflect.Value{out}
		})
	default:
		panic("no idea what a " + typ.String() + " looks like")
	}
	return v
}

// fill writes until every table of the store has rows.
func fill(t *testing.T, s *store.Store) {
	t.Helper()
	m := &monkey{rng: rand.New(rand.NewPCG(11, 3)), writes: map[string]bool{}}
	live, play := Live(t, s), Handle(t, s, must(ident.Exercise("x")))
	m.answers(t, live)
	begin(t, live)
	begin(t, play)
	var empty []string
	for range 200 {
		m.act(t, live, 30)
		m.act(t, play, 30)
		if empty = emptyTables(t, s); len(empty) == 0 {
			return
		}
	}
	t.Fatalf("nothing was ever written to %v", empty)
}

func emptyTables(t *testing.T, s *store.Store) (out []string) {
	t.Helper()
	if err := s.DB.Query(t.Context(), func(tx *db.Tx) error {
		for _, name := range tableNames(t) {
			var n int64
			if _, err := tx.Get([]any{&n}, "SELECT COUNT(*) FROM "+name); err != nil {
				return errors.Join(errors.New(name), err)
			}
			if n == 0 {
				out = append(out, name)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}
