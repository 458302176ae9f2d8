package people_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
)

func TestWaitsGrowAndEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(0, 1<<40)
		remote, pair, account := count.Draw(t, "remote"), count.Draw(t, "pair"), count.Draw(t, "account")
		age := time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "age"))
		w := people.Wait(remote, pair, account, age)
		if w < 0 || w > 15*time.Minute {
			t.Fatalf("a wait of %s", w)
		}
		if age >= 15*time.Minute && w != 0 {
			t.Fatalf("after %s there is still a wait of %s", age, w)
		}
		if pair == 0 && remote < 20 && w != 0 {
			t.Fatalf("an address that failed on nothing waits %s for the failures of others", w)
		}
		more := people.Wait(remote+1, pair+1, account+1, age)
		if more < w {
			t.Fatalf("one more failure makes the wait shorter: %s, %s", w, more)
		}
		if back := people.Wait(remote, pair, account, -age); back > 15*time.Minute {
			t.Fatalf("a clock set back by %s makes a wait of %s", age, back)
		}
	})
	if people.Wait(0, 4, 0, 0) != 0 || people.Wait(0, 5, 0, 0) != time.Second || people.Wait(0, 8, 0, 0) != 8*time.Second {
		t.Error("waits do not begin at a second after five failures and double")
	}
}

// try logs in and reports whether the password was looked at.
func (n *node) try(name, pw, remote string) bool {
	n.t.Helper()
	err := n.login(name, pw, remote)
	if err != nil && !fault.Is(err, fault.Denied) && !fault.Is(err, fault.Busy) {
		n.t.Fatal(err)
	}
	return !fault.Is(err, fault.Busy)
}

func TestFailuresSlowOneAddressDownAndNobodyElse(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	n.add("b", people.Member)
	for i := range 5 {
		if !n.try("a", other, here) {
			t.Fatalf("failure %d of five free ones was not looked at", i+1)
		}
	}
	err := n.login("a", password, here)
	want(t, err, fault.Busy, "the right password in the wait")
	soon, ok := errors.AsType[*people.TooSoon](err)
	if !ok || soon.Wait != time.Second || !strings.Contains(fault.Message(err), "try again in 1s") {
		t.Errorf("the wait is not told: %v", err)
	}
	must(t, n.login("a", password, there), "the right password from elsewhere")
	must(t, n.login("b", password, here), "another account from the same address")
	if n.twin().try("a", password, here) {
		t.Error("another process does not share the count")
	}
	n.clk.Advance(time.Second)
	if !n.try("a", other, here) {
		t.Error("the wait does not end")
	}
	if n.clk.Advance(time.Second); n.try("a", other, here) {
		t.Error("the second wait is not longer")
	}
	n.clk.Advance(time.Second)
	must(t, n.login("a", password, here), "the right password after the wait")
	for i := range 5 {
		if !n.try("a", other, here) {
			t.Fatalf("after a success failure %d is not free again", i+1)
		}
	}
}

func TestAnAddressThatTriesManyAccountsWaits(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	for i := range 20 { // one address of the /64 each
		n.try(fmt.Sprintf("guess-%d", i), other, fmt.Sprintf("2001:db8::%x", i+1))
	}
	if n.try("a", password, "2001:db8::ffff") {
		t.Error("the next address of the same /64 does not wait")
	}
	if !n.try("a", password, "2001:db8:0:1::1") {
		t.Error("another /64 waits")
	}
	if a, b := people.RemoteSubject("a", "::ffff:192.0.2.1"), people.RemoteSubject("a", "192.0.2.1"); a != b {
		t.Errorf("%s and %s are one address", a, b)
	}
}

func TestACrowdDoesNotLockAPersonOut(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	for i := range 51 {
		n.try("a", other, fmt.Sprintf("10.0.0.%d", i))
	}
	must(t, n.login("a", password, here), "a person logs in during the attack")
	if n.try("a", other, "10.0.0.7") {
		t.Error("an address of the crowd has a second guess at once")
	}
	n.clk.Advance(time.Minute)
	if !n.try("a", other, "10.0.0.7") {
		t.Error("it waits longer than a minute")
	}
}

func TestManyGuessesAtOnceAreNoMoreThanOneAfterAnother(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	var looked atomic.Int64
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if n.try("a", other, here) {
				looked.Add(1)
			}
		})
	}
	wg.Wait()
	if looked.Load() != 5 {
		t.Errorf("%d guesses were looked at, want five", looked.Load())
	}
}
