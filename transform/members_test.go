package transform

import (
	"testing"

	"tidemark/schemas"
)

func membersOn(p *Panel, s int) string {
	out := ""
	for i, id := range p.Securities {
		if p.cells[i*len(p.Sessions)+s]&cellMember != 0 {
			out += id + " "
		}
	}
	return out
}

func TestMembersAreThoseAtTheOpen(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 6, "2025-07-11")
	m.stay("A", m.sessions[0].AddDays(-100), schemas.NoDate)
	m.stay("B", m.sessions[0].AddDays(-100), m.sessions[2]) // first day out
	m.stay("C", m.sessions[2], schemas.NoDate)              // first day in
	change := func(s int, symbol string, added bool) {
		m.Changes = append(m.Changes, schemas.Change{Index: "T", Date: m.sessions[s], Symbol: symbol, Added: added})
	}
	change(2, "D", true) // on the newest day the spells speak of: they know better
	change(3, "E", true)
	change(3, "A", false)
	change(5, "E", false)
	m.Changes = append(m.Changes, schemas.Change{Index: "OTHER", Date: m.sessions[3], Symbol: "C"})
	m.closes("A", 1, 1, 1, 1, 1, 1)
	m.closes("E", 1, 1, 1, 1, 1, 1)
	p := NewPanel(m.inputs())
	for s, want := range []string{"A B ", "A B ", "A C ", "C E ", "C E ", "C "} {
		if got := membersOn(p, s); got != want {
			t.Errorf("session %d: %q, want %q", s, got, want)
		}
	}
}

// A rename in the list of changes is an exit and an entry of one day.
func TestRenameAmongChanges(t *testing.T) {
	t.Parallel()
	for name, renamed := range map[string]int{"on the day": 3, "a day before": 2, "not known": -1} {
		m := newMarket(t, 5, "2025-11-13")
		m.stay("FI", m.sessions[0].AddDays(-100), schemas.NoDate)
		m.Changes = []schemas.Change{
			{Index: "T", Date: m.sessions[3], Symbol: "FISV", Added: true},
			{Index: "T", Date: m.sessions[3], Symbol: "FI"},
		}
		if renamed >= 0 {
			m.Renames = []schemas.Rename{{Date: m.sessions[renamed], Old: "FI", New: "FISV"}}
		}
		m.closes("FISV", 1, 1, 1, 1, 1)
		p := NewPanel(m.inputs())
		for s := range m.sessions {
			want := "FISV "
			if renamed < 0 && s < 3 {
				want = "FI "
			}
			if got := membersOn(p, s); got != want {
				t.Errorf("%s, session %d: %q", name, s, got)
			}
		}
		if found := findingsOf(p.Findings, "members_change"); len(found) != 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestChangesThatDoNotFit(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 5, "2025-11-13")
	m.stay("A", m.sessions[0].AddDays(-100), schemas.NoDate)
	m.Changes = []schemas.Change{
		{Index: "T", Date: m.sessions[1], Symbol: "A", Added: true},
		{Index: "T", Date: m.sessions[1], Symbol: "Z"},
	}
	m.closes("A", 1, 1, 1, 1, 1)
	p := NewPanel(m.inputs())
	if found := findingsOf(p.Findings, "members_change"); len(found) != 2 {
		t.Errorf("findings %v", p.Findings)
	}
	if p.members[4] != 1 {
		t.Errorf("%d members", p.members[4])
	}
}

func TestListThatKeepsTheOldTicker(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 60, "2025-11-13")
	m.stay("OLD", m.sessions[0], m.sessions[59])
	m.Renames = []schemas.Rename{{Date: m.sessions[2], Old: "OLD", New: "NEW"}}
	m.closes("NEW", 1, 1)
	p := NewPanel(m.inputs())
	if found := findingsOf(p.Findings, "members_rename"); len(found) != 1 || found[0].Security != "NEW" {
		t.Errorf("findings %v", p.Findings)
	}
}
