// Package ical serves people's calendars as iCalendar (RFC 5545) under an
// address that is a secret.
//
// Invariants: an entry says when and of which kind, never what; an address that
// was taken back, or whose person has left, is answered as one that never was;
// neither logs nor pages hold the secret.
package ical

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"twoseas/internal/act/notice"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/lang"
	"twoseas/internal/store"
)

// Prefix is the path of calendars, before the secret and ".ics".
const Prefix = "/calendar/"

// Config is what calendars are served from.
type Config struct {
	Handle  *store.Handle
	Notices *notice.Notices
	URL     string // of the desk
	Host    string // right part of the ids of entries
	Log     *slog.Logger
}

// New returns the handler of everything below Prefix.
func New(c Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Prefix+"{file}", c.serve)
	return mux
}

func (c Config) serve(w http.ResponseWriter, r *http.Request) {
	secret, ok := strings.CutSuffix(r.PathValue("file"), ".ics")
	if !ok {
		http.NotFound(w, r)
		return
	}
	cal, err := c.Notices.Read(r.Context(), c.Handle, secret)
	if fault.Is(err, fault.NotFound) {
		http.NotFound(w, r)
		return
	}
	if err == nil {
		var body string
		if body, err = c.Write(cal); err == nil {
			answer(w, r, body)
			return
		}
	}
	if r.Context().Err() == nil {
		c.Log.ErrorContext(r.Context(), "a calendar cannot be served", slog.String("error", err.Error()))
	}
	http.Error(w, "the calendar cannot be read now", http.StatusServiceUnavailable)
}

// answer sends a calendar, or nothing when the asker has it.
func answer(w http.ResponseWriter, r *http.Request, body string) {
	sum := sha256.Sum256([]byte(body))
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Referrer-Policy", "no-referrer")
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `inline; filename="twoseas.ics"`)
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(body)) //nolint:gosec // text/calendar and nosniff, no HTML; the asker has gone, if anything
}

// Write writes a calendar. The same entries make the same bytes.
func (c Config) Write(cal notice.Calendar) (string, error) {
	texts, err := notice.Texts()
	if err != nil {
		return "", err
	}
	p := texts.Printer(lang.Tag(cal.Language))
	out := ics.NewCalendarFor("Twoseas")
	out.SetProductId("-//Twoseas//Calendar//EN")
	out.SetXWRCalName(p.T("notice.entry.name"))
	out.SetRefreshInterval("PT1H", &ics.KeyValues{Key: "VALUE", Value: []string{"DURATION"}})
	out.SetXPublishedTTL("PT1H")
	zones := zones{}
	for _, e := range cal.Entries {
		if err := c.event(out, zones, p, e); err != nil {
			return "", err
		}
	}
	zones.write(out)
	var b strings.Builder
	err = out.SerializeTo(&b, ics.WithNewLine("\r\n"))
	return b.String(), err
}

// event writes one entry.
func (c Config) event(out *ics.Calendar, zs zones, p *lang.Printer, e store.CalendarEntry) error {
	id := sha256.Sum256([]byte(e.UID))
	v := out.AddEvent(hex.EncodeToString(id[:16]) + "@" + c.Host)
	changed := micro(e.Changed)
	v.SetDtStampTime(changed)
	v.SetModifiedAt(changed)
	v.SetSequence(int(e.Sequence))
	key := "notice.entry." + e.Kind
	if !p.Has(key) {
		key = "notice.entry.other"
	}
	v.SetSummary(p.T(key))
	v.SetURL(c.URL + e.Page)
	v.SetClass(ics.ClassificationPrivate)
	v.SetProperty(ics.ComponentPropertyTransp, "TRANSPARENT")
	status := ics.ObjectStatusConfirmed
	if e.Cancelled {
		status = ics.ObjectStatusCancelled
	}
	v.SetStatus(status)
	return when(v, zs, e)
}

// when writes the times of an entry: whole days as dates, the others in UTC or
// in the zone they are meant in.
func when(v *ics.VEvent, zs zones, e store.CalendarEntry) error {
	start, end := micro(e.Starts), micro(e.Ends)
	if e.WholeDay {
		v.SetAllDayStartAt(start)
		v.SetAllDayEndAt(end.AddDate(0, 0, 1)) // RFC 5545 §3.6.1: the end is not in it
		return nil
	}
	put := func(name ics.ComponentProperty, t time.Time) { v.SetProperty(name, t.Format("20060102T150405Z")) }
	if e.Zone != "" && e.Zone != "UTC" {
		zone, err := time.LoadLocation(e.Zone)
		if err != nil {
			return err
		}
		zs.add(zone, start, end)
		put = func(name ics.ComponentProperty, t time.Time) {
			v.SetProperty(name, t.In(zone).Format("20060102T150405"), ics.WithTZID(e.Zone))
		}
	}
	put(ics.ComponentPropertyDtStart, start)
	if end.After(start) {
		put(ics.ComponentPropertyDtEnd, end)
	}
	return nil
}

func micro(us int64) time.Time { return time.UnixMicro(us).UTC() }
