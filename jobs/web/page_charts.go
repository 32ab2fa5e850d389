package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tidemark/schemas"
)

// keyMetrics are shown on the overview, mainMetrics on the page of charts.
var (
	keyMetrics  = []string{"conc_top10_sec", "pct_above_sma_200", "size_gap_arith_ytd_tr", "net_liq_weekly"}
	mainMetrics = []string{
		"conc_top10_sec", "conc_neff_iss", "pct_above_sma_200", "mcc_sum_ratio", "rs_ratio_tr", "drawdown_tr", "net_liq_weekly", "spread_sofr_iorb",
	}
)

// figure is a metric's newest value over a small line of its last year.
type figure struct {
	Metric   schemas.Metric
	Universe string
	Value    float64
	Day      schemas.Date
	Change   float64 // since about a month before
	Since    schemas.Date
	Path     string // of the line, in a box of sparkWidth by sparkHeight
}

// The box of a small line, in units of its own.
const (
	sparkWidth  = 200.0
	sparkHeight = 40.0
)

// keyFigures reads the key metrics of the first universe that has them. One
// without any is left out.
func (s *Server) keyFigures(ctx context.Context) ([]figure, error) {
	universes, err := s.house.Universes(ctx)
	if err != nil {
		return nil, err
	}
	to := s.today().AddDays(1)
	var out []figure
	for _, id := range keyMetrics {
		m := schemas.MetricByID(id)
		lines, err := s.lines(ctx, seriesQuery{Metric: id, From: to.AddYears(-1), To: to}, universes)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			if f, ok := figureOf(m, l); ok {
				out = append(out, f)
				break
			}
		}
	}
	return out, nil
}

func figureOf(m schemas.Metric, l Line) (figure, bool) {
	f := figure{Metric: m, Universe: l.Name, Path: sparkline(l.Points)}
	for _, p := range slices.Backward(l.Points) {
		if p.Value == nil {
			continue
		}
		if f.Day == 0 {
			f.Value, f.Day = *p.Value, p.Day
		}
		if p.Day <= f.Day.AddDays(-28) {
			f.Change, f.Since = f.Value-*p.Value, p.Day
			break
		}
	}
	return f, f.Day != 0
}

// sparkline draws points as an SVG path. A day without a value breaks it.
func sparkline(points []Point) string {
	low, high, some := 0.0, 0.0, false
	for _, p := range points {
		if p.Value != nil {
			if !some {
				low, high, some = *p.Value, *p.Value, true
			}
			low, high = min(low, *p.Value), max(high, *p.Value)
		}
	}
	if !some {
		return ""
	}
	first := points[0].Day
	days := float64(max(points[len(points)-1].Day-first, 1))
	longest := longestStep(points)
	var b strings.Builder
	pen := byte('M')
	before := first
	for _, p := range points {
		if p.Day-before > longest {
			pen = 'M'
		}
		before = p.Day
		if p.Value == nil {
			pen = 'M'
			continue
		}
		y := sparkHeight / 2
		if high > low {
			y = 2 + (sparkHeight-4)*(high-*p.Value)/(high-low)
		}
		b.WriteByte(pen)
		b.WriteString(strconv.FormatFloat(sparkWidth*float64(p.Day-first)/days, 'f', 1, 64) + " " + strconv.FormatFloat(y, 'f', 1, 64))
		pen = 'L'
	}
	return b.String()
}

// longestStep is how far apart two points may be that a line joins: three times
// as far as is usual, and never less than a long weekend.
func longestStep(points []Point) schemas.Date {
	var steps []schemas.Date
	for i := 1; i < len(points); i++ {
		steps = append(steps, points[i].Day-points[i-1].Day)
	}
	slices.Sort(steps)
	if len(steps) == 0 {
		return 0
	}
	return max(6, 3*steps[len(steps)/2])
}

// chartsView is the page of charts, or of one chart.
type chartsView struct {
	Charts   []schemas.Metric
	Families []metricFamily // to choose from
	One      bool
	Today    schemas.Date
}

type metricFamily struct {
	Name    string
	Metrics []schemas.Metric
}

func (s *Server) chartsPage(context.Context, struct{}) (view, error) {
	v := chartsView{Charts: each(mainMetrics, schemas.MetricByID), Families: families(), Today: s.today()}
	return view{Page: "charts", Title: "Charts", Nav: "charts", Body: v}, nil
}

type chartQuery struct {
	Metric string `path:"metric"`
}

func (s *Server) chartPage(_ context.Context, q chartQuery) (view, error) {
	m, ok := schemas.LookupMetric(q.Metric)
	if !ok {
		return view{}, &statusError{http.StatusNotFound, "there is no metric of that name in the register"}
	}
	return view{Page: "charts", Title: m.Name, Nav: "charts", Body: chartsView{Charts: []schemas.Metric{m}, Families: families(), One: true, Today: s.today()}}, nil
}

// today is the day in New York.
func (s *Server) today() schemas.Date { return schemas.DateOf(s.now().In(newYork)) }

func families() []metricFamily {
	var out []metricFamily
	for _, m := range schemas.Register() {
		if len(out) == 0 || out[len(out)-1].Name != m.Family {
			out = append(out, metricFamily{Name: m.Family})
		}
		last := &out[len(out)-1]
		last.Metrics = append(last.Metrics, m)
	}
	return out
}
