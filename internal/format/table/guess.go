package table

import (
	"strconv"
	"strings"

	"twoseas/internal/format/ioc"
)

// names are the words by which headers are known, in lower case and without
// anything but letters and digits.
var names = map[string]string{}

func init() { // fills an embedded table
	for role, words := range map[string]string{
		Value: `value indicator ioc observable url uri link domain domainname host hostname fqdn ip ipaddress ipaddr ipv4 ipv6 srcip dstip
			address md5 sha1 sha256 sha512 hash filehash email emailaddress sender filename file mutex asn indicatorvalue 指標 ドメイン アドレス`,
		FirstSeen:   `date time datetime firstseen first timestamp created createdat added dateadded detected observed seen 日付 日時 検知日時 दिनांक`,
		Name:        `name title campaign malware family threat 名称 題名`,
		Description: `description comment comments note notes remark remarks details detail desc context 備考 説明 विवरण`,
		Tags:        `tag tags label labels category categories type threattype タグ`,
		TLP:         `tlp marking trafficlightprotocol`,
		PAP:         `pap`,
	} {
		for w := range strings.FieldsSeq(words) {
			names[w] = role
		}
	}
}

// plain strips a header to the form that names has.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-.:#/()[]\"'", r) {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(s)))
}

// isHeader reports whether the first record names columns: it holds no value,
// and it has a known name or values stand below it.
func isHeader(records [][]string) bool {
	known := false
	for _, cell := range records[0] {
		if isValue(cell) {
			return false
		}
		_, is := names[plain(cell)]
		known = known || is
	}
	if known || len(records) < 2 {
		return known
	}
	for _, cell := range records[1] {
		if isValue(cell) {
			return true
		}
	}
	return false
}

func isValue(cell string) bool {
	v, err := ioc.Guess(cell)
	return err == nil && v.Kind != ioc.FileName
}

// name sets the names of the columns.
func (l *Layout) name(records [][]string) {
	width := 0
	for _, r := range records {
		width = max(width, len(r))
	}
	l.Columns, l.Roles = make([]string, width), make([]string, width)
	for i := range l.Columns {
		l.Columns[i] = strconv.Itoa(i + 1)
		if l.Header && i < len(records[0]) && strings.TrimSpace(records[0][i]) != "" {
			l.Columns[i] = clip(strings.TrimSpace(strings.ToValidUTF8(records[0][i], "�")))
		}
	}
}

func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// guess sets the roles of the columns by their names, checked against what
// stands in them, and by what stands in them.
func (l *Layout) guess(records [][]string) {
	if l.Header {
		records = records[1:]
	}
	for i := range l.Columns {
		values, times, filled := 0, 0, 0
		for _, r := range records {
			if i >= len(r) || strings.TrimSpace(r[i]) == "" {
				continue
			}
			filled++
			if _, err := ioc.Guess(r[i]); err == nil {
				values++
			}
			if _, ok := moment(r[i], l.Zone); ok {
				times++
			}
		}
		most := func(n int) bool { return n*10 >= filled*6 && filled > 0 }
		role := names[plain(l.Columns[i])]
		switch {
		case role == Value && !most(values), role == FirstSeen && !most(times):
			role = Ignore
		case role == Ignore && most(times):
			role = FirstSeen
		case role == Ignore && most(values):
			role = Value
		}
		l.give(i, role)
	}
}

// give sets a role; what a row has once is taken from the first column that
// offers it.
func (l *Layout) give(i int, role string) {
	switch role {
	case FirstSeen, Name, Description, TLP, PAP:
		for _, have := range l.Roles[:i] {
			if have == role {
				return
			}
		}
	}
	l.Roles[i] = role
}
