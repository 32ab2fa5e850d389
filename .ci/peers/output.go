package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"

	"tidemark/transform/series"
)

// breadth is W1 of a day.
type breadth struct {
	tally
	returns
	line, oscillator, summation float64
}

// compute works out what is wanted of W1 and W2, for every day on the axis.
func (p *prices) compute(want parts, workers int) ([]breadth, []shape) {
	var days []breadth
	var counts []tally
	if want.breadth {
		counts = p.tallies(workers)
	}
	rets, shapes := p.across(want, workers)
	if !want.breadth {
		return nil, shapes
	}
	days = make([]breadth, len(counts))
	line, base := 0, 0.0
	var m series.McClellan
	for i := range counts {
		d := &days[i]
		d.tally, d.returns = counts[i], rets[i]
		line += int(d.adv - d.dec)
		d.line = float64(line)
		rana := 0.0
		if d.adv+d.dec > 0 {
			rana = 1000 * float64(d.adv-d.dec) / float64(d.adv+d.dec)
		}
		if i == 0 {
			base = -10 * rana // where the sum of the oscillators begins at 0
		}
		m.Add(rana)
		d.oscillator, d.summation = m.Oscillator(), m.Summation(base)
	}
	return days, shapes
}

// row writes the numbers of one day.
type row struct {
	*bufio.Writer
	err error
}

func (r *row) put(v float64, known bool) {
	text := ","
	if known {
		text += strconv.FormatFloat(v, 'g', -1, 64)
	}
	if _, err := r.WriteString(text); err != nil {
		r.err = err
	}
}

// begin starts the line of a day.
func (r *row) begin(date int32) { _, r.err = r.WriteString("\n" + strconv.Itoa(int(date))) }

// write writes w1.csv and w2.csv.
func write(folder string, axis []int32, w1 []breadth, w2 []shape) error {
	err := table(filepath.Join(folder, "w1.csv"), "date,n,adv,dec,unch,adv_vol,dec_vol,pct50,pct200,nh,nl,ad,mco,summ,cw_ret,ew_ret,med_ret", axis, func(r *row, i int) {
		d := &w1[i]
		for _, v := range []int32{d.members, d.adv, d.dec, d.unch} {
			r.put(float64(v), true)
		}
		r.put(float64(d.advancedVolume), true)
		r.put(float64(d.fallenVolume), true)
		r.put(float64(d.aboveShort)/float64(d.short), d.short > 0)
		r.put(float64(d.aboveLong)/float64(d.long), d.long > 0)
		r.put(float64(d.high), true)
		r.put(float64(d.low), true)
		r.put(d.line, true)
		r.put(d.oscillator, true)
		r.put(d.summation, true)
		for _, v := range []float64{d.weighted, d.mean, d.median} {
			r.put(v, d.known > 0)
		}
	})
	if err != nil {
		return err
	}
	return table(filepath.Join(folder, "w2.csv"), "date,n,top1,top5,top10,top25,top50,hhi,effn,ent,gini,contr10", axis, func(r *row, i int) {
		s := &w2[i]
		r.put(float64(s.members), true)
		for _, v := range s.top {
			r.put(v, true)
		}
		for _, v := range []float64{s.hhi, s.effective, s.evenness, s.gini, s.contributed} {
			r.put(v, true)
		}
	})
}

// table writes one line for each day.
func table(path, header string, axis []int32, line func(r *row, i int)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := &row{Writer: bufio.NewWriter(f)}
	if _, err := r.WriteString(header); err != nil {
		return err
	}
	for i, d := range axis {
		r.begin(d)
		line(r, i)
		if r.err != nil {
			return r.err
		}
	}
	if err := r.WriteByte('\n'); err != nil {
		return err
	}
	if err := r.Flush(); err != nil {
		return err
	}
	return f.Close()
}
