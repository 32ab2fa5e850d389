package transform

import (
	"slices"
	"testing"

	"tidemark/schemas"
)

// What is computed is registered, and what is registered is computed, each in
// the table that the register names.
func TestFamiliesMatchRegister(t *testing.T) {
	t.Parallel()
	computed := make(map[string]string)
	for _, f := range Families() {
		for _, id := range f.Metrics {
			if was, twice := computed[id]; twice {
				t.Errorf("%s is computed for %s and for %s", id, was, f.Dataset)
			}
			computed[id] = f.Dataset
		}
	}
	for _, m := range schemas.Register() {
		switch got, ok := computed[m.ID]; {
		case !ok:
			t.Errorf("%s is registered and not computed", m.ID)
		case got != m.Dataset:
			t.Errorf("%s goes to %s, the register says %s", m.ID, got, m.Dataset)
		}
		delete(computed, m.ID)
	}
	for id := range computed {
		t.Errorf("%s is computed and not registered", id)
	}
}

func TestRegisterIsComplete(t *testing.T) {
	t.Parallel()
	for _, m := range schemas.Register() {
		for what, text := range map[string]string{
			"name": m.Name, "family": m.Family, "unit": m.Unit, "formula": m.Formula, "source": m.Source, "inputs": m.Inputs, "window": m.Window, "edge": m.Edge,
		} {
			if text == "" {
				t.Errorf("%s has no %s", m.ID, what)
			}
		}
		if m.Warmup < 1 || m.Method < 1 || m.Decimals < 0 {
			t.Errorf("%s: warm-up %d, method %d, decimals %d", m.ID, m.Warmup, m.Method, m.Decimals)
		}
	}
}

// Every session of a table has each of its metrics once: a value or a reason.
func TestEverySessionHasEveryMetric(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 40, "2024-03-05")
	m.Window.From = m.sessions[0]
	for _, s := range []string{"A", "B", "C"} {
		m.member(s)
		closes := make([]float64, 40)
		for i := range closes {
			closes[i] = 10 + float64(i%7)
		}
		m.closes(s, closes...)
	}
	m.file(m.sessions[3], line("A", 50), line("B", 30), line("C", 20))
	m.Facts = m.facts(t, "facts.breadth").all
	for _, f := range Families() {
		if f.Name != "concentration" && f.Name != "breadth" && f.Name != "breadth_trend" && f.Name != "contribution" {
			continue
		}
		got := m.facts(t, f.Dataset)
		from := 0
		if f.Name == "concentration" || f.Name == "contribution" {
			from = 3
		}
		for _, d := range m.sessions[from:] {
			for _, id := range f.Metrics {
				got.fact(id, d)
			}
		}
		if want := len(f.Metrics) * (40 - from); len(got.all) != want {
			t.Errorf("%s: %d facts, want %d", f.Name, len(got.all), want)
		}
		if !slices.IsSortedFunc(got.all, func(a, b schemas.Fact) int {
			if a.Metric != b.Metric {
				if a.Metric < b.Metric {
					return -1
				}
				return 1
			}
			return int(a.Session) - int(b.Session)
		}) {
			t.Errorf("%s: facts are not sorted", f.Name)
		}
	}
}
