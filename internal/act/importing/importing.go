// Package importing is how a person brings data in: the bytes are staged in
// the store, looked at, shown as they would come in, and on the person's word
// taken in by intake in the background.
//
// Invariants: nothing of an upload is stored as an object before its person
// says so; an import that is interrupted anywhere goes on where it was, in this
// process or another, and counts nothing twice; whatever is uploaded is hostile
// and costs bounded memory; an upload is nobody's business but its account's.
package importing

import (
	"context"
	"crypto/rand"
	"io"
	"strings"
	"sync"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/table"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Kind is a format that can be imported.
type Kind string

// The kinds.
const (
	STIX Kind = "stix" // a bundle, an envelope, an array or one object, 2.0 or 2.1
	MISP Kind = "misp" // an event, or a server's answer with many
	CSV  Kind = "csv"  // a table of values
	Text Kind = "text" // anything that mentions values, defanged or not
)

// Kinds returns every kind.
func Kinds() []Kind { return []Kind{STIX, MISP, CSV, Text} }

// ParseKind returns s as a Kind, or fault.Invalid.
func ParseKind(s string) (Kind, error) {
	for _, k := range Kinds() {
		if string(k) == s {
			return k, nil
		}
	}
	return "", fault.Errorf(fault.Invalid, "format %.40q: want stix, misp, csv or text", s)
}

// Options is what the person says of an upload.
type Options struct {
	Kind        Kind     `json:"kind"`
	TLP         string   `json:"tlp,omitempty"` // of what carries none; "" leaves that unreleasable
	PAP         string   `json:"pap,omitempty"`
	Origin      string   `json:"origin,omitempty"` // whose objects these are; "" this side's
	Contributor string   `json:"contributor,omitempty"`
	Sectors     []string `json:"sectors,omitempty"`
	Collection  string   `json:"collection,omitempty"`
	// What is added to whatever the objects say: see marking.Limits.
	Areas        []string `json:"areas,omitempty"`
	NotBefore    string   `json:"not_before,omitempty"`
	Expires      string   `json:"expires,omitempty"`
	ReleasableTo []string `json:"releasable_to,omitempty"`

	Layout     table.Layout `json:"layout"`               // of a table
	SkipListed bool         `json:"skip_listed,omitzero"` // leave out what a warning list names
}

// Check returns fault.Invalid when the options make no sense.
func (o Options) Check() error {
	if _, err := ParseKind(string(o.Kind)); err != nil {
		return err
	}
	if _, err := o.Source(); err != nil {
		return err
	}
	if o.Kind != CSV {
		return nil
	}
	if err := o.Layout.Check(); err != nil {
		return err
	}
	if !o.Layout.HasValue() {
		return fault.New(fault.Invalid, "no column holds values: say which one does")
	}
	return nil
}

// Source returns what intake is told of the objects.
func (o Options) Source() (intake.Source, error) {
	src := intake.Source{Origin: ident.Side(o.Origin), Contributor: o.Contributor, Sectors: o.Sectors, Collection: o.Collection}
	var err error
	if o.TLP != "" {
		if src.DefaultTLP, err = marking.ParseTLP(o.TLP); err != nil {
			return src, err
		}
	}
	if o.PAP != "" {
		if src.DefaultPAP, err = marking.ParsePAP(o.PAP); err != nil {
			return src, err
		}
	}
	if o.Origin != "" {
		if _, err = ident.ParseSide(o.Origin); err != nil {
			return src, err
		}
	}
	if o.Contributor != "" && o.Contributor != marking.Member {
		return src, fault.New(fault.Invalid, "the contributor is a member or nobody in particular")
	}
	src.Limits, err = marking.Limits{Areas: o.Areas, NotBefore: o.NotBefore, Expires: o.Expires, ReleasableTo: o.ReleasableTo}.Terms()
	return src, err
}

// Config is what imports work with.
type Config struct {
	Intake   *intake.Intake
	Releases *release.Releases
	Journal  people.Journal
	Clock    clock.Clock
	Owner    string        // this process, among those that share the store
	Lease    time.Duration // how long a lost process keeps others from its import; default 20 seconds
	MaxBytes int64         // of one upload; default 256 MiB
}

// Imports is the imports of a node. It is safe for concurrent use.
type Imports struct {
	Config
	mu     sync.Mutex
	lists  *warninglist.Set // compiled from the lists that of names; guarded by mu
	faults []string         // what could not be read of them; guarded by mu
	of     string           // guarded by mu
}

// New returns the imports of a node.
func New(c Config) *Imports {
	if c.Lease == 0 {
		c.Lease = 20 * time.Second
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 256 << 20
	}
	return &Imports{Config: c}
}

// Bounds of what an account may have lying around.
const (
	maxUploads = 50
	chunkBytes = 512 << 10
	sampleSize = 64 << 10
	maxName    = 200
)

// Job is one import, from the upload to the report.
type Job struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	State   string    `json:"state"` // store.UploadReady and its like
	Options Options   `json:"options"`
	Finding Finding   `json:"finding"`
	Report  Report    `json:"report"`
	Failure string    `json:"failure,omitempty"`
	Size    int64     `json:"size"`
	Done    int64     `json:"done"` // bytes of Size that are worked through
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
}

// Busy reports whether the node works at the job, or will by itself.
func (j Job) Busy() bool { return j.State == store.UploadExamine || j.State == store.UploadImport }

// Report is what became of an import.
type Report struct {
	intake.Report
	Problems []intake.Refusal `json:"problems,omitempty"` // what could not be understood of the input
	Faults   int              `json:"faults,omitempty"`   // how many there were
	LeftOut  int              `json:"left_out,omitempty"` // named by a warning list, and left out for it
}

