package jobs

import (
	"context"
	"net/url"
	"time"

	"tidemark/extract"
	"tidemark/extract/fiscaldata"
	"tidemark/extract/fred"
	"tidemark/extract/h41"
	"tidemark/extract/ishares"
	"tidemark/extract/nyfed"
	"tidemark/extract/ofr"
	"tidemark/extract/polygon"
	"tidemark/extract/sec"
	"tidemark/extract/sp500"
	"tidemark/extract/ssga"
	"tidemark/extract/stooq"
	"tidemark/extract/tiingo"
	"tidemark/extract/yahoo"
)

// publisher is what the house must know of one that it can ask: a folder of
// package extract, and a line here.
type publisher struct {
	name  string
	every time.Duration // between two requests
	hosts []string      // to which it may redirect
	// block looks into its block of the configuration.
	block func(p *Publishers) block
	add   func(c *Catalog) error // makes its jobs
}

// block is a publisher's block of the configuration, nil throughout where there is
// none.
type block struct {
	addresses []address
	secrets   map[string]*Secret
	probe     func(ctx context.Context, g extract.Getter) (string, error)
}

// address is a key of a block that replaces an address of the publisher.
type address struct {
	key     string
	at      *string
	sandbox string // path at the sandbox
}

// publishers are all that there are, in the order of their jobs.
var publishers = []publisher{
	{nyfed.Publisher, nyfed.Every, nyfed.Hosts(), func(p *Publishers) block {
		if p.NYFed == nil {
			return block{}
		}
		return block{addresses: []address{{"base", &p.NYFed.Base, ""}}, probe: probe(nyfed.Probe, nyfed.Config{Base: p.NYFed.Base})}
	}, (*Catalog).addNYFed},
	{h41.Publisher, h41.Every, h41.Hosts(), func(p *Publishers) block {
		if p.H41 == nil {
			return block{}
		}
		return block{addresses: []address{{"base", &p.H41.Base, ""}}, probe: probe(h41.Probe, h41.Config{Base: p.H41.Base})}
	}, (*Catalog).addH41},
	{fred.Publisher, fred.Every, fred.Hosts(), func(p *Publishers) block {
		if p.FRED == nil {
			return block{}
		}
		return block{
			addresses: []address{{"base", &p.FRED.Base, ""}, {"graph_base", &p.FRED.GraphBase, ""}},
			secrets:   map[string]*Secret{"key": &p.FRED.Key},
			probe:     probe(fred.Probe, fred.Config{Base: p.FRED.Base, GraphBase: p.FRED.GraphBase, Key: string(p.FRED.Key)}),
		}
	}, (*Catalog).addFRED},
	{fiscaldata.Publisher, fiscaldata.Every, fiscaldata.Hosts(), func(p *Publishers) block {
		if p.FiscalData == nil {
			return block{}
		}
		return block{addresses: []address{{"base", &p.FiscalData.Base, ""}}, probe: probe(fiscaldata.Probe, fiscaldata.Config{Base: p.FiscalData.Base})}
	}, (*Catalog).addFiscalData},
	{ishares.Publisher, ishares.Every, ishares.Hosts, func(p *Publishers) block {
		if p.IShares == nil {
			return block{}
		}
		return block{addresses: []address{{"base", &p.IShares.Base, ""}}, probe: probe(ishares.Probe, ishares.Config{Base: p.IShares.Base})}
	}, (*Catalog).addIShares},
	{ssga.Publisher, ssga.Every, ssga.Hosts, func(p *Publishers) block {
		if p.SSGA == nil {
			return block{}
		}
		return block{addresses: []address{{"base", &p.SSGA.Base, ""}}, probe: probe(ssga.Probe, ssga.Config{Base: p.SSGA.Base})}
	}, (*Catalog).addSSGA},
	{sp500.Publisher, sp500.Every, sp500.Hosts, func(p *Publishers) block {
		if p.SP500 == nil {
			return block{}
		}
		return block{
			addresses: []address{{"base", &p.SP500.Base, ""}, {"constituents", &p.SP500.Constituents, "/constituents.csv"}},
			probe:     probe(sp500.Probe, sp500.Config{Base: p.SP500.Base, Constituents: p.SP500.Constituents}),
		}
	}, (*Catalog).addSP500},
	{ofr.Publisher, ofr.Every, ofr.Hosts(), func(p *Publishers) block {
		if p.OFR == nil {
			return block{}
		}
		return block{addresses: []address{{"base", &p.OFR.Base, ""}}, probe: probe(ofr.Probe, ofr.Config{Base: p.OFR.Base})}
	}, (*Catalog).addOFR},
	{polygon.Publisher, polygon.Every, polygon.Hosts(), func(p *Publishers) block {
		if p.Polygon == nil {
			return block{}
		}
		return block{
			addresses: []address{{"base", &p.Polygon.Base, ""}}, secrets: map[string]*Secret{"key": &p.Polygon.Key},
			probe: probe(polygon.Probe, polygon.Config{Base: p.Polygon.Base, Key: string(p.Polygon.Key)}),
		}
	}, (*Catalog).addPolygon},
	{sec.Publisher, sec.Every, sec.Hosts(), func(p *Publishers) block {
		if p.SEC == nil {
			return block{}
		}
		return block{
			addresses: []address{{"base", &p.SEC.Base, ""}, {"files_base", &p.SEC.FilesBase, ""}},
			probe:     probe(sec.Probe, sec.Config{Base: p.SEC.Base, FilesBase: p.SEC.FilesBase, Contact: p.SEC.Contact}),
		}
	}, (*Catalog).addSEC},
	{stooq.Publisher, stooq.Every, stooq.Hosts(), func(p *Publishers) block {
		if p.Stooq == nil {
			return block{}
		}
		return block{
			addresses: []address{{"base", &p.Stooq.Base, ""}}, secrets: map[string]*Secret{"key": &p.Stooq.Key},
			probe: probe(stooq.Probe, stooq.Config{Base: p.Stooq.Base, Key: string(p.Stooq.Key), Series: p.Stooq.Series}),
		}
	}, (*Catalog).addStooq},
	{tiingo.Publisher, tiingo.Every, tiingo.Hosts(), func(p *Publishers) block {
		if p.Tiingo == nil {
			return block{}
		}
		return block{
			addresses: []address{{"base", &p.Tiingo.Base, ""}}, secrets: map[string]*Secret{"token": &p.Tiingo.Token},
			probe: probe(tiingo.Probe, tiingo.Config{Base: p.Tiingo.Base, Token: string(p.Tiingo.Token), Symbols: p.Tiingo.Symbols}),
		}
	}, (*Catalog).addTiingo},
	{yahoo.Publisher, yahoo.Every, yahoo.Hosts(), func(p *Publishers) block {
		if p.Yahoo == nil {
			return block{}
		}
		return block{
			addresses: []address{{"base", &p.Yahoo.Base, ""}},
			probe:     probe(yahoo.Probe, yahoo.Config{Base: p.Yahoo.Base, Symbols: p.Yahoo.Symbols, Series: p.Yahoo.Series}),
		}
	}, (*Catalog).addYahoo},
}

