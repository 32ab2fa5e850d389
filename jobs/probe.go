package jobs

import (
	"context"

	"tidemark/extract"
	"tidemark/extract/fiscaldata"
	"tidemark/extract/fred"
	"tidemark/extract/h41"
	"tidemark/extract/ishares"
	"tidemark/extract/nyfed"
	"tidemark/extract/sp500"
	"tidemark/extract/ssga"
)

// Probe is one small real request to a publisher, held against its contract.
type Probe struct {
	Publisher string
	Run       func(ctx context.Context, g extract.Getter) (string, error)
}

// Probes lists the probes of the configured publishers.
func (c *Catalog) Probes() []Probe {
	p := c.Config.Publishers
	var out []Probe
	if p.NYFed != nil {
		out = append(out, probe("nyfed", nyfed.Probe, nyfed.Config{Base: p.NYFed.Base}))
	}
	if p.H41 != nil {
		out = append(out, probe("h41", h41.Probe, h41.Config{Base: p.H41.Base}))
	}
	if p.FRED != nil {
		out = append(out, probe("fred", fred.Probe, fred.Config{Base: p.FRED.Base, GraphBase: p.FRED.GraphBase, Key: string(p.FRED.Key)}))
	}
	if p.FiscalData != nil {
		out = append(out, probe("fiscaldata", fiscaldata.Probe, fiscaldata.Config{Base: p.FiscalData.Base}))
	}
	if p.IShares != nil {
		out = append(out, probe("ishares", ishares.Probe, ishares.Config{Base: p.IShares.Base}))
	}
	if p.SSGA != nil {
		out = append(out, probe("ssga", ssga.Probe, ssga.Config{Base: p.SSGA.Base}))
	}
	if p.SP500 != nil {
		out = append(out, probe("sp500", sp500.Probe, sp500.Config{Base: p.SP500.Base, Constituents: p.SP500.Constituents}))
	}
	return out
}

func probe[C any](publisher string, run func(context.Context, extract.Getter, C) (string, error), cfg C) Probe {
	return Probe{publisher, func(ctx context.Context, g extract.Getter) (string, error) { return run(ctx, g, cfg) }}
}
