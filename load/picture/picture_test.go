package picture

import (
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"math"
	"os"
	"testing"
	"time"

	"tidemark/schemas"
)

func wave(n int, level float64) ([]schemas.Date, []float64) {
	var days []schemas.Date
	var values []float64
	first := schemas.NewDate(2016, time.January, 4)
	for i := range n {
		days = append(days, first.AddDays(i))
		values = append(values, level+0.1*math.Sin(float64(i)/100))
	}
	return days, values
}

func chart() Chart {
	c := Chart{Percent: true, Width: 300, Height: 150}
	for i, name := range []string{"S&P 500", "Russell 2000 <b>"} {
		days, values := wave(3600, 0.3+0.2*float64(i))
		c.Lines = append(c.Lines, Line{Name: name, Color: []string{"2B5C8A", "B2601A"}[i], Days: days, Values: values})
	}
	return c
}

// TestPNG draws two lines and looks for their colours.
func TestPNG(t *testing.T) {
	var b, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&b, &again} {
		if err := chart().PNG(w); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Error("the same chart gives other bytes")
	}
	if path := os.Getenv("PICTURE"); path != "" { // to look at
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X != 600 || size.Y != 300 {
		t.Errorf("%v pixels, want 600 by 300", size)
	}
	count := map[color.NRGBA]int{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			count[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)]++
		}
	}
	for _, want := range []color.NRGBA{{0x2B, 0x5C, 0x8A, 0xFF}, {0xB2, 0x60, 0x1A, 0xFF}} {
		if count[want] < 300 {
			t.Errorf("%d pixels of colour %v, want a line of them", count[want], want)
		}
	}
}

func TestChartsThatCannotBeDrawn(t *testing.T) {
	if err := (Chart{Width: 10, Height: 10}).PNG(new(bytes.Buffer)); !errors.Is(err, ErrNothing) {
		t.Errorf("without lines: %v", err)
	}
	for name, spoil := range map[string]func(l *Line){
		"another length": func(l *Line) { l.Values = l.Values[1:] },
		"no number":      func(l *Line) { l.Values[3] = math.NaN() },
		"no colour":      func(l *Line) { l.Color = "blue" },
	} {
		c := chart()
		spoil(&c.Lines[0])
		if err := c.PNG(new(bytes.Buffer)); err == nil {
			t.Errorf("%s: drawn", name)
		}
	}
}

func TestOneDayAndOneValue(t *testing.T) {
	for n := range 4 {
		days, _ := wave(n+1, 0)
		c := Chart{Width: 200, Height: 100, Lines: []Line{{Name: "flat", Color: "000000", Days: days, Values: make([]float64, n+1)}}}
		if err := c.PNG(new(bytes.Buffer)); err != nil {
			t.Errorf("%d days: %v", n+1, err)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, tc := range []struct {
		low, high float64
		percent   bool
		want      []string
	}{
		{0.31, 0.42, true, []string{"32.5 %", "35.0 %", "37.5 %", "40.0 %"}},
		{-3, 12, false, []string{"0", "5", "10"}},
		{0, 7000, false, []string{"0", "2000", "4000", "6000"}},
		{0.5, 0.5, false, nil},
	} {
		var got []string
		for _, tick := range valueTicks(tc.low, tc.high, tc.percent) {
			got = append(got, tick.Label)
		}
		if len(got) != len(tc.want) {
			t.Errorf("%v to %v: %q, want %q", tc.low, tc.high, got, tc.want)
			continue
		}
		for i := range got {
			if got[i] != tc.want[i] {
				t.Errorf("%v to %v: %q, want %q", tc.low, tc.high, got, tc.want)
				break
			}
		}
	}
	for _, years := range []int{1, 3, 10, 40} {
		low := float64(schemas.NewDate(2016, time.March, 1))
		ticks := dayTicks(low, low+float64(years)*365)
		if len(ticks) == 0 || len(ticks) > mostTicks {
			t.Errorf("%d years: %d ticks", years, len(ticks))
		}
	}
}
