package pattern

import "strconv"

// String prints p in one line. Parsed again it gives the same tree.
func (p *Pattern) String() string {
	if p.root == nil {
		return ""
	}
	return string(p.root.append(nil))
}

func (e *obsExpr) append(b []byte) []byte {
	switch {
	case e.kind == obsTest:
		b = append(e.test.append(append(b, '[')), ']')
	case len(e.qualifiers) > 0:
		b = append(e.join(append(b, '(')), ')')
	default:
		b = e.join(b)
	}
	for _, q := range e.qualifiers {
		b = q.append(append(b, ' '))
	}
	return b
}

// join prints the operands of e without parentheses around the whole. An
// operand needs its own where it binds no stronger than e; a qualified one
// brings them.
func (e *obsExpr) join(b []byte) []byte {
	for i, a := range e.args {
		if i > 0 {
			b = append(append(append(b, ' '), obsWords[e.kind]...), ' ')
		}
		if a.kind <= e.kind && len(a.qualifiers) == 0 && e.kind != obsGroup {
			b = append(a.append(append(b, '(')), ')')
		} else {
			b = a.append(b)
		}
	}
	return b
}

func (q qualifier) append(b []byte) []byte {
	b = append(append(b, qualifierWords[q.kind]...), ' ')
	switch q.kind {
	case within:
		return append(append(b, q.seconds...), " SECONDS"...)
	case repeats:
		return append(strconv.AppendInt(b, int64(q.count), 10), " TIMES"...)
	default:
		return q.stop.append(append(q.start.append(b), " STOP "...))
	}
}

func (e *cmpExpr) append(b []byte) []byte {
	if e.kind == cmpTest {
		return e.test.append(b)
	}
	for i, a := range e.args {
		if i > 0 {
			b = append(append(append(b, ' '), cmpWords[e.kind]...), ' ')
		}
		if a.kind <= e.kind {
			b = append(a.append(append(b, '(')), ')')
		} else {
			b = a.append(b)
		}
	}
	return b
}

func (c *comparison) append(b []byte) []byte {
	if c.op == opExists {
		if c.not {
			b = append(b, "NOT "...)
		}
		b = append(append(b, "EXISTS "...), c.objectType...)
		return c.appendPath(append(b, ':'))
	}
	b = c.appendPath(append(append(b, c.objectType...), ':'))
	if c.not {
		b = append(b, " NOT"...)
	}
	b = append(append(append(b, ' '), c.op.String()...), ' ')
	if c.op != opIn {
		return c.values[0].append(b)
	}
	b = append(b, '(')
	for i, v := range c.values {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = v.append(b)
	}
	return append(b, ')')
}

func (c *comparison) pathText() string { return string(c.appendPath(nil)) }

func (c *comparison) appendPath(b []byte) []byte {
	for i, s := range c.path {
		switch s.kind {
		case stepIndex:
			b = append(strconv.AppendInt(append(b, '['), int64(s.index), 10), ']')
		case stepAny:
			b = append(b, "[*]"...)
		default:
			if i > 0 {
				b = append(b, '.')
			}
			b = appendName(b, s.name)
		}
	}
	return b
}

// appendName prints a property, in quotes unless it is an identifier.
func appendName(b []byte, name string) []byte {
	plain := name != "" && isLetter(name[0]) && !isKeyword(name) && name != "true" && name != "false"
	for i := 0; plain && i < len(name); i++ {
		plain = isLetter(name[i]) || isDigit(name[i])
	}
	if plain {
		return append(b, name...)
	}
	return appendQuoted(b, name)
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '\'')
	for i := range len(s) {
		if s[i] == '\'' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '\'')
}

func (c constant) append(b []byte) []byte {
	switch c.kind {
	case constString:
		return appendQuoted(b, c.text)
	case constTime:
		b = append(b, 't')
	case constHex:
		b = append(b, 'h')
	case constBinary:
		b = append(b, 'b')
	default:
		return append(b, c.text...)
	}
	return append(append(append(b, '\''), c.text...), '\'')
}
