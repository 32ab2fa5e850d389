package web

import (
	"tidemark/jobs"
	"tidemark/schemas"
)

// Metric is an entry of the metric register.
type Metric struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Family   string `json:"family"`
	Dataset  string `json:"dataset"`
	Unit     string `json:"unit"`
	Formula  string `json:"formula"`
	Source   string `json:"source"`
	Inputs   string `json:"inputs"`
	Window   string `json:"window"`
	Warmup   int    `json:"warmup" doc:"Observations needed before the first value."`
	Edge     string `json:"edge_cases"`
	Method   int64  `json:"method" doc:"Version of the definition."`
	Decimals int    `json:"decimals" doc:"Digits shown after the point, after a fraction has become a percentage."`
}

func metricShape(m schemas.Metric) Metric { return Metric(m) }

// MetricsRegister lists metrics, those of a family together.
type MetricsRegister struct {
	Metrics []Metric `json:"metrics"`
}

// Point is a figure of a day: a value, or the reason why there is none.
type Point struct {
	Day    schemas.Date `json:"day"`
	Value  *float64     `json:"value" doc:"Null where status gives the reason."`
	Status string       `json:"status" doc:"ok, partial and warmup have a value."`
}

// Line is a metric of one universe. A day that is not listed has no figure.
type Line struct {
	Universe string  `json:"universe"`
	Name     string  `json:"name" doc:"What people call the universe."`
	Points   []Point `json:"points" doc:"Oldest first."`
}

func pointShape(p jobs.Point) Point { return Point{p.Day, known(p.Value), string(p.Status)} }

// Series is a metric over time.
type Series struct {
	Metric Metric       `json:"metric"`
	From   schemas.Date `json:"from"`
	To     schemas.Date `json:"to" doc:"The first day after it."`
	Lines  []Line       `json:"lines" doc:"One for each universe that has figures."`
}
