package transform

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func TestDivergence_WE3_7(t *testing.T) {
	t.Parallel()
	e := episodes{maxGap: 3}
	var flags []int
	var ended []episode
	for i, x := range [][2]float64{
		{.85, -.010},
		{.91, -.015},
		{.95, -.005},
		{.93, -.019},
		{.92, -.025},
		{.94, -.012},
		{.88, -.004},
		{.87, -.001},
		{.86, -.003},
		{.89, -.002},
		{.92, -.018},
		{.97, -.0201},
	} {
		day := i + 1
		flag := diverged(x[0], x[1])
		if flag {
			flags = append(flags, day)
		}
		open, end := e.step(day, flag)
		if end.flags > 0 {
			ended = append(ended, end)
		}
		// Not before the fourth session without a flag can one know that there was no fifth.
		if is := open.flags > 0; is != (day >= 2 && day <= 9 || day >= 11) {
			t.Errorf("day %d: episode %+v is open: %v", day, open, is)
		}
	}
	if !slices.Equal(flags, []int{2, 3, 4, 6, 11}) {
		t.Errorf("flags on %v", flags)
	}
	if !slices.Equal(ended, []episode{{2, 6, 4}}) || e.open != (episode{11, 11, 1}) {
		t.Errorf("ended %+v, open %+v", ended, e.open)
	}
	from := schemas.NewDate(2025, 1, 2)
	large := onSessions(from, 100, 101, 102, 103, 101, 104, 106, 107, 108, 107, 110, 108, 111, 112, 115, 114)
	small := onSessions(from, 50, 50, 49.5, 49, 48.5, 49, 50.5, 51.5, 52, 52.5, 52, 51, 53, 54, 55, 56)
	for _, x := range []struct {
		day         int
		large, less float64
	}{{2, 0.049505, 0.01}, {11, 0.036364, 0.076923}} {
		b := x.day - 1
		near(t, "large", forwardLegs[0].of(&small, &large, b, b+5), x.large, 5e-7)
		near(t, "small", forwardLegs[1].of(&small, &large, b, b+5), x.less, 5e-7)
		near(t, "small less large", forwardLegs[2].of(&small, &large, b, b+5), x.less-x.large, 1e-6)
	}
}

func TestDivergenceThresholds(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		rank, distance float64
		want           bool
	}{
		{2268.0 / 2520, 0, false}, {2268.5 / 2520, 0, true}, {1, 98.0/100 - 1, true}, {1, 97.99/100 - 1, false}, {1, 4900.0/5000 - 1, true},
	} {
		if got := diverged(x.rank, x.distance); got != x.want {
			t.Errorf("rank %v, distance %v: %v", x.rank, x.distance, got)
		}
	}
}

// Episodes are what one would cut the flags into with all of them at hand.
func TestEpisodesAreCutAtLongGaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		gap := rapid.IntRange(0, 4).Draw(t, "max gap")
		flags := rapid.SliceOfN(rapid.Bool(), 1, 60).Draw(t, "flags")
		e := episodes{maxGap: gap}
		var got, want []episode
		for i, f := range flags {
			if _, ended := e.step(i, f); ended.flags > 0 {
				got = append(got, ended)
				if i != ended.last+gap+1 {
					t.Errorf("%+v was known to have ended on %d", ended, i)
				}
			}
			if !f {
				continue
			}
			if n := len(want); n > 0 && i-want[n-1].last-1 <= gap {
				want[n-1].last, want[n-1].flags = i, want[n-1].flags+1
			} else {
				want = append(want, episode{i, i, 1})
			}
		}
		if e.open.flags > 0 {
			got = append(got, e.open)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// divergentPair is twelve years of two levels; the large one runs ahead for a
// while near their end.
func divergentPair(tb testing.TB) (days []schemas.Date, in *Inputs) {
	tb.Helper()
	days = calendar.US().Sessions(schemas.NewDate(2013, 1, 2), schemas.NewDate(2025, 6, 1))
	var rows []schemas.Observation
	small, large := 100.0, 100.0
	for i, d := range days {
		large *= 1 + 0.0003 + 0.004*math.Sin(float64(i)/7)
		small *= 1 + 0.0003 + 0.004*math.Sin(float64(i)/7+0.4) + 0.001*math.Sin(float64(i)/400)
		if i > 2700 && i < 2800 {
			large *= 1.002
		}
		for _, l := range []struct {
			source string
			value  float64
		}{{"index:S", small}, {"index:L", large}} {
			rows = append(rows, schemas.Observation{Source: l.source, Series: l.source, Date: d, Value: schemas.Some(l.value)})
		}
	}
	return days, pairInputs(rows)
}

// What is told of a session is the same whatever comes later, but for what is
// told of the sessions that follow it; and that says when it was known.
func TestDivergenceDoesNotLookAhead(t *testing.T) {
	t.Parallel()
	days, in := divergentPair(t)
	whole, findings := Compute(schemas.Size.String(), in)
	all := newFactSet(t, whole, findings)
	cut := len(days) - 300
	early := *in
	early.Levels = slices.DeleteFunc(slices.Clone(in.Levels), func(o schemas.Observation) bool { return o.Date > days[cut] })
	part, findings := Compute(schemas.Size.String(), &early)
	flags, episodes := 0, 0
	for k, f := range newFactSet(t, part, findings).by {
		g := all.fact(k.metric, k.session)
		if f.Status == schemas.NotElapsed {
			if !f.KnownAt.Before(g.KnownAt) {
				t.Errorf("%s on %s is known at %s, and that it is not at %s", k.metric, k.session, g.KnownAt, f.KnownAt)
			}
			continue
		}
		if f != g {
			t.Errorf("%+v, with later days %+v", f, g)
		}
		if f.Value.V == 1 && k.metric == "div_flag_pr" {
			flags++
		}
		if f.Value.V == 1 && k.metric == "div_episode_pr" {
			episodes++
		}
	}
	if flags == 0 || episodes <= flags {
		t.Errorf("%d flags in %d sessions of episodes", flags, episodes)
	}
	all.wantNone("div_pctl_pr", days[252+1258], schemas.InsufficientHistory)
	if f := all.fact("div_pctl_pr", days[252+1259]); !f.Value.OK {
		t.Errorf("the 1260th gap: %+v", f)
	}
	all.wantNone("fwd_ret_21_gap_pr", days[len(days)-21], schemas.NotElapsed)
	last := all.fact("fwd_ret_21_gap_pr", days[len(days)-22])
	if !last.Value.OK || !last.KnownAt.Equal(in.Calendar.Close(days[len(days)-1])) || last.Detail != "until="+days[len(days)-1].String() {
		t.Errorf("the last window that is over: %+v", last)
	}
	all.want("fwd_ret_21_gap_pr", days[100], all.fact("fwd_ret_21_small_pr", days[100]).Value.V-all.fact("fwd_ret_21_large_pr", days[100]).Value.V, 1e-15)
}
