package web

import (
	"time"

	"tidemark/schemas"
)

// The shapes of the API. They are promises to scripts, so they stand apart
// from the types the program works with. What is unknown is null; a list is
// never null.

// Window is one part of a table over some days.
type Window struct {
	Part string       `json:"part"`
	From schemas.Date `json:"from"`
	To   schemas.Date `json:"to" doc:"The first day after it."`
	Span string       `json:"span" doc:"The days as people say them: 2025, 2025-03 or all."`
}

func windowShape(w schemas.Window) Window { return Window{w.Part, w.From, w.To, w.Span()} }

// Accepted says that work was begun and goes on in the background.
type Accepted struct {
	Accepted bool `json:"accepted"`
}

// day is null for a day that there is not.
func day(d schemas.Date) *schemas.Date {
	if d == schemas.NoDate {
		return nil
	}
	return &d
}

// instant is null for a time that there is not, or that never comes.
func instant(t time.Time) *time.Time {
	if t.IsZero() || t.Year() > 2200 {
		return nil
	}
	t = t.UTC()
	return &t
}

// known is null for what is not known.
func known(v schemas.Opt[float64]) *float64 {
	if !v.OK {
		return nil
	}
	return &v.V
}

// each maps a list; the result is never nil.
func each[A, B any](list []A, shape func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, v := range list {
		out = append(out, shape(v))
	}
	return out
}
