package api

import (
	"context"
	"net/http"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/people"
	law "twoseas/internal/law/contact"
)

// contacts is the directory of points of contact, and the checks of them.
func (a *api) contacts() {
	at := func(method, path, id, summary string, act people.Act, or ...people.Act) op {
		return op{tag: "contacts", method: method, path: path, id: id, summary: summary, act: act, or: or}
	}
	list := at(http.MethodGet, "/agreements/{agreement}/contacts", "contacts", "Points of contact of both sides, how they cover the areas, and the days meant for exchanging them", people.Reach)
	list.saw = "read"
	add(a, list, a.listContacts)
	create := at(http.MethodPost, "/agreements/{agreement}/contacts", "add-contact", "Add a point of contact of this side; the partner is told", people.Appoint)
	create.status = http.StatusCreated
	add(a, create, a.addContact)
	one := at(http.MethodGet, "/contacts/{contact}", "contact", "One point of contact with its keys and the history of its checks", people.Reach)
	one.saw = "read"
	add(a, one, a.oneContact)
	add(a, at(http.MethodPut, "/agreements/{agreement}/contacts/{contact}", "change-contact", "Change all of a point of contact of this side but its keys and who holds it", people.Appoint), a.changeContact)
	add(a, at(http.MethodPost, "/contacts/{contact}/retire", "retire-contact", "Say that the post is no more; who held it loses what went with it", people.Appoint), a.retireContact)
	leave := at(http.MethodPost, "/contacts/{contact}/leave", "leave-contact", "Say that whoever held the post left: sessions, tokens and roles that went with it end at once", people.Appoint, people.Administer)
	leave.person = true
	add(a, leave, a.leaveContact)
	assign := at(http.MethodPost, "/contacts/{contact}/holder", "assign-contact", "Say which account holds the post, and which of its roles go with it", people.Administer)
	assign.person = true
	add(a, assign, a.assignContact)
	hear := at(http.MethodPost, "/contacts/{contact}/keys", "hear-key", "Say that you heard a key's fingerprint out of band; it takes two people", people.Appoint)
	hear.person = true
	add(a, hear, a.hearKey)
	add(a, at(http.MethodDelete, "/contacts/{contact}/keys/{fingerprint}", "drop-key", "Trust a key no more", people.Appoint), a.dropKey)
	add(a, at(http.MethodPost, "/contacts/{contact}/checks", "check-contact", "Send a communication check to a contact of the partner", people.Appoint), a.checkContact)
	say := at(http.MethodPost, "/contact-checks/{check}/answer", "answer-check", "Answer a communication check of the partner, as who holds the post or stands in for it", people.Reach)
	say.person = true
	add(a, say, a.answerCheck)
	add(a, at(http.MethodPost, "/contact-checks/{check}/waive", "waive-check", "Take back a check that was not answered; the reason stays at home", people.Appoint), a.waiveCheck)
}

// ContactText is what people say of a point of contact.
type ContactText struct {
	Agency    string        `json:"agency" minLength:"1" maxLength:"200"`
	Post      string        `json:"post" minLength:"1" maxLength:"200" doc:"Preferred over the name of a person"`
	Person    string        `json:"person,omitempty" maxLength:"200" doc:"Personal data; the partner gets it"`
	Role      string        `json:"role" enum:"diplomatic,technical,law-enforcement,sectoral"`
	Areas     []string      `json:"areas" minItems:"1" maxItems:"50" doc:"Of the agreement, such as 1(1)"`
	BackupOf  string        `json:"backup_of,omitempty" maxLength:"64" doc:"Contact that this one stands in for"`
	Languages []string      `json:"languages,omitempty" maxItems:"50"`
	Hours     law.Hours     `json:"hours"`
	Channels  []law.Channel `json:"channels" minItems:"1" maxItems:"50"`
	ValidFrom string        `json:"valid_from" example:"2027-03-18"`
	ReviewDue string        `json:"review_due,omitempty"`
	Handling  string        `json:"handling,omitempty" maxLength:"200"`
}

