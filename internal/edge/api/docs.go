package api

import (
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// docs serves the description as a page for people: made from the OpenAPI
// document, without scripts and without anything of another host.
func (a *api) docs(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	if err := docsPage.Execute(w, a.described()); err != nil {
		a.Log.DebugContext(r.Context(), "a reader went away", slog.String("error", err.Error()))
	}
}

// docsData is what the page shows.
type docsData struct {
	Title, Prefix, Stylesheet string
	Intro                     []string
	Groups                    []docsGroup
}

type docsGroup struct {
	Name, Text string
	Operations []docsOperation
}

type docsOperation struct {
	Method, Path, ID, Summary, Act string
	Person                         bool
	Parameters                     []docsField
	Takes, Media                   string
	Body, Answer                   []docsField
}

type docsField struct {
	Name, In, Type, Text string
	Required             bool
}

func (a *api) described() docsData {
	doc := a.huma.OpenAPI()
	d := docsData{Title: doc.Info.Title, Prefix: Prefix, Stylesheet: a.Stylesheet, Intro: strings.Split(doc.Info.Description, "\n\n")}
	for _, t := range doc.Tags {
		g := docsGroup{Name: t.Name, Text: t.Description}
		for _, o := range Operations(doc) {
			if slices.Contains(o.Tags, t.Name) {
				g.Operations = append(g.Operations, describe(doc, o))
			}
		}
		d.Groups = append(d.Groups, g)
	}
	return d
}

// Operation is one operation of the description.
type Operation struct {
	Method, Path string
	*huma.Operation
}

// Operations returns every operation in the order of paths and methods.
func Operations(doc *huma.OpenAPI) []Operation {
	var out []Operation
	for path, item := range doc.Paths {
		for method, o := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodDelete: item.Delete, http.MethodPatch: item.Patch,
		} {
			if o != nil {
				out = append(out, Operation{method, path, o})
			}
		}
	}
	slices.SortFunc(out, func(a, b Operation) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
	return out
}

func describe(doc *huma.OpenAPI, o Operation) docsOperation {
	d := docsOperation{Method: o.Method, Path: o.Path, ID: o.OperationID, Summary: o.Summary}
	acts, _ := o.Extensions[actExtension].([]string)
	d.Act = strings.Join(acts, " or ")
	d.Person, _ = o.Extensions[personExtension].(bool)
	for _, p := range o.Parameters {
		d.Parameters = append(d.Parameters, docsField{Name: p.Name, In: p.In, Type: typeOf(p.Schema), Text: textOf(p.Description, p.Schema), Required: p.Required})
	}
	if o.RequestBody != nil {
		for _, media := range slices.Sorted(maps.Keys(o.RequestBody.Content)) {
			d.Takes, d.Body = media, fieldsOf(doc, o.RequestBody.Content[media].Schema)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if strings.HasPrefix(status, "2") {
			d.answers(doc, o.Responses[status].Content)
		}
	}
	return d
}

// answers notes the media types of an answer, in the same order each time.
func (d *docsOperation) answers(doc *huma.OpenAPI, content map[string]*huma.MediaType) {
	media := slices.Sorted(maps.Keys(content))
	d.Media = strings.Join(media, " or ")
	for _, name := range media {
		if fields := fieldsOf(doc, content[name].Schema); len(fields) > 0 {
			d.Answer = fields
		}
	}
}

func textOf(text string, s *huma.Schema) string {
	if text == "" && s != nil {
		return s.Description
	}
	return text
}

func typeOf(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case len(s.Enum) > 0:
		var all []string
		for _, e := range s.Enum {
			all = append(all, fmt.Sprint(e))
		}
		return strings.Join(all, " | ")
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Items != nil:
		return "list of " + typeOf(s.Items)
	case s.Format != "":
		return s.Format
	}
	return s.Type
}

// fieldsOf lists the members of an object in a body, those of a list's items
// after it.
func fieldsOf(doc *huma.OpenAPI, s *huma.Schema) []docsField {
	if s != nil && s.Ref != "" {
		s = doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	if s == nil {
		return nil
	}
	var out []docsField
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p := s.Properties[name]
		out = append(out, docsField{Name: name, Type: typeOf(p), Text: p.Description, Required: slices.Contains(s.Required, name)})
		if p.Items != nil && p.Items.Ref != "" {
			for _, f := range fieldsOf(doc, p.Items) {
				f.Name = name + "[]." + f.Name
				out = append(out, f)
			}
		}
	}
	return out
}

var docsPage = template.Must(template.New("docs").Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>{{.Title}}: the interface for programs</title>{{if .Stylesheet}}<link rel="stylesheet" href="{{.Stylesheet}}">{{end}}</head>
<body>
<main>
<h1>{{.Title}}: the interface for programs</h1>
{{range .Intro}}<p>{{.}}</p>
{{end}}<p>The same for programs: <a href="{{.Prefix}}/openapi.yaml">openapi.yaml</a>, <a href="{{.Prefix}}/openapi.json">openapi.json</a>.</p>
<nav aria-label="Contents"><ul>
{{range .Groups}}<li><a href="#{{.Name}}">{{.Name}}</a>: {{.Text}}</li>
{{end}}</ul></nav>
{{range .Groups}}<section aria-labelledby="{{.Name}}">
<h2 id="{{.Name}}">{{.Name}}</h2>
<p>{{.Text}}.</p>
{{range .Operations}}<article aria-labelledby="op-{{.ID}}">
<h3 id="op-{{.ID}}"><code>{{.Method}} {{.Path}}</code></h3>
<p>{{.Summary}}. {{if .Act}}Needs an account that may {{.Act}}.{{else}}For any account.{{end}}{{if .Person}} A decision of a person: takes a password, not a token.{{end}}</p>
{{if .Parameters}}<div class="scroll" tabindex="0"><table class="table"><caption>Parameters</caption><thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Type</th><th scope="col">What</th></tr></thead><tbody>
{{range .Parameters}}<tr><th scope="row"><code>{{.Name}}</code></th><td>{{.In}}</td><td>{{.Type}}</td><td>{{.Text}}{{if .Required}} (needed){{end}}</td></tr>
{{end}}</tbody></table></div>
{{end}}{{if .Takes}}<div class="scroll" tabindex="0"><table class="table"><caption>Takes <code>{{.Takes}}</code></caption><thead><tr><th scope="col">Member</th><th scope="col">Type</th><th scope="col">What</th></tr></thead><tbody>
{{range .Body}}<tr><th scope="row"><code>{{.Name}}</code></th><td>{{.Type}}</td><td>{{.Text}}{{if .Required}} (needed){{end}}</td></tr>
{{else}}<tr><td colspan="3">The content itself.</td></tr>
{{end}}</tbody></table></div>
{{end}}{{if .Media}}<div class="scroll" tabindex="0"><table class="table"><caption>Answers <code>{{.Media}}</code></caption><thead><tr><th scope="col">Member</th><th scope="col">Type</th><th scope="col">What</th></tr></thead><tbody>
{{range .Answer}}<tr><th scope="row"><code>{{.Name}}</code></th><td>{{.Type}}</td><td>{{.Text}}</td></tr>
{{else}}<tr><td colspan="3">The content itself.</td></tr>
{{end}}</tbody></table></div>
{{end}}</article>
{{end}}</section>
{{end}}</main>
</body>
</html>
`))