// Probe is one small real request to a publisher, held against its contract.
type Probe struct {
	Publisher string
	Run       func(ctx context.Context, g extract.Getter) (string, error)
}

// Probes lists the probes of the configured publishers.
func (c *Catalog) Probes() []Probe {
	var out []Probe
	for _, p := range publishers {
		if run := p.block(&c.Config.Publishers).probe; run != nil {
			out = append(out, Probe{p.name, run})
		}
	}
	return out
}

func probe[C any](run func(context.Context, extract.Getter, C) (string, error), cfg C) func(ctx context.Context, g extract.Getter) (string, error) {
	return func(ctx context.Context, g extract.Getter) (string, error) { return run(ctx, g, cfg) }
}

// RateLimits returns each publisher's limit, from its own block of facts.
func RateLimits() map[string]extract.Limit {
	out := make(map[string]extract.Limit, len(publishers))
	for _, p := range publishers {
		out[p.name] = extract.Limit{Every: p.every}
	}
	return out
}

// RedirectHosts returns the hosts to which each publisher may redirect.
func RedirectHosts() map[string][]string {
	out := make(map[string][]string, len(publishers))
	for _, p := range publishers {
		out[p.name] = p.hosts
	}
	return out
}

// Secrets names the credentials in the blocks.
func (p *Publishers) Secrets() map[string]*Secret {
	out := make(map[string]*Secret)
	for _, who := range publishers {
		for key, secret := range who.block(p).secrets {
			out[who.name+"."+key] = secret
		}
	}
	return out
}

// validateBases finds addresses of publishers at which nothing could be asked.
func (c *Config) validateBases(fail func(string, ...any)) {
	for _, p := range publishers {
		for _, a := range p.block(&c.Publishers).addresses {
			u, err := url.Parse(*a.at)
			if *a.at != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
				fail("publishers.%s.%s: %q is not an address such as https://mirror.example.com", p.name, a.key, *a.at)
			}
		}
	}
}