func (t ContactText) contact(id string) law.Contact {
	return law.Contact{
		ID: id, Agency: t.Agency, Post: t.Post, Person: t.Person, Role: law.Role(t.Role), Areas: t.Areas, BackupOf: t.BackupOf, Languages: t.Languages,
		Hours: t.Hours, Channels: t.Channels, ValidFrom: t.ValidFrom, ReviewDue: t.ReviewDue, Handling: t.Handling,
	}
}

type keyWarningBody struct {
	Fingerprint string `json:"fingerprint"`
	Days        int    `json:"days" doc:"Left; below zero once it has ended"`
}

type contactCheckBody struct {
	Check     string `json:"check"`
	Scheduled bool   `json:"scheduled" doc:"It came by the calendar and not by hand"`
	Received  bool   `json:"received" doc:"Of a contact of this side"`
	State     string `json:"state" enum:"sent,answered,late,missed,channel-failed,waived"`
	Sent      string `json:"sent"`
	Due       string `json:"due"`
	Person    string `json:"person,omitempty" doc:"Of this side: who asked, or who answered"`
	Reason    string `json:"reason,omitempty"`
	Note      string `json:"note,omitempty" doc:"The answer as its side signed it"`
}

func checkBody(k contact.Check) contactCheckBody {
	return contactCheckBody{
		k.ID, k.Scheduled, k.Received, string(k.State), stamp(k.Sent.UnixMicro()), stamp(k.Due.UnixMicro()), k.Person, k.Reason, string(k.Note),
	}
}

// ContactBody is a contact as it is told.
type ContactBody struct {
	Contact string `json:"contact"`
	Side    string `json:"side"`
	ContactText
	Keys       []law.Key         `json:"keys"`
	Vacant     bool              `json:"vacant" doc:"Nobody holds the post"`
	Retired    bool              `json:"retired" doc:"The post is no more"`
	OnDuty     string            `json:"on_duty,omitempty" doc:"Contact to ask now"`
	There      bool              `json:"there" doc:"Whom to ask is there by the hours"`
	Unverified int               `json:"unverified" doc:"Keys that two people here have not heard"`
	Warnings   []keyWarningBody  `json:"warnings" doc:"Keys that end within 60 days"`
	Latest     *contactCheckBody `json:"latest,omitempty" doc:"Newest communication check"`
	Next       string            `json:"next,omitempty" doc:"When the next check comes by the calendar"`
	Holder     string            `json:"holder,omitempty" doc:"Account that holds the post of this side"`
	Modified   string            `json:"modified"`
}

func contactOf(e contact.Entry) ContactBody {
	b := ContactBody{
		Contact: e.ID, Side: string(e.Side), Keys: append([]law.Key{}, e.Keys...), Vacant: e.Vacant, Retired: e.Revoked, OnDuty: e.Duty.Contact,
		There: e.Duty.There, Unverified: e.Unverified, Holder: e.Holder, Modified: stamp(e.Modified.UnixMicro()), Warnings: []keyWarningBody{},
		ContactText: ContactText{
			Agency: e.Agency, Post: e.Post, Person: e.Person, Role: string(e.Role), Areas: texts(e.Areas), BackupOf: e.BackupOf, Languages: texts(e.Languages),
			Hours: e.Hours, Channels: e.Channels, ValidFrom: e.ValidFrom, ReviewDue: e.ReviewDue, Handling: e.Handling,
		},
	}
	for _, w := range e.Warnings {
		b.Warnings = append(b.Warnings, keyWarningBody{w.Fingerprint, w.Days})
	}
	if e.Latest != nil {
		k := checkBody(*e.Latest)
		b.Latest = &k
	}
	if !e.Next.IsZero() {
		b.Next = stamp(e.Next.UnixMicro())
	}
	return b
}

type coverBody struct {
	Area     string   `json:"area"`
	Side     string   `json:"side"`
	Contacts []string `json:"contacts" doc:"Empty where there is a gap"`
	Roles    []string `json:"roles"`
}

type countdownBody struct {
	Clause string `json:"clause"`
	Day    int    `json:"day" doc:"1 on the first; more than of once the days are over"`
	Of     int    `json:"of"`
	From   string `json:"from"`
	To     string `json:"to"`
}

