package api

import (
	"bytes"
	"context"
	"net/http"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/people"
	"twoseas/internal/format/table"
	"twoseas/internal/store"
)

// uploads are imports that are looked at before anything is stored, and worked
// through in the background. They are their account's own.
func (a *api) uploads() {
	at := func(method, path, id, summary string) op {
		return op{tag: "imports", method: method, path: "/uploads" + path, id: id, summary: summary, act: people.Import, or: []people.Act{people.Contribute}}
	}
	list := at(http.MethodGet, "", "uploads", "Your uploads, newest first")
	list.saw = "read"
	add(a, list, a.listUploads)
	stage := at(http.MethodPost, "", "upload", "Upload a file to be looked at: STIX, MISP, CSV or text with indicators")
	stage.body, stage.status = maxImport, http.StatusCreated
	add(a, stage, a.upload)
	one := at(http.MethodGet, "/{upload}", "one-upload", "One upload: what was found in it, how far it is, what became of it")
	one.saw = "read"
	add(a, one, a.oneUpload)
	add(a, at(http.MethodPut, "/{upload}/options", "upload-options", "Say what an upload is and how it is marked; it is looked at again"), a.uploadOptions)
	add(a, at(http.MethodPost, "/{upload}/confirm", "confirm-upload", "Take an upload in, in the background"), a.confirmUpload)
	add(a, at(http.MethodPost, "/{upload}/cancel", "cancel-upload", "Stop taking an upload in; what was stored stays"), a.cancelUpload)
	add(a, at(http.MethodPost, "/{upload}/retry", "retry-upload", "Go on with an upload that failed"), a.retryUpload)
	add(a, at(http.MethodDelete, "/{upload}", "remove-upload", "Remove an upload; what was stored stays"), a.removeUpload)
	lists := op{tag: "imports", method: http.MethodGet, path: "/warninglists", id: "warninglists", summary: "Lists of values that are worth a second look", act: people.Import, saw: "read"}
	add(a, lists, a.warningLists)
	put := op{tag: "imports", method: http.MethodPost, path: "/warninglists", id: "add-warninglist", summary: "Add a warning list in MISP's form, or replace one", act: people.Import, status: http.StatusCreated}
	add(a, put, a.addWarningList)
	drop := op{tag: "imports", method: http.MethodDelete, path: "/warninglists/{warninglist}", id: "remove-warninglist", summary: "Remove a warning list that was added", act: people.Import}
	add(a, drop, a.removeWarningList)
}

type uploadsOutput struct {
	Body struct {
		Uploads []importing.Job `json:"uploads"`
	}
}

func (a *api) listUploads(ctx context.Context, c caller, _ *struct{}) (*uploadsOutput, error) {
	list, err := a.Imports.Jobs(ctx, a.Handle, c.Actor)
	out := &uploadsOutput{}
	out.Body.Uploads = append([]importing.Job{}, list...)
	return out, err
}

type uploadOutput struct{ Body importing.Job }

func (a *api) upload(ctx context.Context, c caller, in *struct {
	Name    string `query:"name" maxLength:"200" default:"upload" doc:"What to call it"`
	RawBody []byte `contentType:"application/octet-stream" doc:"The file"`
},
) (*uploadOutput, error) {
	j, err := a.Imports.Stage(ctx, a.Handle, c.Actor, c.Access.Class, in.Name, bytes.NewReader(in.RawBody))
	return &uploadOutput{j}, err
}

// UploadInput names an upload.
type UploadInput struct {
	Upload string `path:"upload" maxLength:"64"`
}

func (a *api) oneUpload(ctx context.Context, c caller, in *UploadInput) (*uploadOutput, error) {
	j, err := a.Imports.Job(ctx, a.Handle, c.Actor, in.Upload)
	return &uploadOutput{j}, err
}

// optionsBody is what a person says of an upload.
type optionsBody struct {
	Kind        string        `json:"kind" enum:"stix,misp,csv,text"`
	TLP         string        `json:"tlp,omitempty" maxLength:"20" doc:"Of what carries none; without it that stays here"`
	PAP         string        `json:"pap,omitempty" maxLength:"20"`
	Origin      string        `json:"origin,omitempty" maxLength:"64" doc:"Whose objects these are; this side's when left out"`
	Contributor string        `json:"contributor,omitempty" enum:"member"`
	Sectors     []string      `json:"sectors,omitempty" maxItems:"50"`
	Collection  string        `json:"collection,omitempty" maxLength:"100"`
	Layout      *table.Layout `json:"layout,omitempty" doc:"Of a table; found out when left out"`
	SkipListed  bool          `json:"skip_listed,omitempty" doc:"Leave out what a warning list names"`

	Areas        []string `json:"areas,omitempty" maxItems:"50" doc:"Areas of cooperation they may cross under, such as in-jp-2022:1(6); any that an agreement allows when left out"`
	NotBefore    string   `json:"not_before,omitempty" maxLength:"40" doc:"End of an embargo, until which they leave for nobody; UTC where nothing else is said"`
	Expires      string   `json:"expires,omitempty" maxLength:"40" doc:"When they leave reads and edges everywhere"`
	ReleasableTo []string `json:"releasable_to,omitempty" maxItems:"50" doc:"Sides that may have them; no limit when left out"`
}

