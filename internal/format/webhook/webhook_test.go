package webhook

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2027, 3, 18, 9, 0, 0, 0, time.UTC)

// The example of the specification's reference libraries.
func TestTheSignatureIsTheStandards(t *testing.T) {
	secret, err := ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), secret)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVerify(t *testing.T) {
	one, two, body := []byte(strings.Repeat("1", 32)), []byte(strings.Repeat("2", 32)), []byte(`{"n":1}`)
	headers := func(id string, at time.Time, body []byte, secrets ...[]byte) map[string]string {
		return map[string]string{HeaderID: id, HeaderTimestamp: timestamp(at), HeaderSignature: Sign(id, at, body, secrets...)}
	}
	for _, tc := range []struct {
		name   string
		header map[string]string
		body   []byte
		now    time.Time
		want   error
	}{
		{"as it was sent", headers("msg_1", now, body, one), body, now, nil},
		{"while both secrets hold", headers("msg_1", now, body, two, one), body, now, nil},
		{"a little late", headers("msg_1", now, body, one), body, now.Add(Tolerance), nil},
		{"replayed later", headers("msg_1", now, body, one), body, now.Add(Tolerance + time.Second), ErrTime},
		{"from a clock ahead", headers("msg_1", now.Add(Tolerance+time.Second), body, one), body, now, ErrTime},
		{"with another secret", headers("msg_1", now, body, two), body, now, ErrSignature},
		{"with another body", headers("msg_1", now, body, one), []byte(`{"n":2}`), now, ErrSignature},
		{"without a signature", headers("msg_1", now, body), body, now, ErrHeaders},
		{"with nothing", map[string]string{}, body, now, ErrHeaders},
	} {
		if err := Verify(func(n string) string { return tc.header[n] }, tc.body, tc.now, one); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
	for _, change := range [][2]string{{HeaderID, "msg_2"}, {HeaderID, "msg_1.1"}, {HeaderTimestamp, timestamp(now.Add(time.Second))}, {HeaderTimestamp, "+" + timestamp(now)}, {HeaderSignature, "v2,abc"}, {HeaderSignature, "v1,"}} {
		h := headers("msg_1", now, body, one)
		h[change[0]] = change[1]
		if Verify(func(n string) string { return h[n] }, body, now, one) == nil {
			t.Errorf("%s: %s is taken", change[0], change[1])
		}
	}
	for _, s := range []string{"", "whsec_", "whsec_!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Secret(one[:23]), Secret(make([]byte, 65))} {
		if _, err := ParseSecret(s); err == nil {
			t.Errorf("%q is a secret", s)
		}
	}
}

func timestamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func FuzzVerify(f *testing.F) {
	f.Add("msg_1", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", []byte("{}"))
	f.Fuzz(func(t *testing.T, id, at, sig string, body []byte) {
		h := map[string]string{HeaderID: id, HeaderTimestamp: at, HeaderSignature: sig}
		if Verify(func(n string) string { return h[n] }, body, time.Unix(1614265330, 0), []byte("a secret nobody else has")) == nil {
			t.Error("what nobody signed is taken")
		}
	})
}
