package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The bounds of what a collector of traces may cost.
const (
	tracesFlush   = 5 * time.Second // at the end, for what was not sent yet
	tracesRound   = time.Minute     // between two lines in the log about a collector that takes nothing
	tracesWaiting = 4096            // spans that wait to be sent; more are dropped
)

// traces are the spans of a server on their way to a collector. They are sent
// beside the runs, which never wait for it. A nil traces has none.
type traces struct {
	provider *sdktrace.TracerProvider
	exporter *patientExporter
}

// newTraces sends spans to the collector at the address, or returns nil
// without one. It does not look whether anybody listens there.
func (a *app) newTraces(ctx context.Context, address string) (*traces, error) {
	if address == "" {
		return nil, nil
	}
	u, err := tracesAddress(address)
	if err != nil {
		return nil, usageError("serve.traces: %w", err)
	}
	if u.Scheme == "http" && !thisMachine(u.Hostname()) {
		a.log.WarnContext(ctx, "traces leave this machine unencrypted: serve.traces is not https", "host", u.Host)
	}
	sender, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.JoinPath("v1", "traces").String()), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	if err != nil {
		return nil, fmt.Errorf("serve.traces: %w", err)
	}
	exporter := &patientExporter{SpanExporter: sender, log: a.log, now: a.now}
	return &traces{exporter: exporter, provider: sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(tracesWaiting)),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "tidemark"), attribute.String("service.version", version))),
	)}, nil
}

// tracesAddress checks the address of a collector, to which the path of the
// protocol, v1/traces, is added. A token that a collector asks for is no part
// of it: the exporter takes headers from OTEL_EXPORTER_OTLP_HEADERS.
func tracesAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("give the address of a collector, such as http://127.0.0.1:4318, without a password or a query") // the parser's error repeats the address
	}
	return u, nil
}

// thisMachine reports whether a host is a loopback one.
func thisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || (err == nil && addr.IsLoopback())
}

// tracer makes the spans; nil makes none.
func (t *traces) tracer() trace.Tracer {
	if t == nil {
		return nil
	}
	return t.provider.Tracer("tidemark")
}

// close sends what is left, as long as that does not take long. The end of a
// server does not depend on it, so that it reports nothing.
func (t *traces) close(ctx context.Context) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracesFlush)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // the exporter tells the log of a collector that takes nothing
	_ = t.exporter.Shutdown(ctx) // ends a request that is still under way
}

// patientExporter tells the log, and not too often, of a collector that takes
// nothing. To the queue before it every delivery succeeds: the queue would
// tell standard error.
type patientExporter struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	now  func() time.Time
	told time.Time
	lost int // spans since then
}

// ExportSpans is called by one goroutine at a time.
func (e *patientExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	e.lost += len(spans)
	if now := e.now(); now.Sub(e.told).Abs() >= tracesRound {
		e.log.WarnContext(ctx, "traces could not be delivered", "spans", e.lost, "err", err.Error())
		e.told, e.lost = now, 0
	}
	return nil
}
