package alert

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/schemas"
)

// TestMessagesAreFewAndComplete plays random spells of random conditions. The
// channel is told at most once in Every; of each incident in turn that it is
// open and that it is over, or worse in between; and in the end, when all has
// been quiet or wrong for long enough, it knows how each thing stands.
func TestMessagesAreFewAndComplete(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := DefaultRules()
		rules.MinSeverity = schemas.SeverityWarning
		keys := []Condition{failing("a"), failing("b"), failing("c"), late(time.Time{})}
		var l ledger
		now := start
		believed := map[string]string{} // what the channel thinks of each key
		var lastTold time.Time
		messages := 0
		step := func(wrong []Condition) {
			l.add(Reconcile(now, l.last, wrong, rules))
			d, ok := NewDigest(now, "email", l.last, rules)
			if ok {
				if !lastTold.IsZero() && now.Sub(lastTold) < rules.Every {
					t.Fatalf("two messages within %s", now.Sub(lastTold))
				}
				lastTold = now
				messages++
				// What is over comes first: where a message says that a thing is over
				// and is wrong again, the one that is over is the older one.
				for _, i := range d.Over {
					if was := believed[i.Key]; was == "" || was == isOver {
						t.Fatalf("told that %s is over, of which the channel knows nothing", i.Key)
					}
					believed[i.Key] = isOver
				}
				for _, i := range d.Open {
					if was := believed[i.Key]; rank(i.Severity) <= rank(schemas.Severity(was)) {
						t.Fatalf("told again that %s is open", i.Key)
					}
					believed[i.Key] = string(i.Severity)
				}
				l.add(d.Noted(l.last, "email", now))
			}
			now = now.Add(30 * time.Second)
		}
		var wrong []Condition
		for range rapid.IntRange(1, 8).Draw(t, "spells") {
			wrong = nil
			for _, c := range keys {
				switch rapid.IntRange(0, 3).Draw(t, c.Key) {
				case 1:
					wrong = append(wrong, c)
				case 2:
					wrong = append(wrong, warned(c))
				case 3:
					wrong = append(wrong, unsure(c))
				}
			}
			for range rapid.IntRange(1, 90).Draw(t, "half minutes") {
				step(wrong)
			}
		}
		// The last spell goes on without what is unsure.
		var sure []Condition
		for _, c := range wrong {
			if !c.Unsure {
				sure = append(sure, c)
			}
		}
		for range 150 {
			step(sure)
		}
		for _, c := range keys {
			var is schemas.Severity
			for _, w := range sure {
				if w.Key == c.Key {
					is = w.Severity
				}
			}
			switch was := believed[c.Key]; {
			case is == "" && was != "" && was != isOver:
				t.Errorf("%s is over, and the channel was told %q last", c.Key, was)
			case is != "" && rank(schemas.Severity(was)) < rank(is):
				t.Errorf("%s is wrong (%s), and the channel was told %q last", c.Key, is, was)
			}
		}
		if most := 1 + int(now.Sub(start)/rules.Every); messages > most {
			t.Errorf("%d messages, at most %d are allowed", messages, most)
		}
	})
}