type contactsOutput struct {
	Body struct {
		Contacts  []ContactBody  `json:"contacts"`
		Coverage  []coverBody    `json:"coverage" doc:"Area by side"`
		Gaps      int            `json:"gaps"`
		Crosses   bool           `json:"crosses" doc:"A rule of the agreement lets points of contact cross"`
		Countdown *countdownBody `json:"countdown,omitempty"`
	}
}

func (a *api) listContacts(ctx context.Context, c caller, in *AgreementInput) (*contactsOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	d, err := a.Contacts.Directory(ctx, a.Handle, c.Actor, id)
	if err != nil {
		return nil, err
	}
	out := &contactsOutput{}
	b := &out.Body
	b.Contacts, b.Coverage, b.Gaps, b.Crosses = []ContactBody{}, []coverBody{}, d.Matrix.Gaps, d.Clause != ""
	for _, e := range d.Entries {
		b.Contacts = append(b.Contacts, contactOf(e))
	}
	for _, row := range d.Matrix.Areas {
		for _, cell := range row.Cells {
			b.Coverage = append(b.Coverage, coverBody{row.Area, string(cell.Side), texts(cell.Contacts), texts(cell.Roles)})
		}
	}
	if n := d.Countdown; n != nil {
		b.Countdown = &countdownBody{d.Clause, n.Day, n.Of, stamp(n.From.UnixMicro()), stamp(n.To.UnixMicro())}
	}
	return out, nil
}

// ContactInput names a point of contact.
type ContactInput struct {
	Contact string `path:"contact" maxLength:"100"`
}

type heardBody struct {
	Kind        string `json:"kind"`
	Fingerprint string `json:"fingerprint"`
	First       string `json:"first" doc:"Who heard it first"`
	FirstMeans  string `json:"first_means"`
	FirstAt     string `json:"first_at"`
	Second      string `json:"second,omitempty" doc:"Nobody so far when left out"`
	SecondMeans string `json:"second_means,omitempty"`
	SecondAt    string `json:"second_at,omitempty"`
}

type contactOutput struct {
	Body struct {
		ContactBody
		Agreement string             `json:"agreement"`
		Deputies  []string           `json:"deputies"`
		Heard     []heardBody        `json:"heard" doc:"What people here heard of its keys out of band"`
		Checks    []contactCheckBody `json:"checks" doc:"Newest first"`
	}
}

func (a *api) oneContact(ctx context.Context, c caller, in *ContactInput) (*contactOutput, error) {
	d, err := a.Contacts.Contact(ctx, a.Handle, c.Actor, in.Contact)
	if err != nil {
		return nil, err
	}
	out := &contactOutput{}
	b := &out.Body
	b.ContactBody, b.Agreement = contactOf(d.Entry), string(d.Agreement)
	b.Deputies, b.Heard, b.Checks = []string{}, []heardBody{}, []contactCheckBody{}
	for _, s := range d.Deputies {
		b.Deputies = append(b.Deputies, s.ID)
	}
	for _, k := range d.Heard {
		h := heardBody{Kind: k.Kind, Fingerprint: k.Fingerprint, First: k.First, FirstMeans: k.FirstMeans, FirstAt: stamp(k.FirstAt), Second: k.Second, SecondMeans: k.SecondMeans}
		if k.Second != "" {
			h.SecondAt = stamp(k.SecondAt)
		}
		b.Heard = append(b.Heard, h)
	}
	for _, k := range d.Checks {
		b.Checks = append(b.Checks, checkBody(k))
	}
	return out, nil
}

func (a *api) addContact(ctx context.Context, c caller, in *struct {
	AgreementInput
	Body ContactText
},
) (*contactOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	made, err := a.Contacts.Set(ctx, a.Handle, c.Actor, id, in.Body.contact(""))
	if err != nil {
		return nil, err
	}
	return a.oneContact(ctx, c, &ContactInput{made.ID})
}

