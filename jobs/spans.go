package jobs

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"tidemark/schemas"
)

// A pass is a span, the runs of its windows are its children, and theirs are
// what takes time in them: fetch, read, compute, publish. The attributes are
// named as the log names them, and "run" is the id by which the log, the page
// and a trace meet.
//
// Below the pass, spans come from the context, so that what looks at rows
// outside a pass makes none.

// instrumentation is what made the spans, as traces name it.
const instrumentation = "tidemark/jobs"

// startPass begins the span of a pass.
func (p *pass) startPass(ctx context.Context) (context.Context, trace.Span) {
	tracer := p.Tracer
	if tracer == nil {
		tracer = noop.NewTracerProvider().Tracer(instrumentation)
	}
	return tracer.Start(ctx, "pass", trace.WithAttributes(
		attribute.String("cause", p.cause()), attribute.String("command", p.Command),
	))
}

// endPass ends the span of a pass. Its error is that of the pass itself:
// windows that failed have spans of their own.
func endPass(span trace.Span, err error) {
	fail(span, OutcomeOf(err), err)
	span.End()
}

// startRun begins the span of a run.
func startRun(ctx context.Context, run schemas.Run) (context.Context, trace.Span) {
	return startBelow(ctx, "run "+run.Job,
		attribute.String("job", run.Job), attribute.String("dataset", run.Dataset), attribute.String("part", run.Window.Part),
		attribute.String("window", run.Window.String()), attribute.String("run", run.ID), attribute.String("reason", run.Reason),
	)
}

// describe says what became of a run in its span.
func describe(span trace.Span, outcome Outcome, rows int64, err error) {
	span.SetAttributes(attribute.String("outcome", string(outcome)), attribute.Int64("rows", rows))
	fail(span, outcome, err)
}

// startStep begins the span of something that a run does to a table.
func startStep(ctx context.Context, name string, d schemas.Dataset) (context.Context, trace.Span) {
	return startBelow(ctx, name, attribute.String("dataset", d.String()))
}

func endStep(span trace.Span, rows int64, err error) {
	describe(span, OutcomeOf(err), rows, err)
	span.End()
}

// startBelow begins a span below that of the context, and none where there is
// none.
func startBelow(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	tracer := trace.SpanFromContext(ctx).TracerProvider().Tracer(instrumentation)
	return tracer.Start(ctx, name, trace.WithAttributes(attributes...))
}

// fail marks a span as failed. A publisher that has nothing yet is no failure,
// and neither is a run that was stopped.
func fail(span trace.Span, outcome Outcome, err error) {
	if outcome == Failed {
		span.SetStatus(codes.Error, err.Error())
	}
}
