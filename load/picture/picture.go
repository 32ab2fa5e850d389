// Package picture draws charts as PNG, for readers that draw nothing
// themselves, such as those of mail. The same chart always gives the same bytes.
package picture

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"tidemark/schemas"
)

// Chart is lines over days.
type Chart struct {
	Lines         []Line
	Percent       bool // values are fractions, and the axis shows percent
	Width, Height int  // in points, of which each is two pixels
}

// Line is one series, oldest day first.
type Line struct {
	Name   string
	Color  string // rrggbb
	Days   []schemas.Date
	Values []float64 // as many as Days; numbers all of them
}

// ErrNothing says that there is nothing to draw.
var ErrNothing = errors.New("picture: the chart has no values")

const (
	// pixelsPerInch is twice what a screen of old shows, for those of today.
	pixelsPerInch = 144
	mostTicks     = 5
	tickGap       = 4 // points between a label and its axis
)

// PNG writes the chart.
func (c Chart) PNG(w io.Writer) error {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(3)
	ink := color.NRGBA{0x5B, 0x67, 0x75, 0xFF}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Label.Color, axis.Tick.Color = color.Transparent, ink, color.Transparent
		axis.Tick.Label.Font.Variant, axis.Tick.Label.Font.Size = "Sans", vg.Points(10)
		axis.Tick.Length = vg.Points(tickGap)
	}
	p.Legend.TextStyle.Font.Variant, p.Legend.TextStyle.Font.Size, p.Legend.TextStyle.Color = "Sans", vg.Points(10), ink
	grid := plotter.NewGrid()
	grid.Vertical.Color = color.Transparent
	grid.Horizontal.Color = color.NRGBA{0xE4, 0xE7, 0xEC, 0xFF}
	p.Add(grid)
	drawn := 0
	for _, l := range c.Lines {
		ok, err := l.add(p, len(c.Lines) > 1)
		if err != nil {
			return err
		}
		if ok {
			drawn++
		}
	}
	if drawn == 0 {
		return ErrNothing
	}
	p.X.Tick.Marker = plot.TickerFunc(dayTicks)
	p.Y.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick { return valueTicks(low, high, c.Percent) })
	if p.Y.Min == p.Y.Max { // the same value on all days
		p.Y.Min, p.Y.Max = p.Y.Min-1, p.Y.Max+1
	}
	if p.X.Min == p.X.Max { // a single day
		p.X.Min, p.X.Max = p.X.Min-1, p.X.Max+1
	}
	p.Y.Max += (p.Y.Max - p.Y.Min) * 0.18 // room for the legend
	canvas := vgimg.NewWith(vgimg.UseWH(vg.Points(float64(c.Width)), vg.Points(float64(c.Height))), vgimg.UseDPI(pixelsPerInch), vgimg.UseBackgroundColor(color.White))
	p.Draw(draw.Crop(draw.New(canvas), vg.Points(2), -vg.Points(8), vg.Points(2), -vg.Points(4)))
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(w); err != nil {
		return fmt.Errorf("picture: write: %w", err)
	}
	return nil
}

// add puts the line into the plot and reports whether it has any value.
func (l Line) add(p *plot.Plot, named bool) (bool, error) {
	if len(l.Days) != len(l.Values) {
		return false, fmt.Errorf("picture: line %s has %d days and %d values", l.Name, len(l.Days), len(l.Values))
	}
	if len(l.Days) == 0 {
		return false, nil
	}
	points := make(plotter.XYs, len(l.Days))
	for i, d := range l.Days {
		points[i] = plotter.XY{X: float64(d), Y: l.Values[i]}
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return false, fmt.Errorf("picture: line %s: %w", l.Name, err)
	}
	if line.Color, err = parse(l.Color); err != nil {
		return false, err
	}
	line.Width = vg.Points(1.4)
	p.Add(line)
	if named {
		p.Legend.Add(l.Name, line)
	}
	return true, nil
}

func parse(rrggbb string) (color.Color, error) {
	v, err := strconv.ParseUint(rrggbb, 16, 24)
	if err != nil || len(rrggbb) != len("rrggbb") {
		return nil, fmt.Errorf("picture: %q is not a colour of the form rrggbb", rrggbb)
	}
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xFF}, nil
}

// dayTicks puts a label at the first days of years, quarters or months, of which
// as many fit.
func dayTicks(low, high float64) []plot.Tick {
	first, last := schemas.Date(math.Ceil(low)), schemas.Date(math.Floor(high))
	for _, months := range []int{1, 3, 6, 12, 24, 60, 120} {
		var out []plot.Tick
		year := first.Time().Year()
		for m := 0; ; m += months {
			d := schemas.DateOf(time.Date(year, time.January+time.Month(m), 1, 0, 0, 0, 0, time.UTC))
			if d > last {
				break
			}
			if d >= first {
				layout := "Jan 2006"
				if months >= 12 {
					layout = "2006"
				}
				out = append(out, plot.Tick{Value: float64(d), Label: d.Time().Format(layout)})
			}
		}
		if len(out) <= mostTicks && len(out) > 0 {
			return out
		}
		if len(out) == 0 {
			break
		}
	}
	return []plot.Tick{{Value: float64(first), Label: first.String()}}
}

// valueTicks puts labels at round values.
func valueTicks(low, high float64, percent bool) []plot.Tick {
	span := high - low
	if span <= 0 || math.IsInf(span, 0) || math.IsNaN(span) {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10(span/mostTicks)))
	for _, f := range []float64{1, 2, 2.5, 5, 10} {
		if span/(step*f) <= mostTicks {
			step *= f
			break
		}
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	if s := step * math.Pow10(decimals); math.Abs(s-math.Round(s)) > 1e-6 {
		decimals++ // 2.5 has a digit more than 2
	}
	if percent {
		decimals = max(0, decimals-2)
	}
	var out []plot.Tick
	for i := math.Ceil(low / step); i*step <= high; i++ {
		v := i*step + 0 // nothing below zero is called -0
		label := strconv.FormatFloat(v, 'f', decimals, 64)
		if percent {
			label = strconv.FormatFloat(100*v, 'f', decimals, 64) + " %"
		}
		out = append(out, plot.Tick{Value: v, Label: label})
	}
	return out
}
