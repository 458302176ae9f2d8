package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
)

type agreementCmd struct {
	List        agreementList        `cmd:"" default:"1" help:"List the agreements of this node and who has signed."`
	Lint        agreementLint        `cmd:"" help:"Check a document: form, its own tests, unreachable rules."`
	Reference   agreementReference   `cmd:"" help:"Print the reference agreement (India-Japan), to begin from."`
	Add         agreementAdd         `cmd:"" help:"Add a document, or an amendment of one. It binds nobody before both sides have signed."`
	Show        agreementShow        `cmd:"" help:"Print a version as it was read, or as it is hashed."`
	Sign        agreementSign        `cmd:"" help:"Sign a version for this side."`
	Countersign agreementCountersign `cmd:"" help:"Take the partner's signature from a file."`
	Diff        agreementDiff        `cmd:"" help:"Say what a version would change, in words and for what this node holds."`
	Explain     agreementExplain     `cmd:"" help:"Say what may become of an object with given markings, and why."`
	Calendar    agreementCalendar    `cmd:"" help:"Print the dates of an agreement."`
	Event       agreementEvent       `cmd:"" help:"Record what happened: a notice, a difference, an extension."`
}

type agreementList struct{}

type versionOutput struct {
	Agreement string   `json:"agreement"`
	Version   int64    `json:"version"`
	Hash      string   `json:"hash"`
	Signed    []string `json:"signed"`
	InForce   bool     `json:"in_force"`
}

func versionsOf(list []accord.Status) []versionOutput {
	out := []versionOutput{}
	for _, s := range list {
		v := versionOutput{Agreement: string(s.ID), Version: s.Number, Hash: s.Hash.String(), Signed: []string{}, InForce: s.InForce}
		for _, side := range s.Signed {
			v.Signed = append(v.Signed, string(side))
		}
		out = append(out, v)
	}
	return out
}

// Run lists.
func (c *agreementList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		ids, err := n.Accords.Agreements(a.ctx, n.Live)
		if err != nil {
			return err
		}
		all := []versionOutput{}
		for _, id := range ids {
			list, err := n.Accords.Versions(a.ctx, n.Live, id)
			if err != nil {
				return err
			}
			all = append(all, versionsOf(list)...)
		}
		return a.say(map[string]any{"versions": all}, func() {
			if len(all) == 0 {
				a.printf("No agreement yet. See twoseas agreement add --help.\n")
			}
			for _, v := range all {
				state := "signed by " + strings.Join(v.Signed, " and ")
				if len(v.Signed) == 0 {
					state = "signed by nobody"
				}
				if v.InForce {
					state += ", in force"
				}
				a.printf("%s version %d  %s  %s\n", v.Agreement, v.Version, v.Hash, state)
			}
		})
	})
}

type agreementLint struct {
	File string `arg:"" help:"Document in YAML."`
}

// Run checks a document; it exits with 1 when there is something to say.
func (c *agreementLint) Run(a *app) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return fault.Errorf(fault.NotFound, "%w", err)
	}
	d, err := agreement.Parse(raw)
	if err != nil {
		return err
	}
	findings := []string{}
	for _, f := range agreement.Lint(d) {
		findings = append(findings, f.String())
	}
	err = a.say(map[string]any{"agreement": d.Agreement, "version": d.Version, "hash": d.Hash().String(), "tests": len(d.Tests), "findings": findings}, func() {
		for _, f := range findings {
			a.printf("%s: %s\n", c.File, f)
		}
		a.printf("%s version %d: %d rules, %d tests passed, %s\n", d.Agreement, d.Version, len(d.Rules), len(d.Tests), count(len(findings), "finding"))
	})
	if err == nil && len(findings) > 0 {
		return errNotSound
	}
	return err
}

type agreementReference struct{}

// Run prints the reference agreement.
func (c *agreementReference) Run(a *app) error {
	_, err := a.out.Write(agreement.Reference())
	return err
}

type agreementAdd struct {
	File string `arg:"" help:"Document in YAML. Sides without a key get the one this node knows."`
}

// Run adds a version.
func (c *agreementAdd) Run(a *app) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return fault.Errorf(fault.NotFound, "%w", err)
	}
	return a.with(func(n *node.Node) error {
		v, err := n.Accords.Add(a.ctx, n.Live, n.Operator(), raw)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"agreement": v.ID, "version": v.Number, "hash": v.Hash.String()}, func() {
			a.printf("%s version %d is here, not signed. Its hash, which the partner must show too:\n  %s\nSign it with: twoseas agreement sign %s\n", v.ID, v.Number, v.Hash, v.ID)
		})
	})
}

// pick names an agreement and one of its versions.
type pick struct {
	ID      string `arg:"" help:"Agreement, such as in-jp-2022."`
	Version int64  `placeholder:"N" help:"Version (default the newest)."`
}

func (p pick) find(a *app, n *node.Node) (accord.Status, error) {
	id, err := ident.ParseAgreement(p.ID)
	if err != nil {
		return accord.Status{}, err
	}
	list, err := n.Accords.Versions(a.ctx, n.Live, id)
	if err != nil {
		return accord.Status{}, err
	}
	for i := len(list) - 1; i >= 0; i-- {
		if p.Version == 0 || list[i].Number == p.Version {
			return list[i], nil
		}
	}
	return accord.Status{}, fault.Errorf(fault.NotFound, "%s has no version %d", id, p.Version)
}

type agreementShow struct {
	pick
	Canonical bool `help:"Print the canonical JSON that is hashed instead of the text it was read from."`
}

