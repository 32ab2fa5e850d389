package alert

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// TestIncidentInTheWarehouse goes through an incident's life on a real
// ClickHouse, with a restart between any two steps.
func TestIncidentInTheWarehouse(t *testing.T) {
	t.Parallel()
	now := start
	access := enginetest.Start(t).Loader()
	w, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: []string{access.Addr}, User: access.User, Password: access.Password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := &mouth{}
	step := func(after time.Duration, wrong ...Condition) {
		t.Helper()
		now = now.Add(after)
		a := New(Options{Store: NewStore(w), Channels: []Channel{m}, Rules: DefaultRules(), Now: func() time.Time { return now }})
		if err := a.Step(t.Context(), wrong); err != nil {
			t.Fatal(err)
		}
		a.Wait()
	}
	h41, slow := failing("h41"), late(time.Time{})
	step(0, h41, slow)
	step(30*time.Second, h41, slow)
	step(10*time.Minute, h41, slow)
	step(time.Hour, h41) // what was late is there; it counted for nothing
	step(time.Minute)
	step(time.Minute, h41)
	step(time.Minute)
	step(6 * time.Minute)
	step(10 * time.Minute)
	step(10*time.Minute, h41) // the same again, of which nobody is told
	step(10 * time.Minute)
	step(10 * time.Minute)

	var heard []string
	for _, h := range m.heard {
		_, subject, _ := strings.Cut(h, " ")
		heard = append(heard, subject)
	}
	if want := []string{h41Failed, "Tidemark: over: h41 failed: no route to host"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
	lines, err := clickhouse.Read(t.Context(), w, schemas.Incidents, clickhouse.Query{Order: "at"})
	if err != nil {
		t.Fatal(err)
	}
	states := map[string][]string{}
	for _, i := range lines {
		if s := states[i.Key]; len(s) == 0 || s[len(s)-1] != string(i.State) {
			states[i.Key] = append(s, string(i.State))
		}
	}
	if got := strings.Join(states[h41.Key], " "); got != "open resolved open resolved" {
		t.Errorf("%s was %s", h41.Key, got)
	}
	if got := strings.Join(states[slow.Key], " "); got != "pending passed" {
		t.Errorf("%s was %s", slow.Key, got)
	}
	// Long after, nothing of it is read any more.
	if old, err := NewStore(w).Incidents(t.Context(), now.Add(remembered)); err != nil || len(old) != 0 {
		t.Errorf("still read: %v, %v", old, err)
	}
}
