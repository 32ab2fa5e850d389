package main

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"tidemark/jobs"
	"tidemark/jobs/alert"
	"tidemark/jobs/deliver"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// settings is the whole configuration file.
type settings struct {
	// Data is the folder of the archive, the embedded engine and the workbooks.
	Data      string            `yaml:"data"`
	UserAgent string            `yaml:"user_agent"`
	Warehouse warehouseSettings `yaml:"warehouse"`
	Sandbox   *sandboxSettings  `yaml:"sandbox"`
	Export    exportSettings    `yaml:"export"`
	Serve     serveSettings     `yaml:"serve"`
	Alerts    alert.Config      `yaml:"alerts"`
	Deliver   deliver.Config    `yaml:"deliver"`

	jobs.Config `yaml:",inline"`

	path string // of the file itself
}

// warehouseSettings names a ClickHouse server; without a DSN the embedded
// engine is used.
type warehouseSettings struct {
	DSN     jobs.Secret `yaml:"dsn"`     // clickhouse://user:password@host:9000
	CA      string      `yaml:"ca"`      // file of certificates to trust, in place of those of the system
	Library string      `yaml:"library"` // of the embedded engine, where it is not the cached one
	Memory  int64       `yaml:"memory_mb"`
	Backup  string      `yaml:"backup"` // where a server writes backups: Disk('backups', '{name}')
}

// What the embedded engine can be given, in MB.
const (
	leastMemory = 512
	mostMemory  = 16 << 20
)

// sandboxSettings puts the simulated publishers in the place of the real ones.
type sandboxSettings struct {
	Seed       uint64       `yaml:"seed"`
	Securities int          `yaml:"securities"`
	From       schemas.Date `yaml:"from"`
	To         schemas.Date `yaml:"to"`
	// Started is when the simulated clock, which runs at the pace of the real
	// one, stood at noon of the day after To. Without it the clock is the real one.
	Started time.Time `yaml:"started"`
}

// clock returns the clock of the simulated market.
func (s *sandboxSettings) clock(now func() time.Time) func() time.Time {
	if s.Started.IsZero() {
		return now
	}
	noon := s.To.AddDays(1).In(calendar.NewYork(), 12, 0)
	return func() time.Time { return noon.Add(now().Sub(s.Started)) }
}

type exportSettings struct {
	Folder string `yaml:"folder"` // of the workbooks; default: Data/workbooks
}

const defaultConfig = "tidemark.yaml"

//go:embed deploy/tidemark.yaml
var initialConfig string

// load reads the configuration. Every path in it is relative to its folder.
func (a *app) load() (*settings, error) {
	path := cmp.Or(a.configPath, defaultConfig)
	text, err := os.ReadFile(path) //nolint:gosec // the user names the file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError("there is no configuration at %s: write one with `tidemark init`, or name it with --config", path)
	}
	if err != nil {
		return nil, usageError("read the configuration: %w", err)
	}
	s, err := parseSettings(text, os.LookupEnv)
	if err != nil {
		return nil, usageError("%s: %w", path, err)
	}
	if s.path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("locate the configuration: %w", err)
	}
	s.resolve(filepath.Dir(s.path))
	return s, nil
}

// parseSettings decodes and checks a configuration. A key that nothing reads
// is an error, because it is most often a misspelt one.
func parseSettings(text []byte, env func(string) (string, bool)) (*settings, error) {
	var s settings
	if err := yaml.UnmarshalWithOptions(text, &s, yaml.Strict()); err != nil {
		return nil, errors.New(yaml.FormatError(err, false, false)) // line and column, but no lines: they may hold secrets
	}
	secrets := map[string]*jobs.Secret{"warehouse.dsn": &s.Warehouse.DSN}
	for name, secret := range s.Publishers.Secrets() {
		secrets["publishers."+name] = secret
	}
	for name, secret := range s.Alerts.Secrets() {
		secrets["alerts."+name] = secret
	}
	for name, secret := range s.Deliver.Secrets() {
		secrets["deliver."+name] = secret
	}
	for name, secret := range secrets {
		value, err := expand(string(*secret), env)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		*secret = jobs.Secret(value)
	}
	if s.Data == "" {
		s.Data = "data"
	}
	if s.Export.Folder == "" {
		s.Export.Folder = filepath.Join(s.Data, "workbooks")
	}
	if s.Serve.Tokens == "" {
		s.Serve.Tokens = filepath.Join(s.Data, "tokens.json")
	}
	if l := s.Serve.Log; l != "" && l != logText && l != logJSON {
		return nil, fmt.Errorf("serve.log: %q is neither text nor json", l)
	}
	if address := s.Serve.Traces; address != "" {
		if _, err := tracesAddress(address); err != nil {
			return nil, fmt.Errorf("serve.traces: %w", err)
		}
	}
	if b := s.Warehouse.Backup; b != "" && (!strings.Contains(b, "{name}") || s.Warehouse.DSN == "") {
		return nil, fmt.Errorf("warehouse.backup: %q is not where a server of your own can write backups, such as Disk('backups', '{name}'); the embedded engine needs none", b)
	}
	if m := s.Warehouse.Memory; m != 0 && (m < leastMemory || m > mostMemory) {
		return nil, fmt.Errorf("warehouse.memory_mb: %d is outside %d to %d", m, leastMemory, mostMemory)
	}
	if box := s.Sandbox; box != nil && (box.From == 0 || box.To <= box.From) {
		return nil, errors.New("sandbox: from and to say which days are simulated, such as from: 2020-01-01 and to: 2024-12-31")
	}
	if err := errors.Join(s.Validate(), s.Alerts.Validate(), s.Deliver.Validate(&s.Config)); err != nil {
		return nil, err
	}
	_, err := jobs.NewCatalog(s.Config, calendar.US()) // finds what only the jobs know to be wrong
	return &s, err
}

// resolve makes the paths of the configuration absolute.
func (s *settings) resolve(dir string) {
	abs := func(p *string) {
		if *p != "" && !strings.Contains(*p, "://") && !strings.HasPrefix(*p, jobs.SandboxPath) && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	all := func(ps []string) {
		for i := range ps {
			abs(&ps[i])
		}
	}
	lists := func(m map[string][]string) {
		for _, ps := range m {
			all(ps)
		}
	}
	abs(&s.Data)
	abs(&s.Export.Folder)
	abs(&s.Warehouse.Library)
	abs(&s.Serve.TLSCert)
	abs(&s.Serve.TLSKey)
	abs(&s.Serve.Tokens)
	if s.Alerts.Email != nil {
		abs(&s.Alerts.Email.CAFile)
	}
	for _, p := range s.Deliver.Paths() {
		abs(p)
	}
	p := &s.Publishers
	if p.NYFed != nil {
		lists(p.NYFed.RateFiles)
		all(p.NYFed.OperationFiles)
	}
	if p.H41 != nil {
		all(p.H41.Files)
	}
	if p.FRED != nil {
		lists(p.FRED.SeriesFiles)
	}
	if p.FiscalData != nil {
		all(p.FiscalData.Files)
	}
	if p.IShares != nil {
		lists(p.IShares.FundFiles)
	}
	if p.SSGA != nil {
		lists(p.SSGA.FundFiles)
	}
	if p.SP500 != nil {
		all(p.SP500.SpellFiles)
		all(p.SP500.ChangeFiles)
		all(p.SP500.ConstituentFiles)
	}
	for i := range s.Files {
		all(s.Files[i].Paths)
	}
}
