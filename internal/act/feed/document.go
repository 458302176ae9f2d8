package feed

import (
	"context"
	"maps"

	"twoseas/internal/base/canon"
)

// documentCursor is what the files of a source were like when they were taken
// in, by name.
type documentCursor struct {
	Seen map[string]Mark `json:"seen,omitempty"`
	// Events is when each event of a MISP feed was changed, as its manifest
	// said when it was taken in.
	Events map[string]string `json:"events,omitempty"`
}

// documents takes in the files that are new or other than they were. One that
// cannot be taken in keeps its place in line.
func (j *job) documents(ctx context.Context) error {
	var c documentCursor
	if err := canon.Unmarshal(j.row.Cursor, &c); err != nil {
		return err
	}
	if c.Seen == nil {
		c.Seen = map[string]Mark{}
	}
	j.events, j.seen = c.Events, c.Seen
	there, err := j.f.Outside.Documents(ctx, j.at, maps.Clone(c.Seen), func(d Document) error {
		if err := j.document(ctx, d); err != nil {
			return err
		}
		j.out.Pages++
		c.Seen[d.Name] = d.Mark
		c.Events = j.events
		return j.save(ctx, c)
	})
	if err != nil {
		return err
	}
	if sameMarks(there, c.Seen) {
		return nil
	}
	return j.save(ctx, documentCursor{Seen: there, Events: j.events})
}

func sameMarks(a, b map[string]Mark) bool {
	if len(a) != len(b) {
		return false
	}
	for name, m := range a {
		if b[name] != m {
			return false
		}
	}
	return true
}

func (j *job) document(ctx context.Context, d Document) error {
	src, err := j.s.source(j.f.Ring.Side())
	if err != nil {
		return err
	}
	switch j.s.Kind {
	case CSV:
		return j.table(ctx, src, d)
	case Text:
		return j.text(ctx, src, d)
	case MISP:
		switch {
		case d.Name == "" && isManifest(j.at.URL):
			return j.manifest(ctx, src, d)
		case d.Name == manifestFile || d.Name == hashesFile: // of a folder, whose files tell themselves when they change
			return nil
		}
		return j.misp(ctx, src, d)
	case STIX, TAXII, Push:
	}
	rep, err := j.f.Intake.Stream(ctx, j.h, src, d.Body, nil)
	j.out.Taken.Add(rep)
	return err
}
