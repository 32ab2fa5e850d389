package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tidemark/schemas"
)

// mostLogLines bounds what is kept of one run's log; what comes after is
// counted.
const mostLogLines = 500

// logLines gathers what is logged while a run is at work.
type logLines struct {
	run string
	now func() time.Time

	mu      sync.Mutex
	lines   []schemas.LogLine
	dropped int
}

type logKey struct{}

// captureLog returns a context in which whatever is logged through a handler
// made by [CaptureLogs] is gathered for the run.
func captureLog(ctx context.Context, run string, now func() time.Time) (context.Context, *logLines) {
	l := &logLines{run: run, now: now}
	return context.WithValue(ctx, logKey{}, l), l
}

func (l *logLines) add(level slog.Level, message, facts string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) == mostLogLines {
		l.dropped++
		return
	}
	l.lines = append(l.lines, schemas.LogLine{
		RunID: l.run, At: l.now(), Number: int64(len(l.lines) + 1), Level: level.String(), Message: message, Facts: facts,
	})
}

// take returns the lines and, where some were dropped, one that says so.
func (l *logLines) take() []schemas.LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped > 0 {
		l.lines = append(l.lines, schemas.LogLine{
			RunID: l.run, At: l.now(), Number: int64(len(l.lines) + 1), Level: slog.LevelWarn.String(),
			Message: fmt.Sprintf("%d further lines were not kept", l.dropped),
		})
		l.dropped = 0
	}
	return l.lines
}

// CaptureLogs returns a handler that hands everything on to next and keeps
// what is logged with a run's context in the run's own log, details included.
func CaptureLogs(next slog.Handler) slog.Handler { return &capture{next: next} }

type capture struct {
	next  slog.Handler
	facts string
}

func (c *capture) Enabled(ctx context.Context, level slog.Level) bool {
	return ctx.Value(logKey{}) != nil || c.next.Enabled(ctx, level)
}

func (c *capture) Handle(ctx context.Context, rec slog.Record) error {
	if lines, ok := ctx.Value(logKey{}).(*logLines); ok {
		facts := c.facts
		rec.Attrs(func(a slog.Attr) bool {
			facts += fact(a)
			return true
		})
		lines.add(rec.Level, rec.Message, facts)
	}
	if !c.next.Enabled(ctx, rec.Level) {
		return nil
	}
	return c.next.Handle(ctx, rec)
}

func (c *capture) WithAttrs(attrs []slog.Attr) slog.Handler {
	var facts strings.Builder
	facts.WriteString(c.facts)
	for _, a := range attrs {
		facts.WriteString(fact(a))
	}
	return &capture{next: c.next.WithAttrs(attrs), facts: facts.String()}
}

func (c *capture) WithGroup(name string) slog.Handler {
	return &capture{next: c.next.WithGroup(name), facts: c.facts}
}

// fact writes an attribute as the run's log keeps it. What names the run
// itself, and a missing error, would only be noise there.
func fact(a slog.Attr) string {
	v := a.Value.Resolve()
	switch a.Key {
	case "run", "job", "window":
		return ""
	case "err":
		if v.Any() == nil {
			return ""
		}
	}
	return a.Key + "=" + v.String() + " "
}
