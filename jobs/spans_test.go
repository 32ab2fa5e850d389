package jobs

import (
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"tidemark/extract/sandbox"
	"tidemark/schemas"
)

// TestSpans holds the spans of passes against their reports: every run is a
// child of its pass, what it did are its children, and failures alone are
// marked.
func TestSpans(t *testing.T) {
	t.Parallel()
	h := newHouse(t, schemas.NewDate(2025, time.September, 1))
	exporter := tracetest.NewInMemoryExporter()
	h.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter)).Tracer("test")
	spansOf := func(report *Report) {
		t.Helper()
		sameAsReport(t, spanTree(t, exporter.GetSpans()), report)
		exporter.Reset()
	}
	req := Request{Jobs: []string{"files:levels:index:SPX", "sp500:spells", "size:SPX_MEMBERS"}, Cause: "a test"}
	report := h.mustRun(t, req)
	spansOf(report)
	if report.Count(OK) != 3 {
		t.Errorf("%d windows were built, want those of 3 jobs", report.Count(OK))
	}

	h.box.Inject(sandbox.Fault{Publisher: "sp500", Match: "start_end", Kind: sandbox.RenamedColumn})
	h.Client = h.client(t, t.TempDir(), false)
	h.clock.at = h.clock.at.Add(time.Minute)
	req.Force = true
	report = h.run(t, req)
	spansOf(report)
	if report.Count(Failed) != 1 || report.Count(Unchanged) != 2 {
		t.Errorf("%d runs failed and %d found nothing new, want 1 and 2", report.Count(Failed), report.Count(Unchanged))
	}
}

// spanned is a run's span and the names of those below it.
type spanned struct {
	tracetest.SpanStub
	steps []string
}

// spanTree checks the span of the one pass and returns those below it by the
// id of their run.
func spanTree(t *testing.T, all tracetest.SpanStubs) map[string]spanned {
	t.Helper()
	below := map[trace.SpanID][]tracetest.SpanStub{}
	for _, s := range all {
		below[s.Parent.SpanID()] = append(below[s.Parent.SpanID()], s)
	}
	roots := below[trace.SpanID{}]
	if len(roots) != 1 || roots[0].Name != "pass" {
		t.Fatalf("the trace begins with %d spans, want the pass alone", len(roots))
	}
	if got := attributes(roots[0]); got["cause"].AsString() != "a test" || got["command"].AsString() != "test" || got["windows"].AsInt64() == 0 {
		t.Errorf("the pass has the attributes %v", roots[0].Attributes)
	}
	runs := map[string]spanned{}
	for _, s := range below[roots[0].SpanContext.SpanID()] {
		run := spanned{SpanStub: s}
		for _, step := range below[s.SpanContext.SpanID()] {
			run.steps = append(run.steps, step.Name)
			if attributes(step)["dataset"].AsString() == "" {
				t.Errorf("%s of %s does not say of which table", step.Name, s.Name)
			}
		}
		runs[attributes(s)["run"].AsString()] = run
	}
	return runs
}

func sameAsReport(t *testing.T, runs map[string]spanned, report *Report) {
	t.Helper()
	if len(runs) != len(report.Results) || len(runs) == 0 {
		t.Errorf("%d runs have spans, want %d", len(runs), len(report.Results))
	}
	for _, res := range report.Results {
		s := runs[res.RunID]
		got := attributes(s.SpanStub)
		for key, want := range map[string]string{
			"job": res.Job, "dataset": res.Dataset, "part": res.Window.Part, "window": res.Window.String(), "outcome": string(res.Outcome),
		} {
			if got[key].AsString() != want {
				t.Errorf("%s: %s is %q, want %q", s.Name, key, got[key].AsString(), want)
			}
		}
		if s.Name != "run "+res.Job || got["rows"].AsInt64() != res.Rows {
			t.Errorf("%s has %d rows, want run %s with %d", s.Name, got["rows"].AsInt64(), res.Job, res.Rows)
		}
		status := sdktrace.Status{}
		if res.Outcome == Failed {
			status = sdktrace.Status{Code: codes.Error, Description: res.Err.Error()}
		}
		if s.Status != status {
			t.Errorf("%s has the status %+v, want %+v", s.Name, s.Status, status)
		}
		// What stands is read while the answer comes in, in either order.
		want := []string{"fetch", "read", "publish"}
		switch {
		case res.Outcome == Failed:
			want = want[:2]
		case res.Dataset == schemas.Size.String():
			want[0], want[1] = "read", "compute"
		default: // fetched and published
		}
		steps := slices.Compact(s.steps)
		if res.Dataset != schemas.Size.String() && len(steps) > 1 {
			slices.Sort(steps[:2])
		}
		if !slices.Equal(steps, want) {
			t.Errorf("%s did %v, want %v", s.Name, steps, want)
		}
	}
}

func attributes(s tracetest.SpanStub) map[string]attribute.Value {
	out := map[string]attribute.Value{}
	for _, a := range s.Attributes {
		out[string(a.Key)] = a.Value
	}
	return out
}
