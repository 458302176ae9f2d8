package coordination

import (
	"slices"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Status is where a side is with one of its vendors.
type Status string

// The statuses. ToNotify is "not contacted"; a vendor that was Notified and
// said nothing since is silent, which is told in days and never left blank.
const (
	ToNotify     Status = "to-notify"
	Notified     Status = "notified"
	Acknowledged Status = "acknowledged"
	Affected     Status = "affected"
	NotAffected  Status = "not-affected"
	Fixed        Status = "fixed"
	Refused      Status = "declined"
)

// Statuses returns every status, in the order people are offered them.
func Statuses() []Status {
	return []Status{ToNotify, Notified, Acknowledged, Affected, NotAffected, Fixed, Refused}
}

// Vendor is what a side reports of one of its vendors. On is since when the
// status holds: when the vendor was told, or when it answered; zero for who was
// not contacted.
type Vendor struct {
	Name     string
	Products []string
	Status   Status
	On       time.Time
}

type vendorWire struct {
	Name     string      `json:"name"`
	On       clock.Stamp `json:"on,omitzero"`
	Products []string    `json:"products,omitempty"`
	Status   string      `json:"status"`
}

func (v Vendor) empty() bool {
	return v.Name == "" && v.Status == "" && v.Products == nil && v.On.IsZero()
}

func (v Vendor) wire() *vendorWire {
	if v.empty() {
		return nil
	}
	return &vendorWire{Name: v.Name, On: clock.StampOf(v.On), Products: v.Products, Status: string(v.Status)}
}

func (w *vendorWire) vendor() Vendor {
	if w == nil {
		return Vendor{}
	}
	return Vendor{Name: w.Name, Products: w.Products, Status: Status(w.Status), On: w.On.Time()}
}

func (v Vendor) check(by time.Time) error {
	switch {
	case !slices.Contains(Statuses(), v.Status):
		return fault.Errorf(fault.Invalid, "status %.40q: want one of those offered", string(v.Status))
	case (v.Status == ToNotify) != v.On.IsZero():
		return fault.New(fault.Invalid, "since when the vendor's status holds is said for every status but to-notify")
	case v.On.After(by):
		return fault.New(fault.Invalid, "a vendor's status holds since a time that has not passed yet")
	}
	if err := checkText("vendor", v.Name, 1, MaxName); err != nil {
		return err
	}
	return checkProducts(v.Products, 0)
}

// Standing is what is known last of a vendor of a side.
type Standing struct {
	Vendor
	Text    string
	N       int // the step that says so
	Reports int // how many steps spoke of it
}

// Silent reports whether the vendor was told and has said nothing since, and
// for how many whole days.
func (s Standing) Silent(now time.Time) (days int, silent bool) {
	if s.Status != Notified {
		return 0, false
	}
	return max(0, int(now.Sub(s.On)/(24*time.Hour))), true
}

// Vendors returns the vendors a side has reported, in the order it first did.
func (c Course) Vendors(side ident.Side) (out []Standing) {
	for _, s := range c.Steps(side) {
		if s.Move != Report {
			continue
		}
		i := slices.IndexFunc(out, func(x Standing) bool { return x.Name == s.Vendor.Name })
		if i < 0 {
			i = len(out)
			out = append(out, Standing{})
		}
		out[i] = Standing{Vendor: s.Vendor, Text: s.Text, N: s.N, Reports: out[i].Reports + 1}
	}
	return out
}
