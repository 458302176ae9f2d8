package people_test

import (
	"slices"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// TestFailuresToGetInAreTold: with the account that was meant, never with what
// was typed where there is none such: people type passwords there.
func TestFailuresToGetInAreTold(t *testing.T) {
	n := open(t)
	var told []string
	n.SetTurned(func(account, way, address string) { told = append(told, account+"/"+way+"/"+address) })
	n.add("asha", people.Member)
	must(t, n.login("asha", password, here), "log in")
	want(t, n.login("Asha", "wrong one here", here), fault.Denied, "a wrong password")
	want(t, n.login("MyS3cret-Passw0rd", password, here), fault.Denied, "a password for a name")
	want(t, n.login("nobody", password, here), fault.Denied, "no account")
	never := func(*store.Tx) (bool, error) { return false, nil }
	want(t, n.Guess(t.Context(), people.Code, "asha", here, "no", never), fault.Denied, "a wrong code")
	want(t, n.Guess(t.Context(), "passkey", "0102", here, "no", never), fault.Denied, "no passkey")
	if w := []string{"asha/password/" + here, "/password/" + here, "/password/" + here, "asha/code/" + here, "/passkey/" + here}; !slices.Equal(told, w) {
		t.Errorf("told %q, want %q", told, w)
	}
}