func (a *api) changeContact(ctx context.Context, c caller, in *struct {
	AgreementInput
	ContactInput
	Body ContactText
},
) (*contactOutput, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if _, err := a.Contacts.Set(ctx, a.Handle, c.Actor, id, in.Body.contact(in.Contact)); err != nil {
		return nil, err
	}
	return a.oneContact(ctx, c, &in.ContactInput)
}

func (a *api) retireContact(ctx context.Context, c caller, in *ContactInput) (*contactOutput, error) {
	if err := a.Contacts.Retire(ctx, a.Handle, c.Actor, in.Contact); err != nil {
		return nil, err
	}
	return a.oneContact(ctx, c, in)
}

func (a *api) leaveContact(ctx context.Context, c caller, in *ContactInput) (*contactOutput, error) {
	if err := a.Contacts.Leave(ctx, a.Handle, c.Actor, in.Contact); err != nil {
		return nil, err
	}
	return a.oneContact(ctx, c, in)
}

func (a *api) assignContact(ctx context.Context, c caller, in *struct {
	ContactInput
	Body struct {
		Account string   `json:"account" maxLength:"64"`
		Roles   []string `json:"roles,omitempty" maxItems:"20" doc:"Roles of the account that go with the post; all when left out"`
	}
},
) (*contactOutput, error) {
	var roles []people.Role
	for _, s := range in.Body.Roles {
		r, err := people.ParseRole(s)
		if err != nil {
			return nil, err
		}
		roles = append(roles, r)
	}
	if err := a.Contacts.Assign(ctx, a.Handle, c.Actor, in.Contact, in.Body.Account, roles); err != nil {
		return nil, err
	}
	return a.oneContact(ctx, c, &in.ContactInput)
}

func (a *api) hearKey(ctx context.Context, c caller, in *struct {
	ContactInput
	Body struct {
		Kind        string `json:"kind" enum:"pgp,smime,age"`
		Fingerprint string `json:"fingerprint" maxLength:"200"`
		Expires     string `json:"expires,omitempty" example:"2027-03-18"`
		Means       string `json:"means" enum:"in-person,telephone,video,diplomatic-note,paper"`
	}
},
) (*contactOutput, error) {
	b := in.Body
	if _, err := a.Contacts.Hear(ctx, a.Handle, c.Actor, in.Contact, contact.Heard{Kind: b.Kind, Fingerprint: b.Fingerprint, Expires: b.Expires, Means: b.Means}); err != nil {
		return nil, err
	}
	return a.oneContact(ctx, c, &in.ContactInput)
}

func (a *api) dropKey(ctx context.Context, c caller, in *struct {
	ContactInput
	Fingerprint string `path:"fingerprint" maxLength:"200"`
},
) (*contactOutput, error) {
	if err := a.Contacts.DropKey(ctx, a.Handle, c.Actor, in.Contact, in.Fingerprint); err != nil {
		return nil, err
	}
	return a.oneContact(ctx, c, &in.ContactInput)
}

func (a *api) checkContact(ctx context.Context, c caller, in *ContactInput) (*contactOutput, error) {
	if _, err := a.Contacts.Ask(ctx, a.Handle, c.Actor, in.Contact); err != nil {
		return nil, err
	}
	return a.oneContact(ctx, c, in)
}

// ContactCheckInput names a communication check.
type ContactCheckInput struct {
	Check string `path:"check" maxLength:"100"`
}

type contactStateOutput struct {
	Body struct {
		State string `json:"state" enum:"answered,late,waived"`
	}
}

func (a *api) answerCheck(ctx context.Context, c caller, in *ContactCheckInput) (*contactStateOutput, error) {
	state, err := a.Contacts.Answer(ctx, a.Handle, c.Actor, in.Check)
	out := &contactStateOutput{}
	out.Body.State = string(state)
	return out, err
}

func (a *api) waiveCheck(ctx context.Context, c caller, in *struct {
	ContactCheckInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Stays at home"`
	}
},
) (*contactStateOutput, error) {
	err := a.Contacts.Waive(ctx, a.Handle, c.Actor, in.Check, in.Body.Reason)
	out := &contactStateOutput{}
	out.Body.State = string(law.Waived)
	return out, err
}