func (a *api) uploadOptions(ctx context.Context, c caller, in *struct {
	UploadInput
	Body optionsBody
},
) (*uploadOutput, error) {
	b := in.Body
	o := importing.Options{
		Kind: importing.Kind(b.Kind), TLP: b.TLP, PAP: b.PAP, Origin: b.Origin, Contributor: b.Contributor, Sectors: b.Sectors,
		Collection: b.Collection, SkipListed: b.SkipListed,
		Areas: b.Areas, NotBefore: b.NotBefore, Expires: b.Expires, ReleasableTo: b.ReleasableTo,
	}
	if b.Layout != nil {
		o.Layout = *b.Layout
	} else if o.Kind == importing.CSV {
		found, err := a.Imports.Detect(ctx, a.Handle, c.Actor, in.Upload)
		if err != nil {
			return nil, err
		}
		o.Layout = found.Layout
	}
	j, err := a.Imports.Correct(ctx, a.Handle, c.Actor, c.Access, in.Upload, o)
	return &uploadOutput{j}, err
}

func (a *api) confirmUpload(ctx context.Context, c caller, in *UploadInput) (*uploadOutput, error) {
	j, err := a.Imports.Confirm(ctx, a.Handle, c.Actor, c.Access.Class, in.Upload)
	return &uploadOutput{j}, err
}

func (a *api) cancelUpload(ctx context.Context, c caller, in *UploadInput) (*uploadOutput, error) {
	j, err := a.Imports.Cancel(ctx, a.Handle, c.Actor, in.Upload)
	return &uploadOutput{j}, err
}

func (a *api) retryUpload(ctx context.Context, c caller, in *UploadInput) (*uploadOutput, error) {
	j, err := a.Imports.Retry(ctx, a.Handle, c.Actor, in.Upload)
	return &uploadOutput{j}, err
}

func (a *api) removeUpload(ctx context.Context, c caller, in *UploadInput) (*struct{}, error) {
	return nil, a.Imports.Remove(ctx, a.Handle, c.Actor, in.Upload)
}

type warningListBody struct {
	Name    string `json:"name"`
	Type    string `json:"type" doc:"string, substring, hostname, cidr or regex"`
	Entries int64  `json:"entries"`
	BuiltIn bool   `json:"built_in"`
	Account string `json:"account,omitempty" doc:"Who added it"`
	Added   string `json:"added,omitempty" format:"date-time"`
}

type warningListsOutput struct {
	Body struct {
		Lists []warningListBody `json:"lists"`
	}
}

func addedList(l store.WarningList) warningListBody {
	return warningListBody{Name: l.Name, Type: l.Type, Entries: l.Entries, Account: l.Account, Added: stamp(l.Added)}
}

func (a *api) warningLists(ctx context.Context, c caller, _ *struct{}) (*warningListsOutput, error) {
	added, builtIn, err := a.Imports.WarningLists(ctx, a.Handle, c.Actor)
	out := &warningListsOutput{}
	out.Body.Lists = []warningListBody{}
	for _, l := range added {
		out.Body.Lists = append(out.Body.Lists, addedList(l))
	}
	for _, l := range builtIn {
		out.Body.Lists = append(out.Body.Lists, warningListBody{Name: l.Name, Type: l.Type, Entries: int64(len(l.Entries)), BuiltIn: true})
	}
	return out, err
}

type warningListOutput struct{ Body warningListBody }

func (a *api) addWarningList(ctx context.Context, c caller, in *struct {
	RawBody []byte `contentType:"application/json" doc:"name, type and list"`
},
) (*warningListOutput, error) {
	l, err := a.Imports.AddWarningList(ctx, a.Handle, c.Actor, in.RawBody)
	return &warningListOutput{addedList(l)}, err
}

func (a *api) removeWarningList(ctx context.Context, c caller, in *struct {
	Name string `path:"warninglist" maxLength:"300"`
},
) (*struct{}, error) {
	return nil, a.Imports.RemoveWarningList(ctx, a.Handle, c.Actor, in.Name)
}
