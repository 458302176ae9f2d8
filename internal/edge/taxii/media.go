package taxii

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The media types of TAXII 2.1 §1.6.8 and of what is in a collection.
const (
	mediaType  = "application/taxii+json;version=2.1"
	stixType   = "application/stix+json;version=2.1"
	baseType   = "application/taxii+json"
	version    = "2.1"
	typeHeader = "Content-Type"
)

// acceptable reports whether an answer in mediaType is one of those that the
// Accept headers ask for (RFC 9110 §12.5.1). The media type without a version
// means the newest there is, which is this one.
func acceptable(accept []string) bool {
	if len(accept) == 0 || len(accept) == 1 && (accept[0] == mediaType || accept[0] == "*/*") {
		return true
	}
	closest, ok := -1, false
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			if n, wanted := match(part); n > closest {
				closest, ok = n, wanted
			} else if n == closest {
				ok = ok || wanted
			}
		}
	}
	return ok
}

// match says how closely one media range fits mediaType, -1 for not at all,
// and whether it is wanted: its weight is not zero.
func match(mediaRange string) (closeness int, wanted bool) {
	if strings.TrimSpace(mediaRange) == "" {
		return -1, false
	}
	typ, params, err := mime.ParseMediaType(mediaRange)
	if err != nil {
		return -1, false
	}
	v, versioned := params["version"]
	switch {
	case typ == baseType && versioned && v == version:
		closeness = 3
	case typ == baseType && !versioned:
		closeness = 2
	case typ == "application/*":
		closeness = 1
	case typ == "*/*":
		closeness = 0
	default:
		return -1, false
	}
	q, weighted := params["q"]
	if !weighted {
		return closeness, true
	}
	weight, err := strconv.ParseFloat(q, 64)
	return closeness, err == nil && weight > 0 && weight <= 1
}

// isEnvelope reports whether a body's Content-Type is TAXII's.
func isEnvelope(h http.Header) bool {
	typ, params, err := mime.ParseMediaType(h.Get(typeHeader))
	if err != nil || typ != baseType {
		return false
	}
	v, versioned := params["version"]
	charset, named := params["charset"]
	return (!versioned || v == version) && (!named || strings.EqualFold(charset, "utf-8"))
}

// isPlain reports whether a body comes as it is, not compressed.
func isPlain(h http.Header) bool {
	e := h.Get("Content-Encoding")
	return e == "" || strings.EqualFold(e, "identity")
}
