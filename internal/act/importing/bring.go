package importing

import (
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Bringers is the acts of which any lets a person bring data in: Import whatever
// it is, Contribute what is an industry member's own.
func Bringers() []people.Act { return []people.Act{people.Import, people.Contribute} }

// May returns nil when by may bring data in, and fault.Denied otherwise.
func May(by people.Actor) error {
	if by.May(people.Contribute) == nil {
		return nil
	}
	return by.May(people.Import)
}

// Member reports whether by brings only what is its own organisation's.
func Member(by people.Actor) bool {
	return by.May(people.Import) != nil && by.May(people.Contribute) == nil
}

// OwnSide returns fault.Denied when by would bring, as data of another side than
// self, what may only be its own. An origin of "" is self.
func OwnSide(by people.Actor, self, origin ident.Side) error {
	if origin == "" || origin == self || !Member(by) {
		return nil
	}
	return fault.New(fault.Denied, "an industry member contributes what is its own, not another side's: leave the origin out")
}
