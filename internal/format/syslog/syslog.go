// Package syslog writes what people did as messages a SIEM reads: structured
// data of RFC 5424, or CEF within the same envelope, framed for TLS (RFC 5425).
//
// Invariant: no value ends its field, its element or its message: what is read
// back is what was written.
package syslog

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Field is one more thing an event says.
type Field struct{ Name, Value string }

// Event is one act of a person, or of the node itself.
type Event struct {
	Host   string // who sends it
	Domain string // live, or an exercise
	Index  int64  // of its leaf in the home log
	At     time.Time
	By     string
	Act    string
	Fields []Field
}

// priority is facility 13, log audit, and severity 5, notice (RFC 5424 §6.2.1).
const priority = 13*8 + 5

// Enterprise is the number behind the names of structured data. It is the one
// that IANA keeps for examples (RFC 5612), since Twoseas has none of its own.
const Enterprise = "32473"

// Bounds of RFC 5424 §6, in bytes, and of a value.
const (
	maxHost  = 255
	maxName  = 32
	maxValue = 1000
)

// Frame writes a message with its length before it (RFC 5425 §4.3).
func Frame(dst, message []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(message)), 10)
	return append(append(dst, ' '), message...)
}

// Structured writes e with its fields as structured data.
func Structured(e Event) []byte {
	b := header(e)
	b = append(b, " [twoseas@"+Enterprise...)
	b = parameter(b, "index", strconv.FormatInt(e.Index, 10))
	b = parameter(b, "domain", e.Domain)
	b = parameter(b, "by", e.By)
	b = parameter(b, "act", e.Act)
	b = append(b, ']')
	if len(e.Fields) > 0 {
		b = append(b, "[about@"+Enterprise...)
		for _, f := range e.Fields {
			b = parameter(b, f.Name, f.Value)
		}
		b = append(b, ']')
	}
	return append(b, " \uFEFF"+text(e.By)+": "+text(e.Act)...) // a byte order mark: UTF-8 (§6.4)
}

// header writes all that stands before the structured data.
func header(e Event) []byte {
	b := append([]byte{'<'}, strconv.Itoa(priority)...)
	b = append(b, ">1 "...)
	b = e.At.UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
	b = append(b, ' ')
	b = append(b, printable(e.Host, maxHost)...)
	b = append(b, " twoseas - "...)
	return append(b, printable(e.Act, maxName)...)
}

// printable writes a word of the header: what has no place in it as _.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '_'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}

// parameter writes one SD-PARAM (§6.3.3).
func parameter(b []byte, name, value string) []byte {
	name = strings.NewReplacer("=", "_", "]", "_", `"`, "_").Replace(printable(name, maxName))
	b = append(append(append(b, ' '), name...), '=', '"')
	b = append(b, strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(text(value))...)
	return append(b, '"')
}

// text makes s one line of bounded length.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\uFEFF' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) <= maxValue {
		return s
	}
	cut := maxValue
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// CEF writes e in the Common Event Format, as the message of a syslog message.
// Fields have the prefix ts.
func CEF(e Event) []byte {
	b := append(header(e), " - CEF:0|Twoseas|Twoseas|1|"...)
	act := strings.NewReplacer(`\`, `\\`, `|`, `\|`).Replace(text(e.Act))
	b = append(b, act+"|"+act+"|3|"...)
	b = append(b, "rt="+strconv.FormatInt(e.At.UnixMilli(), 10)...)
	b = extension(b, "externalId", strconv.FormatInt(e.Index, 10))
	b = extension(b, "suser", e.By)
	b = extension(b, "tsDomain", e.Domain)
	for _, f := range e.Fields {
		b = extension(b, "ts"+key(f.Name), f.Value)
	}
	return b
}

func extension(b []byte, name, value string) []byte {
	b = append(append(append(b, ' '), name...), '=')
	return append(b, strings.NewReplacer(`\`, `\\`, `=`, `\=`).Replace(text(value))...)
}

// key writes a name as CEF wants it: not-taken is NotTaken.
func key(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		part = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, part)
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
