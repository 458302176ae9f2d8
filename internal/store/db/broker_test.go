package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"twoseas/internal/store/db"
)

func notify(topics ...string) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		for _, topic := range topics {
			tx.Notify(topic)
		}
		return nil
	}
}

// next waits for one topic, long enough for the slowest way.
func nextTopic(t *testing.T, ch <-chan string) string {
	t.Helper()
	select {
	case topic := <-ch:
		return topic
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was told")
		return ""
	}
}

// quiet waits until nothing has been told for d.
func quiet(ch <-chan string, d time.Duration) (heard []string) {
	for {
		select {
		case topic := <-ch:
			heard = append(heard, topic)
		case <-time.After(d):
			return heard
		}
	}
}

func TestASubscriberHearsWhatItsOwnProcessChanges(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		ch := d.Listen(t.Context())
		quiet(ch, 700*time.Millisecond) // the migration's own
		if err := d.Write(t.Context(), func(tx *db.Tx) error { tx.Notify("lost"); return errors.New("no") }); err == nil {
			t.Error("no error")
		}
		write(t, d, func(tx *db.Tx) error {
			if heard := quiet(ch, 50*time.Millisecond); len(heard) > 0 {
				t.Errorf("told %q before the commit", heard)
			}
			return errors.Join(add(1)(tx), notify("a", "b", "a")(tx))
		})
		if a, b := nextTopic(t, ch), nextTopic(t, ch); a != "a" || b != "b" {
			t.Errorf("told %q, %q", a, b)
		}
		// PostgreSQL brings the news back once more; nothing else follows.
		for _, topic := range quiet(ch, 700*time.Millisecond) {
			if topic != "a" && topic != "b" {
				t.Errorf("told %q: one's own writing is no news from others", topic)
			}
		}
	})
}

func TestASubscriberHearsOfAnotherProcess(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		a, b := open(t, source), open(t, source)
		ch := a.Listen(t.Context()) // perhaps before the engine listens: nothing is missed all the same
		write(t, b, func(tx *db.Tx) error { return errors.Join(add(1)(tx), notify("far")(tx)) })
		if topic := nextTopic(t, ch); topic != "far" && topic != db.Everything {
			t.Errorf("told %q", topic)
		}
		quiet(ch, 700*time.Millisecond)
		write(t, b, func(tx *db.Tx) error { return errors.Join(add(2)(tx), notify("far")(tx)) })
		if topic := nextTopic(t, ch); topic != "far" && topic != db.Everything {
			t.Errorf("the second time told %q", topic)
		}
	})
}

func TestTwoStoresOnOneServerDoNotHearEachOther(t *testing.T) {
	t.Parallel()
	a, b := open(t, postgres(t)), open(t, postgres(t))
	ch := a.Listen(t.Context())
	quiet(ch, 700*time.Millisecond)
	write(t, b, notify("far"))
	if heard := quiet(ch, 300*time.Millisecond); len(heard) > 0 {
		t.Errorf("told %q of another store", heard)
	}
}

func TestASubscriberThatLostItsConnectionHearsEverything(t *testing.T) {
	t.Parallel()
	source := postgres(t) + "&application_name=" + t.Name()
	d := open(t, source)
	ch := d.Listen(t.Context())
	quiet(ch, 700*time.Millisecond)
	admin, err := sql.Open("pgx", os.Getenv("TWOSEAS_TEST_PG"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE query = 'LISTEN twoseas' AND application_name = $1`, t.Name()); err != nil {
		t.Fatal(err)
	}
	if topic := nextTopic(t, ch); topic != db.Everything {
		t.Errorf("told %q", topic)
	}
	write(t, open(t, source), notify("far"))
	if topic := nextTopic(t, ch); topic != "far" {
		t.Errorf("after that told %q", topic)
	}
}

func TestASlowSubscriberHearsEverythingOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		ctx, stop := context.WithCancel(t.Context())
		ch := d.Listen(ctx)
		quiet(ch, 700*time.Millisecond)
		for i := range 300 {
			if err := d.Write(t.Context(), notify(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(300 * time.Millisecond)
		stop()
		all, last := 0, ""
		for topic := range ch { // closed when the context ends
			if last = topic; topic == db.Everything {
				all++
			}
		}
		if all != 1 || last == "" {
			t.Errorf("told Everything %d times, the last topic %q", all, last)
		}
		write(t, d, notify("nobody listens"))
	})
}
