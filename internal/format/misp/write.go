package misp

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix"
)

// Object is a STIX object on its way out, in canonical JSON. Marks are the tags
// that say how it may be handled, such as tlp:amber; nil takes them from the
// object's own references to well-known definitions.
type Object struct {
	Raw   []byte
	Marks []string
}

// World is what events are written from: of every object the version that the
// reader of the event sees.
type World interface {
	// Objects returns those of ids that are there.
	Objects(ids []string) (map[string]Object, error)
	// About returns the sightings of, notes and opinions on, and relationships
	// from any of ids.
	About(ids []string) ([]Object, error)
}

// Event says what one event is written from: Whole, a report or a grouping
// with what it refers to; or Members alone, with what the fields between them
// say.
type Event struct {
	Whole *Object

	// Number is what clients call the event by that do not use its UUID.
	Number int64

	UUID, Info string
	Date       time.Time
	Changed    time.Time
	Marks      []string
	Members    []string // ids

	// Org is whose event it is when Whole does not say.
	Org Org
	// Own says of an object that this is the event its UUID is used in; an
	// object that is in several events has a UUID made of both in the others,
	// since MISP takes each UUID once. nil is yes.
	Own func(id string) bool
	// Metadata leaves out the members, NoGalaxies and NoSightings what they say.
	Metadata, NoGalaxies, NoSightings bool
	// Deleted asks for what was withdrawn too.
	Deleted bool
	// Told hears what MISP has no place for; nil for nobody.
	Told func(id, reason string) error
}

// Org is an organisation of MISP.
type Org struct{ UUID, Name string }

// Withdrawn is the title of an event of which nothing is left.
const Withdrawn = "Withdrawn by its originator"

// outBatch is how many objects are asked for at a time.
const outBatch = 500

// Write writes an event of the MISP core format, {"Event": {…}}. What was read
// from MISP is written as it was (docs/formats/misp.md lists what is not), any
// other STIX as near as MISP comes. Memory is bounded by the ids of the members
// and a batch of them.
func Write(out io.Writer, e Event, world World) error {
	w := &eventWriter{w: bufio.NewWriterSize(out, 64<<10), e: e, world: world, galaxies: newGalaxies()}
	if err := w.event(); err != nil {
		return err
	}
	return w.w.Flush()
}

// eventWriter writes one event.
type eventWriter struct {
	w     *bufio.Writer
	e     Event
	world World

	id       string         // of Whole
	props    map[string]any // of Whole
	kept     element        // what the extension of Whole holds of the event
	marks    []string
	changed  time.Time
	members  []string
	twice    map[string]bool // UUIDs that several members have: of one that became something else
	later    []string        // members that are objects in MISP
	galaxies *galaxies
	count    int // attributes written
	err      error
}

func (w *eventWriter) event() error {
	if err := w.open(); err != nil {
		return err
	}
	head, err := canon.Write(w.header())
	if err != nil {
		return err
	}
	w.text(`{"Event":`)
	w.text(strings.TrimSuffix(string(head), "}"))
	if !w.e.Metadata {
		if err := w.content(); err != nil {
			return err
		}
		w.text(`,"attribute_count":"` + strconv.Itoa(w.count) + `"`)
	}
	w.text("}}")
	return w.err
}

// content writes the members, attributes first.
func (w *eventWriter) content() error {
	w.twice = repeated(w.members)
	w.text(`,"Attribute":[`)
	if err := w.each(w.members, w.attributes); err != nil {
		return err
	}
	w.text(`],"Object":[`)
	if err := w.each(w.later, w.objects); err != nil {
		return err
	}
	w.text("]")
	clusters := w.galaxies.list(w.kept)
	if w.e.NoGalaxies {
		clusters = nil
	}
	if err := w.list("Galaxy", clusters); err != nil {
		return err
	}
	return w.remarks()
}

// repeated returns the UUIDs that stand in several ids.
func repeated(ids []string) map[string]bool {
	seen := make(map[string]bool, len(ids))
	twice := map[string]bool{}
	for _, id := range ids {
		_, uuid, _ := strings.Cut(id, "--")
		if seen[uuid] {
			twice[uuid] = true
		}
		seen[uuid] = true
	}
	return twice
}

