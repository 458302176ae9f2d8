// Package marking reads handling terms: TLP 2.0, PAP, classification and
// caveats, and combines them. It defines the Label, the one value a release
// decision depends on.
//
// Invariants: combining terms never makes them more open; what is not
// understood is kept in Terms.Unknown and never ignored; equal labels have
// equal canonical bytes.
package marking

import (
	"strings"

	"twoseas/internal/base/fault"
)

// TLP is a level of the Traffic Light Protocol 2.0 (https://www.first.org/tlp/),
// ordered by strictness. The zero value says that there is no TLP marking.
type TLP uint8

// The levels of TLP 2.0.
const (
	NoTLP TLP = iota
	Clear
	Green
	Amber
	AmberStrict
	Red
)

var tlpNames = [...]string{"none", "clear", "green", "amber", "amber+strict", "red"}

// The marking-definition objects of TLP 2.0 in STIX 2.1.
var tlpIDs = [...]string{
	Clear:       "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	Green:       "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	Amber:       "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	AmberStrict: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	Red:         "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// wellKnown maps every marking-definition whose meaning is fixed: TLP 2.0, the
// four TLP 1 objects (STIX 2.1 §7.2.1.4) and the five of the OASIS PAP
// extension.
var wellKnown = map[string]Terms{
	tlpIDs[Clear]:       {TLP: Clear},
	tlpIDs[Green]:       {TLP: Green},
	tlpIDs[Amber]:       {TLP: Amber},
	tlpIDs[AmberStrict]: {TLP: AmberStrict},
	tlpIDs[Red]:         {TLP: Red},

	"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": {TLP: Clear}, // TLP 1 white
	"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": {TLP: Green},
	"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": {TLP: Amber},
	"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": {TLP: Red},

	"marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92": {PAP: PAPClear},
	"marking-definition--a3bea94c-b469-41dc-9cfe-d6e7daba7730": {PAP: PAPClear}, // PAP white
	"marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9": {PAP: PAPGreen},
	"marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab": {PAP: PAPAmber},
	"marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e": {PAP: PAPRed},
}

// WellKnown returns the terms of a marking-definition whose id alone says
// what it means.
func WellKnown(id string) (Terms, bool) {
	t, ok := wellKnown[id]
	return t, ok
}

// TLPs returns the five levels, least strict first.
func TLPs() []TLP { return []TLP{Clear, Green, Amber, AmberStrict, Red} }

// ParseTLP reads a level with or without "TLP:", in any case; "white" is read
// as clear (TLP 1). Anything else is fault.Invalid.
func ParseTLP(s string) (TLP, error) {
	n := colour(s, "tlp:")
	for i, name := range tlpNames {
		if n == name && TLP(i) != NoTLP {
			return TLP(i), nil
		}
	}
	return NoTLP, fault.Errorf(fault.Invalid, "TLP %.40q: want clear, green, amber, amber+strict or red", s)
}

// Name returns the level as agreements and labels write it: "amber+strict";
// "none" when there is none.
func (t TLP) Name() string {
	if int(t) < len(tlpNames) {
		return tlpNames[t]
	}
	return "unknown"
}

// String returns the level as people write it, TLP:AMBER+STRICT. Labels stay
// in Latin capitals in every language.
func (t TLP) String() string {
	if t == NoTLP || int(t) >= len(tlpNames) {
		return "no TLP"
	}
	return "TLP:" + strings.ToUpper(tlpNames[t])
}

// DefinitionID returns the id of the level's TLP 2.0 marking-definition, or
// "" when there is no level.
func (t TLP) DefinitionID() string {
	if int(t) < len(tlpIDs) {
		return tlpIDs[t]
	}
	return ""
}

// PAP is a level of the Permissible Actions Protocol, ordered by strictness.
// The zero value says that there is no PAP marking, which limits nothing.
type PAP uint8

// The levels of PAP.
const (
	NoPAP PAP = iota
	PAPClear
	PAPGreen
	PAPAmber
	PAPRed
)

var papNames = [...]string{"none", "clear", "green", "amber", "red"}

// ParsePAP reads a level with or without "PAP:", in any case; "white" is read
// as clear. Anything else is fault.Invalid.
func ParsePAP(s string) (PAP, error) {
	n := colour(s, "pap:")
	for i, name := range papNames {
		if n == name && PAP(i) != NoPAP {
			return PAP(i), nil
		}
	}
	return NoPAP, fault.Errorf(fault.Invalid, "PAP %.40q: want clear, green, amber or red", s)
}

// PAPs returns the four levels, least strict first.
func PAPs() []PAP { return []PAP{PAPClear, PAPGreen, PAPAmber, PAPRed} }

// Name returns the level as agreements and labels write it.
func (p PAP) Name() string {
	if int(p) < len(papNames) {
		return papNames[p]
	}
	return "unknown"
}

// String returns the level as people write it, PAP:AMBER.
func (p PAP) String() string {
	if p == NoPAP || int(p) >= len(papNames) {
		return "no PAP"
	}
	return "PAP:" + strings.ToUpper(papNames[p])
}

// colour strips prefix and the spaces around a level's name.
func colour(s, prefix string) string {
	n := strings.ToLower(strings.TrimSpace(s))
	n = strings.TrimSpace(strings.TrimPrefix(n, prefix))
	if n == "white" {
		return "clear"
	}
	return n
}
