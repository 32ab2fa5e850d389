package alert

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
)

var start = time.Date(2025, time.December, 5, 21, 0, 0, 0, time.UTC)

func failing(job string) Condition {
	return Condition{Key: "failing " + job, Kind: Failing, Job: job, Severity: schemas.SeverityError, Message: job + " failed: no route to host"}
}

func warned(c Condition) Condition {
	c.Severity = schemas.SeverityWarning
	return c
}

func unsure(c Condition) Condition {
	c.Unsure = true
	return c
}

func late(from time.Time) Condition {
	return Condition{Key: "late raw.bar vendor", Kind: Late, Job: "vendor", Severity: schemas.SeverityError, Message: "raw.bar vendor is 1 session behind", From: from}
}

// ledger plays the store: it keeps every line, and gives back the newest.
type ledger struct {
	lines []schemas.Incident
	last  []schemas.Incident // newest line of each incident
}

func (l *ledger) add(lines []schemas.Incident) {
	l.lines = append(l.lines, lines...)
	for _, i := range lines {
		at := slices.IndexFunc(l.last, func(was schemas.Incident) bool { return was.ID == i.ID })
		switch {
		case at < 0:
			l.last = append(l.last, i)
		case i.At.After(l.last[at].At):
			l.last[at] = i
		}
	}
}

// step does what a cycle of the scheduler does, with a channel that always
// works, and returns what was told. It has no memory beside the ledger, so
// that each step is the first one after a restart.
func (l *ledger) step(now time.Time, r Rules, conditions ...Condition) string {
	l.add(Reconcile(now, l.last, conditions, r))
	d, ok := NewDigest(now, "email", l.last, r)
	if !ok {
		return ""
	}
	l.add(d.Noted(l.last, "email", now))
	var told []string
	for _, i := range d.Open {
		told = append(told, "open "+i.Key)
	}
	for _, i := range d.Over {
		told = append(told, "over "+i.Key)
	}
	if len(told) > 6 {
		return fmt.Sprint(len(d.Open), " open, ", len(d.Over), " over")
	}
	return strings.Join(told, ", ")
}

