package transform

import (
	"sync"

	"tidemark/schemas"
)

// shared is what computations over copies of the same inputs have in common. It
// is worked out by whoever comes first, and changed by nobody.
type shared struct {
	mu          sync.Mutex
	panel       *Panel
	kept        schemas.Opt[schemas.Date] // Inputs.Kept and Inputs.Anew when it was settled
	anew        string
	attribution *attribution
}

// Share lets computations over copies of in, several at a time, share the panel
// and the attribution. It is for those that follow from returns alone: see
// [Attributed].
func (in *Inputs) Share() { in.shared = new(shared) }

func (s *shared) settledPanel(in *Inputs) *Panel {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.panel == nil {
		s.panel = in.settle(false)
		s.kept, s.anew = in.Kept, in.Anew
	}
	in.Kept, in.Anew = s.kept, s.anew
	return s.panel
}

// attribution returns the attribution of a panel that settledPanel has given.
func (in *Inputs) attribution(p *Panel) *attribution {
	s := in.shared
	if s == nil {
		return newAttribution(in, p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attribution == nil {
		s.attribution = newAttribution(in, p)
	}
	return s.attribution
}
