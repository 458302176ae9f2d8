package feed

import (
	"slices"

	"twoseas/internal/format/ioc"
	"twoseas/internal/format/outlet"
)

// file is one feed of a collection. act is what the home log calls reading it.
type file struct {
	name, what, media, act string
	serve                  func(*Server, *request, file) error
	list                   *list // of a list of values
}

// list is what a list of values is made of.
type list struct {
	form  func() outlet.Form
	kinds []ioc.Kind
}

// network is what names a party on a network.
var network = []ioc.Kind{ioc.IPv4, ioc.IPv6, ioc.IPv4Net, ioc.IPv6Net, ioc.Domain}

// plainLists are the lists with one value a line, and of what.
var plainLists = []struct {
	name, what string
	kinds      []ioc.Kind
}{
	{"ipv4.txt", "IPv4 addresses and networks", []ioc.Kind{ioc.IPv4, ioc.IPv4Net}},
	{"ipv6.txt", "IPv6 addresses and networks", []ioc.Kind{ioc.IPv6, ioc.IPv6Net}},
	{"domain.txt", "Domains", []ioc.Kind{ioc.Domain}},
	{"url.txt", "URLs", []ioc.Kind{ioc.URL}},
	{"email.txt", "Addresses of e-mail", []ioc.Kind{ioc.Email}},
	{"md5.txt", "MD5 digests of files", []ioc.Kind{ioc.MD5}},
	{"sha1.txt", "SHA-1 digests of files", []ioc.Kind{ioc.SHA1}},
	{"sha256.txt", "SHA-256 digests of files", []ioc.Kind{ioc.SHA256}},
	{"sha512.txt", "SHA-512 digests of files", []ioc.Kind{ioc.SHA512}},
	{"file-name.txt", "Names of files", []ioc.Kind{ioc.FileName}},
	{"mutex.txt", "Names of mutexes", []ioc.Kind{ioc.Mutex}},
	{"user-agent.txt", "User agents", []ioc.Kind{ioc.UserAgent}},
}

// files returns every feed a collection has.
func files() []file {
	out := []file{
		{"bundle.json", "STIX 2.1 bundle of everything", stixType, "out.stix", (*Server).bundle, nil},
		{"objects.csv", "Table of everything and the values it names", outlet.SheetType, "out.csv", (*Server).sheet, nil},
		{"atom.xml", "What is new, as Atom", outlet.AtomType, "out.atom", (*Server).news, nil},
		{"feed.json", "What is new, as JSON Feed", outlet.JSONType, "out.json-feed", (*Server).news, nil},
		{
			"suricata.rules", "Suricata rules", outlet.NewSuricata().Type(), "out.suricata", (*Server).values,
			&list{func() outlet.Form { return outlet.NewSuricata() }, append(slices.Clone(network), ioc.URL)},
		},
		{"rpz.zone", "Response policy zone", outlet.Zone{}.Type(), "out.rpz", (*Server).values, &list{func() outlet.Form { return outlet.Zone{} }, network}},
	}
	var all []ioc.Kind
	for _, p := range plainLists {
		all = append(all, p.kinds...)
	}
	out = append(out, file{
		"values.csv", "Table of values to look for, a line each, with how many sources name it", outlet.SheetType, "out.values", (*Server).values,
		&list{func() outlet.Form { return outlet.NewValues() }, all},
	})
	for _, p := range plainLists {
		out = append(out, file{
			p.name, p.what, outlet.Plain{}.Type(), "out.values", (*Server).values,
			&list{func() outlet.Form { return outlet.Plain{} }, p.kinds},
		})
	}
	return out
}

// Paths returns every path that is served; {collection} and {event} stand for
// what a path names.
func Paths() []string {
	out := []string{Prefix, Prefix + "{collection}/", MISPPrefix, MISPPrefix + "manifest.json", MISPPrefix + "hashes.csv", MISPPrefix + "{event}.json"}
	for _, f := range files() {
		out = append(out, Prefix+"{collection}/"+f.name)
	}
	return out
}

func fileOf(name string) (file, bool) {
	all := files()
	i := slices.IndexFunc(all, func(f file) bool { return f.name == name })
	if i < 0 {
		return file{}, false
	}
	return all[i], true
}