// TestScenarios tells stories in steps of half a minute: what is wrong from
// when to when, and what is told and when. The clock reads start and the given
// minutes.
func TestScenarios(t *testing.T) {
	t.Parallel()
	type spell struct {
		from, to float64 // minutes; half-open
		wrong    []Condition
	}
	rules := DefaultRules()
	rules.MinSeverity = schemas.SeverityWarning
	h41, rates := failing("h41"), failing("rates")
	var storm []Condition
	for i := range 500 {
		storm = append(storm, failing(fmt.Sprintf("window %03d", i)))
	}
	other := h41
	other.Message = "h41 failed: something else"
	slot := start.Add(30 * time.Minute)
	for name, tc := range map[string]struct {
		spells []spell
		until  float64
		want   []string
	}{
		"told at once, and once when it is over": {[]spell{{1, 60, []Condition{h41}}}, 240, []string{"1 open failing h41", "65 over failing h41"}},
		"another message is no news": {
			[]spell{{1, 20, []Condition{h41}}, {20, 60, []Condition{other}}},
			100,
			[]string{"1 open failing h41", "65 over failing h41"},
		},
		"a storm is one message": {[]spell{{1, 60, storm}}, 120, []string{"1 500 open, 0 over", "65 0 open, 500 over"}},
		"a storm that builds up is gathered": {
			[]spell{{1, 60, storm[:1]}, {2, 60, storm[1:3]}, {3, 60, storm[3:5]}, {10, 60, storm[5:6]}},
			120,
			[]string{
				"1 open failing window 000",
				"6 open failing window 001, open failing window 002, open failing window 003, open failing window 004",
				"11 open failing window 005",
				"65 over failing window 000, over failing window 001, over failing window 002, over failing window 003, over failing window 004, over failing window 005",
			},
		},
		"gone before its turn is not told": {
			[]spell{{1, 60, []Condition{h41}}, {2, 3, []Condition{rates}}},
			100,
			[]string{"1 open failing h41", "65 over failing h41"},
		},
		"a short pause is no recovery": {
			[]spell{{1, 20, []Condition{h41}}, {24, 60, []Condition{h41}}},
			100,
			[]string{"1 open failing h41", "65 over failing h41"},
		},
		"flapping every minute": {
			func() (all []spell) {
				for m := 1.0; m < 100; m += 2 {
					all = append(all, spell{m, m + 1, []Condition{h41}})
				}
				return all
			}(), 200,
			[]string{"1 open failing h41", "105 over failing h41"},
		},
		"back within the hour is no news": {
			[]spell{{1, 20, []Condition{h41}}, {40, 60, []Condition{h41}}},
			200,
			[]string{"1 open failing h41", "25 over failing h41"},
		},
		"back within the hour and there to stay is told after the hour": {
			[]spell{{1, 20, []Condition{h41}}, {40, 160, []Condition{h41}}},
			300,
			[]string{"1 open failing h41", "25 over failing h41", "85 open failing h41", "165 over failing h41"},
		},
		"back after the hour is another incident": {
			[]spell{{1, 20, []Condition{h41}}, {90, 100, []Condition{h41}}},
			200,
			[]string{"1 open failing h41", "25 over failing h41", "90 open failing h41", "105 over failing h41"},
		},
		"worse is news": {
			[]spell{{1, 20, []Condition{warned(h41)}}, {20, 30, []Condition{h41}}, {30, 40, []Condition{warned(h41)}}, {40, 60, []Condition{h41}}},
			100,
			[]string{"1 open failing h41", "20 open failing h41", "65 over failing h41"},
		},
		"back within the hour and worse is news": {
			[]spell{{1, 20, []Condition{warned(h41)}}, {40, 60, []Condition{h41}}},
			100,
			[]string{"1 open failing h41", "25 over failing h41", "40 open failing h41", "65 over failing h41"},
		},
		"worse again before its recovery was told is no news": {
			[]spell{{1, 1.5, []Condition{h41}}, {2.5, 3, []Condition{warned(h41)}}, {3.5, 60, []Condition{rates}}, {8.5, 60, []Condition{h41}}},
			100,
			[]string{"1 open failing h41", "6 open failing rates", "65 over failing h41, over failing rates"},
		},
		"late by a minute alerts nobody":  {[]spell{{1, 31, []Condition{late(slot)}}}, 100, nil},
		"late from the slot on":           {[]spell{{1, 90, []Condition{late(slot)}}}, 120, []string{"60 open late raw.bar vendor", "95 over late raw.bar vendor"}},
		"late without a slot":             {[]spell{{1, 90, []Condition{late(time.Time{})}}}, 120, []string{"31 open late raw.bar vendor", "95 over late raw.bar vendor"}},
		"the next slot is no new respite": {[]spell{{1, 31, []Condition{late(slot)}}, {31, 90, []Condition{late(slot.Add(24 * time.Hour))}}}, 90, []string{"60 open late raw.bar vendor"}},
		"what is being tried again is neither over nor new": {
			[]spell{{1, 20, []Condition{h41}}, {20, 50, []Condition{unsure(h41), unsure(rates)}}, {50, 60, []Condition{h41}}},
			100,
			[]string{"1 open failing h41", "65 over failing h41"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			var got []string
			for m := 0.0; m <= tc.until; m += 0.5 {
				var wrong []Condition
				for _, s := range tc.spells {
					if s.from <= m && m < s.to {
						wrong = append(wrong, s.wrong...)
					}
				}
				if told := l.step(start.Add(time.Duration(m*float64(time.Minute))), rules, wrong...); told != "" {
					got = append(got, fmt.Sprintf("%g %s", m, told))
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("told:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

func TestWarningsAreLeftToThePage(t *testing.T) {
	t.Parallel()
	var l ledger
	if told := l.step(start, DefaultRules(), warned(failing("h41"))); told != "" || len(l.lines) != 0 {
		t.Errorf("told %q, noted %v", told, l.lines)
	}
}

// TestClockSteps puts the clock ahead by a day and back again.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	rules := DefaultRules()
	h41, rates := failing("h41"), failing("rates")
	ahead := start.Add(24 * time.Hour)
	for name, tc := range map[string]struct {
		steps []time.Time
		wrong [][]Condition
		want  []string
	}{
		"told while it was ahead, over when it is back": {
			[]time.Time{ahead, start, start.Add(time.Minute), start.Add(5 * time.Minute)},
			[][]Condition{{h41}, {h41}, {}, {}},
			[]string{"open failing h41", "", "", ""},
		},
		"a mark of the future holds nothing up": {
			[]time.Time{ahead, start.Add(time.Minute)},
			[][]Condition{{h41}, {h41, rates}},
			[]string{"open failing h41", "open failing rates"},
		},
		"seems over since the future": {
			[]time.Time{ahead, ahead.Add(time.Minute), start, start.Add(5 * time.Minute)},
			[][]Condition{{h41}, {}, {}, {}},
			[]string{"open failing h41", "", "", "over failing h41"},
		},
		"late since the future": {
			[]time.Time{ahead, start, start.Add(29 * time.Minute), start.Add(30 * time.Minute)},
			[][]Condition{{late(time.Time{})}, {late(time.Time{})}, {late(time.Time{})}, {late(time.Time{})}},
			[]string{"", "", "", "open late raw.bar vendor"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			for n, now := range tc.steps {
				if told := l.step(now, rules, tc.wrong[n]...); told != tc.want[n] {
					t.Errorf("step %d: told %q, want %q", n, told, tc.want[n])
				}
			}
			for n, i := range l.lines[1:] {
				if i.ID == l.lines[n].ID && !i.At.After(l.lines[n].At) {
					t.Errorf("line %d is not newer than the one before it", n+1)
				}
			}
		})
	}
}

// TestDoublesAreClosed keeps one of two incidents that two processes began.
func TestDoublesAreClosed(t *testing.T) {
	t.Parallel()
	rules := DefaultRules()
	var l ledger
	first := Reconcile(start, nil, []Condition{failing("h41")}, rules)
	second := Reconcile(start.Add(time.Second), nil, []Condition{failing("h41")}, rules)
	d, _ := NewDigest(start, "email", first, rules)
	l.add(slices.Concat(first, d.Noted(first, "email", start), second))
	for m := range 30 {
		if told := l.step(start.Add(time.Duration(m)*time.Minute), rules, failing("h41")); told != "" {
			t.Errorf("minute %d: told %q", m, told)
		}
	}
	var open []string
	for _, i := range l.last {
		if live(i) {
			open = append(open, i.ID)
		}
	}
	if !slices.Equal(open, []string{first[0].ID}) {
		t.Errorf("open: %v, want the one that was told, %s", open, first[0].ID)
	}
}

// TestQuietStepsWriteNothing holds the log of incidents to what happens.
func TestQuietStepsWriteNothing(t *testing.T) {
	t.Parallel()
	var l ledger
	for m := range 600 {
		c := failing("h41")
		c.Message = fmt.Sprintf("attempt %d failed", m)
		l.step(start.Add(time.Duration(m)*30*time.Second), DefaultRules(), c)
	}
	// One line to open it, one to note that it was told, and one every 5 minutes for the text.
	if len(l.lines) > 2+600/10 {
		t.Errorf("%d lines for one incident of 5 hours", len(l.lines))
	}
	if last := l.last[0].Message; last < "attempt 590" {
		t.Errorf("the incident still says %q", last)
	}
}
