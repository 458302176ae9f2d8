package taxii_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"twoseas/internal/edge/taxii"
	"twoseas/internal/law/marking"
)

// TestScripts runs testdata/web: one server a file. A line is a comment, or
//
//	as NAME                 who sends from now on; "as nobody" sends no credentials
//	wait DURATION           moves the clock
//	METHOD PATH             a request, after its "with" and "send"
//	with HEADER: VALUE      a header of the next request; empty removes it
//	send BODY               its body; {{identity N MINUTE NAME TLP}} is an object
//	code == N               of the answer
//	header NAME == VALUE    of the answer; ~ takes a regular expression
//	body == TEXT            also contains, lacks, ~
//	save NAME REGEXP        keeps what the first group finds as $NAME
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/web/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Parallel()
			r := &script{t: t, s: newServer(t, func(c *taxii.Config) { c.MaxContentLength = 6000; c.PageMax = 100 }), vars: map[string]string{"main": mainID, "inbox": inbox, "hidden": hidden, "absent": absent}}
			for i, line := range strings.Split(string(raw), "\n") {
				r.at = file + ":" + strconv.Itoa(i+1)
				r.line(strings.TrimSpace(line))
			}
			if r.checks == 0 {
				t.Error("the script checks nothing")
			}
		})
	}
}

type script struct {
	t      *testing.T
	s      *server
	at     string
	who    string
	header []string
	body   string
	vars   map[string]string
	got    answer
	checks int
}

var (
	variable = regexp.MustCompile(`\$(\w+)`)
	macro    = regexp.MustCompile(`\{\{identity (\d+) (\d+) (\S+) (\S+)\}\}`)
)

func (r *script) expand(s string) string {
	s = macro.ReplaceAllStringFunc(s, func(m string) string {
		p := macro.FindStringSubmatch(m)
		n, _ := strconv.Atoi(p[1])
		minute, _ := strconv.Atoi(p[2])
		tlp, _ := marking.ParseTLP(p[4]) // "none" is NoTLP
		return identity(n, minute, p[3], tlp)
	})
	return variable.ReplaceAllStringFunc(s, func(m string) string {
		if v, ok := r.vars[m[1:]]; ok {
			return v
		}
		return m
	})
}

func (r *script) line(line string) {
	verb, rest, _ := strings.Cut(line, " ")
	rest = r.expand(rest)
	switch verb {
	case "", "#":
	case "as":
		r.who = strings.TrimPrefix(rest, "nobody")
	case "wait":
		d, err := time.ParseDuration(rest)
		if err != nil {
			r.t.Fatalf("%s: %v", r.at, err)
		}
		r.s.clk.Advance(d)
	case "with":
		name, value, _ := strings.Cut(rest, ":")
		r.header = append(r.header, name, strings.TrimSpace(value))
	case "send":
		r.body = rest
	case "GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS":
		r.got = r.s.as(r.who, verb, rest, r.body, r.header...)
		r.header, r.body = nil, ""
	default:
		r.checks++
		r.check(verb, rest)
	}
}

func (r *script) check(verb, rest string) {
	fields := strings.SplitN(rest, " ", 2)
	for len(fields) < 2 {
		fields = append(fields, "")
	}
	switch verb {
	case "code":
		r.compare("code", strconv.Itoa(r.got.status), fields[0], fields[1])
	case "body":
		r.compare("body", string(r.got.body), fields[0], fields[1])
	case "header":
		op, want, _ := strings.Cut(fields[1], " ")
		r.compare("header "+fields[0], strings.Join(r.got.header.Values(fields[0]), " | "), op, want)
	case "save":
		m := regexp.MustCompile(fields[1]).FindStringSubmatch(string(r.got.body))
		if m == nil {
			r.t.Fatalf("%s: %s does not match %s", r.at, fields[1], r.got.body)
		}
		r.vars[fields[0]] = m[1]
	default:
		r.t.Fatalf("%s: what is %q?", r.at, verb)
	}
}

func (r *script) compare(what, got, op, want string) {
	ok := false
	switch op {
	case "==":
		ok = got == want
	case "contains":
		ok = strings.Contains(got, want)
	case "lacks":
		ok = !strings.Contains(got, want)
	case "~":
		ok = regexp.MustCompile(want).MatchString(got)
	default:
		r.t.Fatalf("%s: what is %q?", r.at, op)
	}
	if !ok {
		r.t.Errorf("%s: %s is %q, want %s %q", r.at, what, got, op, want)
	}
}
