package agreement

import (
	"fmt"
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// SigningText returns the text each side signs as a C2SP signed note. It
// names the document's hash and nothing that the hash does not cover. A
// document whose sides have no keys yet cannot be signed: fault.Conflict.
func (d *Document) SigningText() (string, error) {
	for _, s := range d.Sides {
		if s.Key == "" {
			return "", fault.Errorf(fault.Conflict, "agreement %s: side %s has no key yet", d.Agreement, s.ID)
		}
	}
	return fmt.Sprintf("twoseas/agreement/v1\nagreement %s\nversion %d\nhash %s\n", d.Agreement, d.Version, d.Hash()), nil
}

// SignedBoth reports whether both sides are among those who signed the
// document's hash.
func (d *Document) SignedBoth(signed map[ident.Digest][]ident.Side) bool {
	who := signed[d.Hash()]
	for _, s := range d.SideIDs() {
		if s == "" || !slices.Contains(who, s) {
			return false
		}
	}
	return true
}

// InForce returns the version that binds: starting from the first version
// that both sides signed, each further one that both signed and that names
// the one before by its hash. It returns nil when no version is in force; two
// different documents signed as the same version are fault.Conflict. Whether
// the agreement's life permits exchange is another question (Permits).
func InForce(versions []*Document, signed map[ident.Digest][]ident.Side) (*Document, error) {
	var bind *Document
	for {
		next, err := successor(bind, versions, signed)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return bind, nil
		}
		bind = next
	}
}

// successor returns the signed version that follows bind.
func successor(bind *Document, versions []*Document, signed map[ident.Digest][]ident.Side) (*Document, error) {
	var found *Document
	for _, d := range versions {
		if !follows(bind, d) || !d.SignedBoth(signed) {
			continue
		}
		if found != nil && (found.Agreement != d.Agreement || found.Hash() != d.Hash()) {
			return nil, fault.Errorf(fault.Conflict, "agreement %s: two different documents are signed as version %d", d.Agreement, d.Version)
		}
		found = d
	}
	return found, nil
}

// follows reports whether d can come after bind, or first when bind is nil.
func follows(bind, d *Document) bool {
	if bind == nil {
		return d.Version == 1
	}
	return d.Agreement == bind.Agreement && d.Version == bind.Version+1 &&
		d.Previous == bind.Hash().String() && d.SideIDs() == bind.SideIDs()
}
