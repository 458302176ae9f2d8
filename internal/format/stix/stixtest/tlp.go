package stixtest

import (
	"fmt"
	"strings"

	"twoseas/internal/format/stix"
)

// tlpIDs are the fixed markings of TLP 2.0.
var tlpIDs = map[string]string{
	"clear":        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	"green":        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	"amber":        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	"red":          "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// TLPID returns the identifier of the marking for a level of TLP 2.0. It
// panics on another level.
func TLPID(level string) string {
	id, ok := tlpIDs[level]
	if !ok {
		panic(fmt.Sprintf("stixtest: TLP 2.0 has no level %q", level))
	}
	return id
}

// TLPMarking returns the marking-definition for a level of TLP 2.0.
func TLPMarking(level string) []byte {
	return build(Props{
		"type": "marking-definition", "spec_version": "2.1", "id": TLPID(level),
		"created": "2022-10-01T00:00:00.000Z", "name": "TLP:" + strings.ToUpper(level),
		"extensions": Props{stix.TLP2Extension: Props{"extension_type": "property-extension", "tlp_2_0": level}},
	}, nil)
}
