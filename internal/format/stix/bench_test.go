package stix_test

import (
	"testing"

	"twoseas/internal/format/stix"
)

func BenchmarkParse(b *testing.B) {
	for name, file := range map[string]string{
		"attack-enterprise": "stix/attack-enterprise.json", "pegasus": "stix/pegasus.stix2.json",
	} {
		b.Run(name, func(b *testing.B) {
			all := elements(b, shared(b, file))
			size := 0
			for _, raw := range all {
				size += len(raw)
			}
			b.SetBytes(int64(size / len(all)))
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := stix.Parse(all[i%len(all)], stix.Options{}); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
