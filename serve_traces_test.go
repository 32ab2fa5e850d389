package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// TestTracesArrive holds that a collector has every span once a server has
// ended.
func TestTracesArrive(t *testing.T) {
	t.Parallel()
	var got collector.ExportTraceServiceRequest
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("the collector was asked for %s %s of %s", r.Method, r.URL, r.Header.Get("Content-Type"))
		}
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(unzipped)
		if err == nil {
			err = proto.Unmarshal(body, &got)
		}
		if err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	a := &app{now: time.Now, log: slog.New(slog.DiscardHandler)}
	tr, err := a.newTraces(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_, span := tr.tracer().Start(t.Context(), "run rates:SOFR")
	span.End()
	tr.close(t.Context())
	if len(got.ResourceSpans) != 1 || len(got.ResourceSpans[0].ScopeSpans) != 1 || len(got.ResourceSpans[0].ScopeSpans[0].Spans) != 1 {
		t.Fatalf("the collector has %v, want one span", &got)
	}
	if name := got.ResourceSpans[0].ScopeSpans[0].Spans[0].Name; name != "run rates:SOFR" {
		t.Errorf("the collector has the span %q", name)
	}
	if service := got.ResourceSpans[0].Resource.Attributes[0]; service.Key != "service.name" || service.Value.GetStringValue() != "tidemark" {
		t.Errorf("the spans are those of %v", service)
	}
}

// TestNoCollector holds that a collector that is not there holds up neither
// runs nor the end, and is told of.
func TestNoCollector(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	var log bytes.Buffer
	if took := traceInto(t, gone.URL, slog.New(slog.NewTextHandler(&log, nil))); took >= tracesFlush {
		t.Errorf("the end took %v", took)
	}
	if n := strings.Count(log.String(), "traces could not be delivered"); n != 1 {
		t.Errorf("the log has %d lines, want 1: %s", n, log.String())
	}
}

// TestSilentCollector holds that a collector that never answers holds up the
// end for as long as is allowed, and runs not at all.
func TestSilentCollector(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{}, 1)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the end of the connection is seen after the body only
		<-r.Context().Done()
		select {
		case ended <- struct{}{}:
		default:
		}
	}))
	defer silent.Close()
	if took := traceInto(t, silent.URL, slog.New(slog.DiscardHandler)); took < tracesFlush || took > 2*tracesFlush {
		t.Errorf("the end took %v, want %v", took, tracesFlush)
	}
	<-ended // and leaves no request behind
}

// traceInto makes more spans than can wait and returns how long the end took.
func traceInto(t *testing.T, address string, log *slog.Logger) time.Duration {
	t.Helper()
	a := &app{now: time.Now, log: log}
	tr, err := a.newTraces(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for range 3 * tracesWaiting {
		_, span := tr.tracer().Start(t.Context(), "run")
		span.End()
	}
	if took := time.Since(begun); took > tracesFlush {
		t.Errorf("spans took %v", took)
	}
	begun = time.Now()
	tr.close(t.Context())
	return time.Since(begun)
}

// refusing takes no spans.
type refusing struct{ sdktrace.SpanExporter }

func (refusing) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error {
	return errors.New("refused")
}

func TestLostTracesAreToldOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e := &patientExporter{SpanExporter: refusing{}, log: slog.New(slog.NewTextHandler(&log, nil)), now: time.Now}
		batch := tracetest.SpanStubs{{}, {}}.Snapshots()
		for range 130 {
			if err := e.ExportSpans(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		for _, want := range []string{"spans=2 ", "spans=120 "} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%q is missing in %s", want, log.String())
			}
		}
		if n := strings.Count(log.String(), "\n"); n != 3 {
			t.Errorf("%d lines in 130 seconds, want 3", n)
		}
	})
}

func TestAddressOfTraces(t *testing.T) {
	t.Parallel()
	parse := func(address string) (*settings, error) {
		text := strings.Replace(initialConfig, "\nhistory:", "\nserve:\n  traces: "+address+"\nhistory:", 1)
		return parseSettings([]byte(text), nil)
	}
	for _, address := range []string{"http://127.0.0.1:4318", "http://[::1]:4318/", "https://traces.example.org/otlp", "http://collector:4318"} {
		if s, err := parse(address); err != nil || s.Serve.Traces != address {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"127.0.0.1:4318", "grpc://127.0.0.1:4317", "http://", "https://user:hunter2@traces.example.org", "https://traces.example.org?key=hunter2", "http://a b:hunter2"} {
		if _, err := parse(address); err == nil || !strings.Contains(err.Error(), "serve.traces") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want an error that names the key and repeats no secret", address, err)
		}
	}
}

// TestUnencryptedTracesAreTold holds that traces that others can read on their
// way are told of.
func TestUnencryptedTracesAreTold(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"": false, "http://127.0.0.1:4318": false, "http://localhost:4318": false, "https://traces.example.org": false, "http://collector.invalid:4318": true,
	} {
		var log bytes.Buffer
		a := &app{now: time.Now, log: slog.New(slog.NewTextHandler(&log, nil))}
		tr, err := a.newTraces(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		tr.close(t.Context())
		if told := strings.Contains(log.String(), "unencrypted"); told != want {
			t.Errorf("%q: told %v, want %v", address, told, want)
		}
		if (tr.tracer() == nil) != (address == "") {
			t.Errorf("%q: the tracer is %v", address, tr.tracer())
		}
	}
}
