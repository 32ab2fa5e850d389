package schemas

import "time"

// Witness is what a row of a history table says beside the row itself: whether
// the row stood in its table at an instant.
//
// A history table holds what was seen of a window just before it changed: the
// rows that were about to go, which stood, and those about to come for days that
// the window had already reached, in whose place there was nothing. Days beyond
// the window's reach are in neither: that they were not there, the reach tells
// that is recorded with each build. So a table costs twice only what changes of
// it, and the rows of any instant can be told: of each key the first witness
// after the instant counts and, where there is none, what stands now.
//
// A witness is true even of a swap that was never finished, and two of one swap
// say what one says.
type Witness struct {
	Stood  bool
	SeenAt time.Time
}

// The columns of a history table that tell of the witness.
const (
	WitnessStood = "stood"
	WitnessAt    = "seen_at"
)

// HistoryDatabase holds the history tables.
const HistoryDatabase = "history"

// History returns the table that keeps what the rows of d were before they were
// replaced: the columns of d, and those of a [Witness].
func (d Dataset) History() Dataset {
	h := Dataset{
		Database: HistoryDatabase, Name: d.Database + "_" + d.Name,
		Comment: "What " + d.String() + " held before its windows were replaced, row by row.",
		Order:   append(d.SortKey(), WitnessAt),
	}
	witness := []Field[Witness]{
		Flag(WitnessStood, "Whether the row stood in the table at the instant; where false, nothing stood in its place.", func(r *Witness) *bool { return &r.Stood }),
		Instant(WitnessAt, "When that was seen, just before the window was replaced.", func(r *Witness) *time.Time { return &r.SeenAt }),
	}
	h.Columns = append(h.Columns, d.Columns...)
	for _, f := range witness {
		h.Columns = append(h.Columns, f.Column)
	}
	return h
}
