// Package clock supplies the time. Nothing below the node reads the system
// clock itself, so that a memorandum's five years run in a test in
// milliseconds.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time, in UTC.
type Clock interface {
	Now() time.Time
}

// Func makes a Clock of a function such as time.Now.
type Func func() time.Time

// Now returns the function's time in UTC.
func (f Func) Now() time.Time { return f().UTC() }

// Fake is a Clock that moves only when told to. It is safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// NewFake returns a Fake that stands at t.
func NewFake(t time.Time) *Fake { return &Fake{now: t.UTC()} }

// Now returns where the clock stands.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock by d, which may be negative.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// Set moves the clock to t.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = t.UTC()
}
