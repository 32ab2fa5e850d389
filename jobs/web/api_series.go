package web

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/schemas"
)

func (s *Server) apiMetrics(context.Context, struct{}) (MetricsRegister, error) {
	return MetricsRegister{each(schemas.Register(), metricShape)}, nil
}

type seriesQuery struct {
	Metric   string       `query:"metric" required:"true" doc:"Id in the metric register."`
	Universe string       `query:"universe" doc:"All that have it when left out."`
	From     schemas.Date `query:"from" doc:"First day; default a year before to."`
	To       schemas.Date `query:"to" doc:"First day after it; default tomorrow."`
}

func (s *Server) apiSeries(ctx context.Context, q seriesQuery) (Series, error) {
	m, ok := schemas.LookupMetric(q.Metric)
	if !ok {
		return Series{}, &statusError{http.StatusNotFound, "there is no metric of that name in the register"}
	}
	if q.To == schemas.NoDate {
		q.To = s.today().AddDays(1)
	}
	if q.From == schemas.NoDate {
		q.From = q.To.AddYears(-1)
	}
	if err := checkRange(q.From, q.To); err != nil {
		return Series{}, err
	}
	universes, err := s.house.Universes(ctx)
	if err != nil {
		return Series{}, err
	}
	if q.Universe != "" {
		universes = slices.DeleteFunc(slices.Clone(universes), func(u Universe) bool { return u.ID != q.Universe })
		if len(universes) == 0 {
			return Series{}, &statusError{http.StatusNotFound, "there is no universe of that name"}
		}
	}
	out := Series{Metric: metricShape(m), From: q.From, To: q.To, Lines: []Line{}}
	lines, err := s.lines(ctx, q, universes)
	for _, l := range lines {
		if len(l.Points) > 0 || l.Universe == q.Universe {
			out.Lines = append(out.Lines, l)
		}
	}
	return out, err
}

// lines asks for the metric of each universe, a few at a time.
func (s *Server) lines(ctx context.Context, q seriesQuery, universes []Universe) ([]Line, error) {
	lines := make([]Line, len(universes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i, u := range universes {
		group.Go(func() error {
			points, err := s.house.Series(ctx, q.Metric, u.ID, q.From, q.To)
			lines[i] = Line{Universe: u.ID, Name: u.Name, Points: each(points, pointShape)}
			return err
		})
	}
	return lines, group.Wait()
}

// downloadTime is how long a reader may take over the workbook.
const downloadTime = 10 * time.Minute

func (s *Server) apiWorkbook(w http.ResponseWriter, r *http.Request) error {
	name, open, err := s.house.Workbook(r.Context())
	if err != nil {
		return err
	}
	f, err := open()
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	_ = http.NewResponseController(w).SetWriteDeadline(s.now().Add(downloadTime))
	w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, io.ReadSeeker(f))
	return nil
}