// open reads what stands for the event and works out its members.
func (w *eventWriter) open() error {
	w.marks, w.changed, w.members = w.e.Marks, w.e.Changed, w.e.Members
	if w.e.Whole == nil {
		return nil
	}
	props, err := canon.View(w.e.Whole.Raw)
	if err != nil {
		return err
	}
	w.props, w.kept = props, keptOf(props, "event")
	w.id = textOf(props["id"])
	w.marks = w.e.Whole.marks(props)
	w.changed = timeOf(props["modified"])
	w.members = textsOf(props["object_refs"])
	return w.expand()
}

// expand puts the members of parts in the place of the parts.
func (w *eventWriter) expand() error {
	var groupings []string
	for _, id := range w.members {
		if strings.HasPrefix(id, "grouping--") {
			groupings = append(groupings, id)
		}
	}
	if len(groupings) == 0 {
		return nil
	}
	found, err := w.world.Objects(groupings)
	if err != nil {
		return err
	}
	var out []string
	for _, id := range w.members {
		o, ok := found[id]
		if !ok {
			out = append(out, id)
			continue
		}
		props, err := canon.View(o.Raw)
		if err != nil {
			return err
		}
		if keptOf(props, "part") == nil {
			out = append(out, id)
			continue
		}
		out = append(out, textsOf(props["object_refs"])...)
	}
	w.members = out
	return nil
}

// PartOf returns the UUID of the event that a grouping is only a part of, ""
// for what stands for itself.
func PartOf(props map[string]any) string { return keptOf(props, "part").text("uuid") }

// uuid is that of the event.
func (w *eventWriter) uuid() string {
	if w.id == "" {
		return w.e.UUID
	}
	_, uuid, _ := strings.Cut(w.id, "--")
	return uuid
}

// header returns the plain members of the event.
func (w *eventWriter) header() map[string]any {
	h := map[string]any{
		"analysis": "2", "threat_level_id": "4", "published": true, "info": w.e.Info, "date": w.e.Date.UTC().Format(time.DateOnly),
		"extends_uuid": "", "locked": false, "proposal_email_lock": false, "publish_timestamp": seconds(w.changed),
	}
	if w.props != nil {
		h["info"] = textOf(w.props["name"])
		if w.props["revoked"] == true && h["info"] == "" {
			h["info"] = Withdrawn
		}
		h["date"] = timeOf(w.props["created"]).Format(time.DateOnly)
	}
	for name, v := range w.kept {
		if name != "Galaxy" {
			h[name] = v
		}
	}
	if w.e.Number > 0 {
		h["id"], h["org_id"], h["orgc_id"] = strconv.FormatInt(w.e.Number, 10), "0", "0"
	}
	h["uuid"], h["timestamp"] = w.uuid(), seconds(w.changed)
	h["distribution"], h["sharing_group_id"] = tighter(w.kept.text("distribution"), w.marks), "0"
	h["Orgc"] = w.org()
	h["Org"] = h["Orgc"]
	h["Tag"] = tagList(w.kept["Tag"], textsOf(w.props["labels"]), w.marks, nil)
	h["ShadowAttribute"], h["RelatedEvent"] = []any{}, []any{}
	delete(h, "attribute_count")
	return h
}

// org returns whose event it is.
func (w *eventWriter) org() map[string]any {
	if id := textOf(w.props["created_by_ref"]); id != "" {
		if found, err := w.world.Objects([]string{id}); err == nil {
			if o, ok := orgOf(id, found); ok {
				return o
			}
		}
	}
	return map[string]any{"uuid": w.e.Org.UUID, "name": w.e.Org.Name}
}

// orgOf returns the organisation that an identity stands for.
func orgOf(id string, found map[string]Object) (map[string]any, bool) {
	o, ok := found[id]
	if !ok {
		return nil, false
	}
	props, err := canon.View(o.Raw)
	if err != nil {
		return nil, false
	}
	_, uuid, _ := strings.Cut(id, "--")
	return map[string]any{"uuid": uuid, "name": textOf(props["name"])}, true
}

// keptOf returns a member of the extension, nil when there is none.
func keptOf(props map[string]any, member string) element {
	all, _ := props["extensions"].(map[string]any)
	ours, _ := all[Extension].(map[string]any)
	m, _ := ours[member].(map[string]any)
	return m
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func textsOf(v any) (out []string) {
	list, _ := v.([]any)
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func timeOf(v any) time.Time {
	t, err := stix.ParseTimestamp(textOf(v))
	if err != nil {
		return time.Time{}
	}
	return t
}

// seconds writes a time as MISP does.
func seconds(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.Unix(), 10)
}