// Run prints a version.
func (c *agreementShow) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		s, err := c.find(a, n)
		if err != nil {
			return err
		}
		d, source, err := n.Accords.Document(a.ctx, n.Live, s.ID, s.Number)
		if err != nil {
			return err
		}
		if c.Canonical || a.JSON {
			if source, err = d.Canonical(); err != nil {
				return err
			}
			if a.JSON {
				if source, err = canon.Indent(source); err != nil {
					return err
				}
			}
		}
		_, err = a.out.Write(source)
		return err
	})
}

type agreementSign struct{ pick }

// Run signs.
func (c *agreementSign) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		s, err := c.find(a, n)
		if err != nil {
			return err
		}
		msg, err := n.Accords.Sign(a.ctx, n.Live, n.Operator(), s.Version)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"agreement": s.ID, "version": s.Number, "hash": s.Hash.String(), "note": string(msg)}, func() {
			a.printf("%s", msg)
			fmt.Fprintln(a.err, "Signed. A serving node sends this to the partner by itself; it can also go as a file.")
		})
	})
}

type agreementCountersign struct {
	File string     `arg:"" help:"The partner's signed note."`
	From ident.Side `required:"" placeholder:"SIDE" help:"The side that signed."`
}

// Run takes the partner's signature.
func (c *agreementCountersign) Run(a *app) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return fault.Errorf(fault.NotFound, "%w", err)
	}
	return a.with(func(n *node.Node) error { return n.Accords.Countersign(a.ctx, n.Live, c.From, raw) })
}

type agreementDiff struct {
	ID   string `arg:"" help:"Agreement."`
	From int64  `placeholder:"N" help:"Version to compare with (default the one in force)."`
	To   int64  `placeholder:"N" help:"Version to look at (default the newest)."`
}

// Run compares two versions.
func (c *agreementDiff) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		to, err := pick{ID: c.ID, Version: c.To}.find(a, n)
		if err != nil {
			return err
		}
		p, err := n.Accords.Diff(a.ctx, n.Live, to.ID, int(c.From), int(to.Number))
		if err != nil {
			return err
		}
		type change struct {
			Objects int64  `json:"objects"`
			Text    string `json:"text"`
			Opens   bool   `json:"opens"`
		}
		changes := []change{}
		for i, d := range p.Decisions {
			changes = append(changes, change{p.Objects[i], d.String(), d.Opens})
		}
		return a.say(map[string]any{"words": p.Words, "changes": changes, "same": p.Same, "same_objects": p.SameObjects}, func() {
			for _, w := range p.Words {
				a.printf("%s\n", w)
			}
			for _, d := range changes {
				a.printf("%s objects: %s\n", number(d.Objects), d.Text)
			}
			a.printf("%s of decision would change; %s objects would be decided as before.\n", count(len(changes), "kind"), number(p.SameObjects))
		})
	})
}

type agreementExplain struct {
	ID          ident.Agreement `arg:"" help:"Agreement."`
	Kind        string          `default:"threat" help:"Kind of object: threat, incident, practice, vulnerability, reference, feedback."`
	TLP         string          `placeholder:"LEVEL" help:"TLP; none when left out."`
	PAP         string          `placeholder:"LEVEL" help:"PAP."`
	Origin      ident.Side      `placeholder:"SIDE" help:"Whose object (default this side's)."`
	Contributor string          `enum:",member" default:"" help:"member for an industry member's."`
	Caveat      []string        `placeholder:"CODE" help:"Caveats, such as ORCON."`
	Class       string          `name:"classification" placeholder:"CODE" help:"Classification."`
	Consent     bool            `help:"All originators of what belongs to neither side have agreed that it goes to the partner."`
}

// Run explains.
func (c *agreementExplain) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		l := marking.Label{Kind: c.Kind, Origin: n.Config.Side, Contributor: c.Contributor}
		l.Caveats, l.Classification = c.Caveat, c.Class
		if c.Origin != "" {
			l.Origin = c.Origin
		}
		var err error
		if c.TLP != "" {
			if l.TLP, err = marking.ParseTLP(c.TLP); err != nil {
				return err
			}
		}
		if c.PAP != "" {
			if l.PAP, err = marking.ParsePAP(c.PAP); err != nil {
				return err
			}
		}
		if c.Consent {
			partner, err := n.Accords.Partner(a.ctx, n.Live, c.ID)
			if err != nil {
				return err
			}
			l = l.Consented(partner, time.Time{}, true, nil)
		}
		d, err := n.Accords.Explain(a.ctx, n.Live, c.ID, l)
		if err != nil {
			return err
		}
		type match struct {
			Rule    string `json:"rule"`
			Clause  string `json:"clause"`
			Outcome string `json:"outcome"`
			Reason  string `json:"reason"`
			Wins    bool   `json:"wins"`
		}
		matches := []match{}
		for _, m := range d.Matches {
			matches = append(matches, match{m.Rule, m.Clause, m.Effect.Outcome.String(), m.Effect.Reason, m.Wins})
		}
		return a.say(map[string]any{"outcome": d.Outcome.String(), "approvals": d.Approvals, "redact": d.Redact, "sentence": d.Sentence, "matches": matches}, func() {
			a.printf("%s\n", d.Sentence)
			for _, m := range d.Matches {
				mark := " "
				if m.Wins {
					mark = "*"
				}
				a.printf(" %s %-8s %-24s clause %s  %s\n", mark, m.Effect.Outcome, m.Rule, dash(m.Clause), m.Effect.Reason)
			}
		})
	})
}
