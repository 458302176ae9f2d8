package feed

import (
	"crypto/md5" //nolint:gosec // the layout's own digest, of values to look up
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"time"

	"twoseas/internal/act/event"
	"twoseas/internal/base/canon"
	"twoseas/internal/format/misp"
)

// MISPPrefix is the path of the feed in MISP's layout: manifest.json,
// hashes.csv and one file an event, of all events the reader may see. Events
// go across collections.
const MISPPrefix = "/misp-feed/"

// listed is one event in manifest.json.
type listed struct {
	Orgc        namedOrg `json:"Orgc"`
	Tags        []tag    `json:"Tag"`
	Info        string   `json:"info"`
	Date        string   `json:"date"`
	Analysis    int      `json:"analysis"`
	ThreatLevel int      `json:"threat_level_id"`
	Timestamp   int64    `json:"timestamp"`
}

type namedOrg struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
}

type tag struct {
	Name string `json:"name"`
}

// What MISP calls complete, and an undefined threat level: a list of events
// does not hold what the file says.
const (
	analysisComplete = 2
	threatUndefined  = 4
)

// mispFile answers with one file of the feed.
func (s *Server) mispFile(q *request, name string) error {
	if q.r.URL.RawQuery != "" {
		return errNotFound
	}
	act := "out.misp-event"
	switch name {
	case "", "manifest.json":
		act = "out.misp-manifest"
	case "hashes.csv":
		act = "out.misp-hashes"
	}
	if s.Reads != nil {
		if err := s.Reads(q.r.Context(), q.actor, act, "events"); err != nil {
			return err
		}
	}
	switch name {
	case "", "manifest.json":
		return s.manifest(q)
	case "hashes.csv":
		return s.hashes(q)
	}
	uuid, ok := strings.CutSuffix(name, ".json")
	if !ok || len(uuid) != 36 { // and no number
		return errNotFound
	}
	return s.event(q, uuid)
}

func (s *Server) manifest(q *request) error {
	list, err := s.Events.List(q.r.Context(), s.Handle, q.access.Class)
	if err != nil {
		return err
	}
	d := document{media: "application/json", etag: `W/"m-` + event.Tag(list) + `"`}
	if has(q.r, d.etag) {
		return send(q, d)
	}
	out := make(map[string]listed, len(list))
	for _, e := range list {
		one := listed{
			Orgc: namedOrg{e.Org.Name, e.Org.UUID}, Tags: []tag{}, Info: e.Info, Date: e.Date,
			Analysis: analysisComplete, ThreatLevel: threatUndefined, Timestamp: e.Timestamp,
		}
		for _, t := range e.Tags {
			one.Tags = append(one.Tags, tag{t})
		}
		out[e.UUID] = one
	}
	if d.head, err = canon.Write(out); err != nil {
		return err
	}
	return send(q, d)
}

// event answers with one event, as the reader sees it.
func (s *Server) event(q *request, uuid string) error {
	if _, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, uuid); err != nil {
		return err
	}
	headers(q, "application/json", "", time.Time{})
	o := open(q, 0)
	err := s.Events.Write(q.r.Context(), s.Handle, q.access.Class, o, uuid, event.Want{Deleted: true})
	s.closed(q, o, "event", err)
	return nil
}

// hashes answers with the MD5 digest of each value and the event it is in, by
// which a MISP looks values up without fetching the events.
func (s *Server) hashes(q *request) error {
	tag, known, err := s.Events.TagOfValues(q.r.Context(), s.Handle, q.access.Class)
	if err != nil {
		return err
	}
	if tag = `W/"h-` + tag + `"`; !known {
		tag = ""
	}
	if known && has(q.r, tag) {
		return send(q, document{media: "text/csv", etag: tag})
	}
	headers(q, "text/csv; charset=utf-8", tag, time.Time{})
	o := open(q, 0)
	var buf []byte
	err = s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, event.Query{}, func(f event.Found) error {
		for _, v := range parts(f.Attribute) {
			sum := md5.Sum([]byte(v)) //nolint:gosec // see the import
			buf = append(hex.AppendEncode(buf, sum[:]), ',')
			buf = append(append(buf, f.In.UUID...), '\n')
		}
		if len(buf) < 64<<10 {
			return nil
		}
		_, err := o.Write(buf)
		buf = buf[:0]
		return err
	})
	if err == nil {
		_, err = o.Write(buf)
	}
	s.closed(q, o, "hashes.csv", err)
	return nil
}

// parts returns the values that are looked up: of a type such as
// filename|md5 both.
func parts(a misp.Attribute) []string {
	value := a.Text("value")
	if !strings.Contains(a.Text("type"), "|") {
		return []string{value}
	}
	return strings.Split(value, "|")
}

// closed ends a stream and tells the log what broke it off.
func (s *Server) closed(q *request, o *output, name string, err error) {
	o.close(err)
	if err != nil && !errors.Is(err, errGone) && q.r.Context().Err() == nil {
		s.Log.ErrorContext(q.r.Context(), "a feed broke off", slog.String("feed", name), slog.String("error", err.Error()))
	}
}
