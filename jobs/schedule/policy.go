package schedule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Grace is the age from which a slot is late. A younger one is on time and
// fires under every policy: the loop looks once a second, and a busy machine
// may look a little later.
const Grace = time.Minute

// Policy says what becomes of slots that nobody looked at in time, and of
// slots that come while an earlier one still runs. Fields left at zero have
// their defaults.
type Policy struct {
	// CatchUp says which late slots fire. Default: latest.
	CatchUp CatchUp `yaml:"catch_up"`
	// Window is the age up to which a late slot is still worth running.
	// Default: 72h.
	Window time.Duration `yaml:"window"`
	// Cap is how many slots fire at once under all; the newest do. Default: 10.
	Cap int `yaml:"cap"`
	// Overlap says what becomes of a slot that comes while an earlier one
	// still runs. Default: skip.
	Overlap Overlap `yaml:"overlap"`
}

// CatchUp says which of the late slots within the window fire.
type CatchUp string

// The kinds of catch-up.
const (
	All    CatchUp = "all"    // each, up to the cap
	Latest CatchUp = "latest" // the newest, unless a slot is on time
	None   CatchUp = "none"   // none
)

// Overlap says what becomes of a slot that comes while an earlier one still
// runs; see [OnOverlap].
type Overlap string

// The ways to treat an overlap.
const (
	Skip   Overlap = "skip"   // the slot does not run
	Queue  Overlap = "queue"  // it waits for its turn; only one does
	Cancel Overlap = "cancel" // the earlier run is stopped for it
)

var (
	catchUps = []CatchUp{All, Latest, None}
	overlaps = []Overlap{Skip, Queue, Cancel}
)

// DefaultPolicy returns the defaults.
func DefaultPolicy() Policy {
	return Policy{CatchUp: Latest, Window: 72 * time.Hour, Cap: 10, Overlap: Skip}
}

// Or returns p with the fields that it leaves at zero taken from base, such as
// a job's policy over that of the whole configuration.
func (p Policy) Or(base Policy) Policy {
	return Policy{
		CatchUp: cmp.Or(p.CatchUp, base.CatchUp),
		Window:  cmp.Or(p.Window, base.Window),
		Cap:     cmp.Or(p.Cap, base.Cap),
		Overlap: cmp.Or(p.Overlap, base.Overlap),
	}
}

// Validate reports everything in the policy that cannot work.
func (p Policy) Validate() error {
	var errs []error
	if p.CatchUp != "" {
		_, err := choose("catch_up", string(p.CatchUp), catchUps)
		errs = append(errs, err)
	}
	if p.Overlap != "" {
		_, err := choose("overlap", string(p.Overlap), overlaps)
		errs = append(errs, err)
	}
	if p.Window < 0 || (p.Window > 0 && p.Window < Grace) {
		errs = append(errs, fmt.Errorf("window: %s is less than the minute in which a slot is on time; write a time such as 72h, or catch_up: none", p.Window))
	}
	if p.Cap < 0 {
		errs = append(errs, fmt.Errorf("cap: %d slots cannot run; write how many may run at once, such as 10", p.Cap))
	}
	return errors.Join(errs...)
}

// UnmarshalText reads all, latest or none.
func (c *CatchUp) UnmarshalText(b []byte) (err error) {
	*c, err = choose("catch_up", string(b), catchUps)
	return err
}

// UnmarshalText reads skip, queue or cancel.
func (o *Overlap) UnmarshalText(b []byte) (err error) {
	*o, err = choose("overlap", string(b), overlaps)
	return err
}

// choose returns the one of the choices that the text names.
func choose[T ~string](key, text string, choices []T) (T, error) {
	if slices.Contains(choices, T(text)) {
		return T(text), nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = string(c)
	}
	return "", fmt.Errorf("%s: %q is none of %s", key, text, strings.Join(names, ", "))
}
