package stixtest

import (
	"encoding/binary"
	"encoding/hex"
	"iter"
	"strconv"
	"time"
)

// Indicators returns n distinct indicators of about 700 bytes, the same ones
// for the same seed: two fifths domain names, one fifth each addresses and
// URLs, the rest SHA-256 digests and addresses of e-mail. Values, identifiers
// and versions differ between any two of them, and identifiers between seeds.
// Each slice is the caller's.
func Indicators(n int, seed uint64) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range n {
			if !yield(indicator(seed, uint64(i))) {
				return
			}
		}
	}
}

// indicator writes the properties in the order of canonical form.
func indicator(seed, i uint64) []byte {
	at := Timestamp(created.Add(time.Duration(i) * time.Millisecond))
	kind, pattern := observable(seed, i)
	b := make([]byte, 0, 800)
	b = append(b, `{"confidence":`...)
	b = strconv.AppendUint(b, 30+mix(i)%70, 10)
	b = append(b, `,"created":"`+at+`","created_by_ref":"`+NumberedID("identity", 1)+`","description":"`...)
	b = append(b, kind+` seen in a campaign against operators of critical infrastructure; reported by a sensor of the national CERT and checked by an analyst. Block and look back thirty days.`...)
	b = append(b, `","external_references":[{"external_id":"CASE-`...)
	b = strconv.AppendUint(b, i, 10)
	b = append(b, `","source_name":"example-cert"}],"id":"`...)
	b = appendID(b, seed, i)
	b = append(b, `","indicator_types":["malicious-activity"],"kill_chain_phases":[{"kill_chain_name":"lockheed-martin-cyber-kill-chain","phase_name":"delivery"}],"labels":["phishing"],"modified":"`...)
	b = append(b, at+`","name":"`+kind+` `...)
	b = strconv.AppendUint(b, i, 10)
	b = append(b, `","pattern":"`+pattern+`","pattern_type":"stix","pattern_version":"2.1","spec_version":"2.1","type":"indicator","valid_from":"`+at+`"}`...)
	return b
}

// appendID appends the identifier of the i-th indicator of a seed. Its last 32
// bits differ between any two of a seed below 2^32; the rest is mixed so that
// neighbours are far apart, as random identifiers are.
func appendID(b []byte, seed, i uint64) []byte {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], mix(i))
	binary.BigEndian.PutUint64(u[8:], mix(seed))
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	binary.BigEndian.PutUint32(u[12:], binary.BigEndian.Uint32(u[12:])^uint32(i))
	x := hex.EncodeToString(u[:])
	return append(b, "indicator--"+x[:8]+"-"+x[8:12]+"-"+x[12:16]+"-"+x[16:20]+"-"+x[20:]...)
}

// observable returns the kind and the pattern of the i-th indicator.
func observable(seed, i uint64) (kind, pattern string) {
	n := strconv.FormatUint(i, 36)
	word := words[mix(i^seed)%uint64(len(words))]
	host := word + "-" + n + tlds[mix(i+seed)%uint64(len(tlds))]
	switch i % 10 {
	case 0, 1:
		return "Address", "[ipv4-addr:value = '" + ipv4(seed, i) + "']"
	case 2, 3, 4, 5:
		return "Domain", "[domain-name:value = '" + host + "']"
	case 6, 7:
		return "URL", "[url:value = 'https://" + host + "/" + word + "/index.php?id=" + n + "']"
	case 8:
		return "File", "[file:hashes.'SHA-256' = '" + digest(seed, i) + "']"
	}
	return "Sender", "[email-addr:value = '" + word + "." + n + "@" + host + "']"
}

// ipv4 maps i to an address, one to one: an odd factor permutes 32 bits.
func ipv4(seed, i uint64) string {
	a := uint32(i)*2654435761 + uint32(seed)
	return strconv.Itoa(int(a>>24)) + "." + strconv.Itoa(int(a>>16&255)) + "." +
		strconv.Itoa(int(a>>8&255)) + "." + strconv.Itoa(int(a&255))
}

// digest maps i to 64 hexadecimal digits, one to one: the first 16 are a
// permutation of i.
func digest(seed, i uint64) string {
	var b [32]byte
	for k := range 4 {
		binary.BigEndian.PutUint64(b[8*k:], mix(i+mix(seed+uint64(k))))
	}
	return hex.EncodeToString(b[:])
}

// mix permutes 64 bits (the finaliser of SplitMix64, Steele et al. 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

var (
	words = []string{"secure", "login", "update", "mail", "portal", "invoice", "support", "account", "verify", "cdn", "bank", "tax"}
	tlds  = []string{".example.com", ".example.net", ".example.org", ".example", ".test"}
)
