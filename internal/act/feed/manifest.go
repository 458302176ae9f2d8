package feed

import (
	"context"
	"errors"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
)

// The files of a MISP feed that are no events: which events there are and when
// each was changed, and digests of their values.
const (
	manifestFile = "manifest.json"
	hashesFile   = "hashes.csv"
)

// Bounds of a MISP feed.
const (
	maxManifest = 64 << 20 // bytes
	maxEvents   = 200_000
	maxAtFault  = 20 // events that fail before the source is left
)

var eventID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// isManifest reports whether an address is that of a MISP feed.
func isManifest(address string) bool {
	u, err := url.Parse(address)
	return err == nil && path.Base(u.Path) == manifestFile
}

// eventURL is the address of an event beside the manifest.
func eventURL(manifest, id string) (string, error) {
	u, err := url.Parse(manifest)
	if err != nil {
		return "", err
	}
	u.Path, u.RawPath = path.Join(path.Dir(u.Path), id+".json"), ""
	return u.String(), nil
}

// readManifest returns when each event of a feed was changed, in the feed's own
// words.
func readManifest(r io.Reader) (map[string]string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxManifest {
		return nil, fault.Errorf(fault.TooLarge, "a manifest of more than %d MiB", maxManifest>>20)
	}
	all, err := canon.Decode(raw)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "the manifest: %w", err)
	}
	if len(all) > maxEvents {
		return nil, fault.Errorf(fault.TooLarge, "a manifest of %d events, at most %d", len(all), maxEvents)
	}
	out := make(map[string]string, len(all))
	for id, v := range all {
		said, _ := v.(map[string]any)
		if !eventID.MatchString(strings.ToLower(id)) || said == nil {
			return nil, fault.Errorf(fault.Invalid, "the manifest names %.60q, which is no event", id)
		}
		at, err := canon.Marshal(said["timestamp"])
		if err != nil {
			return nil, err
		}
		out[strings.ToLower(id)] = strings.Trim(string(at), `"`)
	}
	return out, nil
}

// manifest takes in the events of a MISP feed that are new or were changed
// since they were taken in last. One that cannot be had does not keep the others
// back, and is asked for again.
func (j *job) manifest(ctx context.Context, src intake.Source, d Document) error {
	there, err := readManifest(d.Body)
	if err != nil {
		return err
	}
	if j.events == nil {
		j.events = map[string]string{}
	}
	for id := range j.events {
		if _, ok := there[id]; !ok {
			delete(j.events, id) // what it brought stays
		}
	}
	ids := make([]string, 0, len(there))
	for id, at := range there {
		if had, ok := j.events[id]; !ok || had != at {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var faults []error
	for _, id := range ids {
		if err := j.event(ctx, src, id); err != nil {
			if ctx.Err() != nil {
				return err
			}
			j.out.remark("event " + id + ": " + fault.Message(err))
			if faults = append(faults, fault.Errorf(fault.KindOf(err), "event %s: %w", id, err)); len(faults) >= maxAtFault {
				break
			}
			continue
		}
		j.events[id] = there[id]
		j.out.Pages++
		if err := j.save(ctx, documentCursor{Seen: j.seen, Events: j.events}); err != nil {
			return err
		}
	}
	return errors.Join(faults...)
}

// event fetches one event and takes it in.
func (j *job) event(ctx context.Context, src intake.Source, id string) error {
	at := j.at
	var err error
	if at.URL, err = eventURL(at.URL, id); err != nil {
		return err
	}
	_, err = j.f.Outside.Documents(ctx, at, map[string]Mark{}, func(d Document) error { return j.misp(ctx, src, d) })
	return err
}
