package schedule

import (
	"testing"
	"time"
)

// BenchmarkAccountNothingDue is a turn of the loop for one job of two lines,
// without the memory of when to look next.
func BenchmarkAccountNothingDue(b *testing.B) {
	s := parse(b, "30 18 * * 1-5", "0 6 * * 1-5 on sessions")
	last, now := at(b, "2025-06-02T22:30Z"), at(b, "2025-06-03T03:00Z")
	for b.Loop() {
		if a := s.Account(Policy{}, last, now); len(a.Fire) > 0 {
			b.Fatal(a)
		}
	}
}

// BenchmarkNext is the search for one slot.
func BenchmarkNext(b *testing.B) {
	for name, line := range map[string]string{
		"minute": "* * * * *", "weekday": "30 7 * * 1-5", "yearly": "@yearly",
		"h41": "35 16 * * * on h41_days", "half": "5 13 * * * on half_days",
	} {
		b.Run(name, func(b *testing.B) {
			s, after := parse(b, line), at(b, "2025-07-03T22:30Z")
			for b.Loop() {
				if _, ok := s.Next(after); !ok {
					b.Fatal("never comes")
				}
			}
		})
	}
}

// BenchmarkAccountMonthOfMinutes is the account of a long sleep.
func BenchmarkAccountMonthOfMinutes(b *testing.B) {
	s := parse(b, "* * * * *")
	now := at(b, "2025-07-01")
	for b.Loop() {
		if a := s.Account(Policy{}, now.Add(-30*24*time.Hour), now); len(a.Fire) != 1 {
			b.Fatal(a)
		}
	}
}