func job(u store.Upload) (Job, error) {
	j := Job{
		ID: u.ID, Name: u.Name, State: u.State, Failure: u.Failure, Size: u.Size, Done: u.Done,
		Created: time.UnixMicro(u.Created).UTC(), Changed: time.UnixMicro(u.Changed).UTC(),
	}
	for _, part := range []struct {
		raw []byte
		to  any
	}{{u.Options, &j.Options}, {u.Finding, &j.Finding}, {u.Report, &j.Report}} {
		if len(part.raw) == 0 {
			continue
		}
		if err := canon.Unmarshal(part.raw, part.to); err != nil {
			return j, err
		}
	}
	return j, nil
}

// own returns an upload of the account of by, or fault.NotFound: another's is
// not there, and in a meeting none is.
func own(tx *store.Tx, by people.Actor, id string) (store.Upload, error) {
	u, err := tx.Upload(id)
	if err == nil && (u.Account != by.Name || by.Room() != nil) {
		err = fault.New(fault.NotFound, "no such import")
	}
	return u, err
}

// Job returns an import of the account of by. Returns fault.Denied unless by
// May; fault.NotFound for what is not there or is another's.
func (m *Imports) Job(ctx context.Context, h *store.Handle, by people.Actor, id string) (j Job, err error) {
	if err := May(by); err != nil {
		return j, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		u, err := own(tx, by, id)
		if err != nil {
			return err
		}
		j, err = job(u)
		return err
	})
	return j, err
}

// Jobs returns the imports of the account of by, the newest first; in a meeting
// none.
func (m *Imports) Jobs(ctx context.Context, h *store.Handle, by people.Actor) (out []Job, err error) {
	if err := May(by); err != nil {
		return nil, err
	}
	if by.Room() != nil {
		return nil, nil
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		list, err := tx.Uploads(by.Name, maxUploads)
		if err != nil {
			return err
		}
		for _, u := range list {
			j, err := job(u)
			if err != nil {
				return err
			}
			out = append(out, j)
		}
		return nil
	})
	return out, err
}

// Stage takes the bytes of r as a new upload of by's account and has them
// looked at. class is the clearance class of by. Returns fault.Denied unless
// by May, fault.TooLarge beyond the limit, fault.Invalid for nothing;
// what was staged of it is removed then.
func (m *Imports) Stage(ctx context.Context, h *store.Handle, by people.Actor, class int64, name string, r io.Reader) (Job, error) {
	if err := May(by); err != nil {
		return Job{}, err
	}
	id, err := ident.NewUUID(rand.Reader)
	if err != nil {
		return Job{}, err
	}
	u := store.Upload{ID: id, Account: by.Name, Class: class, Name: oneLine(name), State: store.UploadStaging}
	if err := h.Write(ctx, func(tx *store.Tx) error {
		if err := m.room(tx, by.Name); err != nil {
			return err
		}
		return tx.AddUpload(&u)
	}); err != nil {
		return Job{}, err
	}
	if err := m.fill(ctx, h, &u, r); err != nil {
		_ = h.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.RemoveUpload(id) }) // the sweep removes it otherwise
		return Job{}, err
	}
	return m.arrived(ctx, h, by, u)
}

// room makes room for another upload of an account: those that are over give
// way.
func (m *Imports) room(tx *store.Tx, account string) error {
	list, err := tx.Uploads(account, maxUploads)
	if err != nil || len(list) < maxUploads {
		return err
	}
	for i := len(list) - 1; i >= 0; i-- {
		switch list[i].State {
		case store.UploadDone, store.UploadCancelled, store.UploadFailed:
			return tx.RemoveUpload(list[i].ID)
		}
	}
	return fault.Errorf(fault.Conflict, "you have %d imports that wait for you: decide on one of them first", len(list))
}

// fill stores the bytes of r, chunk by chunk.
func (m *Imports) fill(ctx context.Context, h *store.Handle, u *store.Upload, r io.Reader) error {
	buf := make([]byte, chunkBytes)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			u.Size += int64(n)
			if u.Size > m.MaxBytes {
				return fault.Errorf(fault.TooLarge, "an upload has at most %d MiB; import larger ones on the command line", m.MaxBytes>>20)
			}
			if err := h.Write(ctx, func(tx *store.Tx) error { return tx.AddChunk(u.ID, u.Chunks, buf[:n]) }); err != nil {
				return err
			}
			u.Chunks++
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if u.Size == 0 {
		return fault.New(fault.Invalid, "nothing was sent: drop a file, or paste text")
	}
	return nil
}

// arrived guesses what was staged and has it looked at.
func (m *Imports) arrived(ctx context.Context, h *store.Handle, by people.Actor, u store.Upload) (j Job, err error) {
	sample, err := m.sample(ctx, h, u)
	if err != nil && fault.KindOf(err) == fault.Internal {
		return j, err
	}
	opt := Recognise(sample) // of what can be read; the look at it says what is wrong
	err = h.Write(ctx, func(tx *store.Tx) error {
		if opt.Kind == CSV {
			if err := recall(tx, by, &opt.Layout); err != nil {
				return err
			}
		}
		u.State = store.UploadExamine
		if u.Options, err = canon.Marshal(opt); err != nil {
			return err
		}
		if err := tx.SaveUpload(u); err != nil {
			return err
		}
		j, err = job(u)
		return err
	})
	return j, err
}

// oneLine makes a name fit for lists and the home log.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > maxName {
		s = string(r[:maxName])
	}
	return s
}
