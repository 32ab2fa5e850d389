package deliver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"tidemark/extract/vendor"
	"tidemark/jobs"
	"tidemark/load/clickhouse"
	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
	"tidemark/load/mail"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// office is a house with figures, and everything that workbooks are brought to.
type office struct {
	engine *engine.Engine
	now    time.Time
	config jobs.Config
	share  string
	bucket *s3mem.Backend
	subs   Config

	mu     sync.Mutex
	calls  []hookMessage
	broken int // how many of the next calls fail
	mails  []string
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{engine: enginetest.Start(t), now: evening, share: filepath.Join(t.TempDir(), "share"), bucket: s3mem.New()}
	o.config = jobs.Config{
		History:    jobs.History{From: schemas.NewDate(2024, time.January, 1)},
		Publishers: jobs.Publishers{IShares: &jobs.IShares{Funds: []string{"IVV"}, Days: jobs.DaysSessions}},
		Files:      []jobs.File{{File: vendor.File{Kind: jobs.KindBars, Name: "vendor", Paths: []string{"prices/{year}.csv"}, Adjustment: "raw"}}},
		Universes:  []jobs.Universe{{ID: "SPX_MEMBERS", Name: "S&P 500", Funds: []string{"IVV"}, Prices: []string{"vendor"}}},
	}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.broken > 0 {
			o.broken--
			w.WriteHeader(http.StatusNotFound)
			return
		}
		var m hookMessage
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		o.calls = append(o.calls, m)
	}))
	t.Cleanup(hook.Close)
	if err := o.bucket.CreateBucket("research"); err != nil {
		t.Fatal(err)
	}
	service := httptest.NewServer(gofakes3.New(o.bucket, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(service.Close)
	o.subs = Config{{
		Name: "daily", Folder: &FolderConfig{Path: o.share}, Webhook: &jobs.HookConfig{URL: jobs.Secret(hook.URL)},
		Bucket: &BucketConfig{Endpoint: service.URL, Region: "us-east-1", Bucket: "research", Prefix: "books", AccessKey: "key", SecretKey: "secret"},
		Email:  &EmailConfig{EmailConfig: jobs.EmailConfig{Host: "127.0.0.1", Port: o.postOffice(t), From: "a@example.org", To: []string{"b@example.org"}, TLS: mail.None}, Link: "https://files.example.com/books/"},
	}}
	return o
}

// postOffice starts a mail server and returns its port.
func (o *office) postOffice(t *testing.T) int {
	t.Helper()
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return inbox{o}, nil }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = server.Serve(l); close(done) }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return l.Addr().(*net.TCPAddr).Port
}

type inbox struct{ o *office }

func (inbox) Mail(string, *smtp.MailOptions) error { return nil }
func (inbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (inbox) Reset()                               {}
func (inbox) Logout() error                        { return nil }

func (i inbox) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	i.o.mu.Lock()
	defer i.o.mu.Unlock()
	i.o.mails = append(i.o.mails, string(b))
	return nil
}

// deliverer opens one with a connection of its own, as another process has it.
func (o *office) deliverer(t *testing.T) *Deliverer {
	t.Helper()
	access := o.engine.Loader()
	w, err := clickhouse.Open(t.Context(), clickhouse.Options{Addr: []string{access.Addr}, User: access.User, Password: access.Password, Now: func() time.Time { return o.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if _, err := w.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Views(t.Context()); err != nil {
		t.Fatal(err)
	}
	catalog, err := jobs.NewCatalog(o.config, calendar.US())
	if err != nil {
		t.Fatal(err)
	}
	r := &jobs.Runner{Catalog: catalog, Warehouse: w, Now: func() time.Time { return o.now }, Log: slog.New(slog.DiscardHandler), Command: "test"}
	d, err := New(r, o.subs, "test", Wiring{Now: r.Now})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// figures puts facts of a table into the warehouse, up to a day.
func (o *office) figures(t *testing.T, d *Deliverer, table schemas.Table[schemas.Fact], metric string, last schemas.Date) {
	t.Helper()
	window := schemas.CutYear.Window("SPX_MEMBERS", last)
	var facts []schemas.Fact
	for i, day := range calendar.US().Sessions(schemas.NewDate(2025, time.January, 1), last+1) {
		facts = append(facts, schemas.Fact{
			Metric: metric, Universe: "SPX_MEMBERS", Session: day, Value: schemas.Some(0.3 + 0.0005*float64(i%40)), Status: schemas.StatusOK,
			Coverage: schemas.Some(1.0), KnownAt: calendar.US().Close(day), Method: 1,
		})
	}
	if _, err := clickhouse.Replace(t.Context(), d.runner.Warehouse, table, clickhouse.Build{Window: window, RunID: "run", Inputs: "x", Method: "1"}, facts); err != nil {
		t.Fatal(err)
	}
}

// step looks at what is due, and returns the verdicts by target.
func step(t *testing.T, d *Deliverer, a Ask) map[string]Verdict {
	t.Helper()
	results, err := d.Step(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Verdict{}
	for _, r := range results {
		out[r.Target] = r.Verdict
		if r.Err != nil {
			t.Logf("%s: %v", r.Target, r.Err)
		}
	}
	return out
}

func all(v Verdict) map[string]Verdict {
	return map[string]Verdict{"folder": v, "bucket": v, "webhook": v, "email": v}
}

func same(t *testing.T, what string, got, want map[string]Verdict) {
	t.Helper()
	for target, v := range want {
		if got[target] != v {
			t.Errorf("%s: %s is %q, want %q", what, target, got[target], v)
		}
	}
}

// TestDeliveries goes through an evening on a real ClickHouse: figures come one
// after the other, a service fails, a process is replaced by another, and each
// subscriber has the workbook once.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	o := open(t)
	d := o.deliverer(t)
	same(t, "without figures", step(t, d, Ask{}), all(Waits))
	o.figures(t, d, schemas.Concentration, "conc_top10_sec", friday)
	o.figures(t, d, schemas.Breadth, "pct_above_sma_200", friday-1)
	same(t, "breadth is missing", step(t, d, Ask{}), all(Waits))
	o.figures(t, d, schemas.Breadth, "pct_above_sma_200", friday)
	same(t, "all is there, and only looked at", step(t, d, Ask{DryRun: true}), all(Due))
	if _, err := os.Stat(o.share); !os.IsNotExist(err) || len(o.mails) != 0 {
		t.Error("a dry run brought something")
	}

	o.broken = 1
	want := all(Delivered)
	want["webhook"] = Due // it failed
	same(t, "all is there", step(t, d, Ask{}), want)
	want["webhook"] = Retries
	same(t, "a moment later", step(t, d, Ask{}), want)
	o.now = evening.Add(time.Minute)
	d = o.deliverer(t) // a process that starts anew
	same(t, "a minute later", step(t, d, Ask{}), all(Delivered))
	same(t, "and again", step(t, d, Ask{Now: true}), all(Delivered))

	data, err := os.ReadFile(filepath.Join(o.share, "daily-2025-12-05.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if len(o.calls) != 1 || o.calls[0].ID != "daily-2025-12-05" || o.calls[0].Workbook.SHA256 != hex.EncodeToString(sum[:]) || len(o.calls[0].Headlines) != 2 {
		t.Errorf("the service was told %+v", o.calls)
	}
	object, err := o.bucket.GetObject("research", "books/daily-2025-12-05.xlsx", nil)
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := io.ReadAll(object.Contents); err != nil || sha256.Sum256(stored) != sum {
		t.Errorf("the bucket holds something else, %v", err)
	}
	if len(o.mails) != 1 {
		t.Fatalf("%d letters, want 1", len(o.mails))
	}
	for _, part := range []string{
		"Subject: Market structure, 5 December 2025", "Message-ID: <daily-2025-12-05@tidemark>", "Ten lines are 3", "https://files.example.com/books/daily-2025-12-05.xlsx",
		"Content-Id: <concentration.png>", `filename="daily-2025-12-05.xlsx"`,
	} {
		if !strings.Contains(o.mails[0], part) {
			t.Errorf("the letter lacks %q", part)
		}
	}
	lines, err := Recent(t.Context(), d.runner.Warehouse, o.now)
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for _, l := range lines {
		states[l.Target+" "+string(l.State)]++
		if l.Hash != hex.EncodeToString(sum[:]) || l.Bytes != int64(len(data)) || strings.Contains(l.Error+l.Where, "secret") {
			t.Errorf("the ledger says %+v", l)
		}
	}
	if states["webhook failed"] != 1 || states["webhook delivered"] != 1 || states["email delivered"] != 1 || len(lines) != 5 {
		t.Errorf("the ledger has %v", states)
	}
	same(t, "asked for again", step(t, d, Ask{Again: true, Names: []string{"daily"}}), all(Delivered))
	if len(o.mails) != 2 {
		t.Errorf("%d letters, want 2", len(o.mails))
	}
	if _, err := d.Step(t.Context(), Ask{Names: []string{"nightly"}}); err == nil || !strings.Contains(err.Error(), `"nightly"`) {
		t.Errorf("a subscription that there is not: %v", err)
	}
}

// TestMissingAtTheDeadline has figures that never come.
func TestMissingAtTheDeadline(t *testing.T) {
	t.Parallel()
	o := open(t)
	d := o.deliverer(t)
	o.figures(t, d, schemas.Concentration, "conc_top10_sec", friday)
	o.figures(t, d, schemas.Breadth, "pct_above_sma_200", friday-1)
	o.now = (friday + 1).In(calendar.NewYork(), 9, 0)
	same(t, "at nine", step(t, d, Ask{}), all(Delivered))
	if want := []string{"breadth of the S&P 500 (up to 2025-12-04)"}; len(o.calls) != 1 || !slices.Equal(o.calls[0].Missing, want) {
		t.Errorf("the service was told %+v", o.calls)
	}
	if !strings.Contains(o.mails[0], "Not there yet: breadth of the S&P 500") {
		t.Error("the letter does not say what is missing")
	}
}

// TestLostOfAnEarlierSession has a process that ended while it handed a letter
// over, and others that look only after the next session has ended.
func TestLostOfAnEarlierSession(t *testing.T) {
	t.Parallel()
	o := open(t)
	d := o.deliverer(t)
	o.figures(t, d, schemas.Concentration, "conc_top10_sec", friday)
	handed := schemas.Delivery{
		ID: "a", Subscription: "daily", Target: "email", Session: friday - 1, State: schemas.DeliveryHanded, Owner: d.runner.Warehouse.Owner(), At: evening.Add(-24 * time.Hour),
	}
	if err := clickhouse.Append(t.Context(), d.runner.Warehouse, schemas.Deliveries, []schemas.Delivery{handed}); err != nil {
		t.Fatal(err)
	}
	state := func() schemas.DeliveryState {
		lines, err := Recent(t.Context(), d.runner.Warehouse, o.now)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(lines, func(l schemas.Delivery) bool { return l.ID == "a" })
		return lines[i].State
	}
	if step(t, d, Ask{DryRun: true}); state() != schemas.DeliveryHanded {
		t.Error("a dry run wrote into the ledger")
	}
	if step(t, d, Ask{}); state() != schemas.DeliveryUncertain {
		t.Errorf("the ledger says %s, want uncertain: nobody would be told", state())
	}
}

// TestTwoAtOnce has processes that look at the same moment.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t)
	first := o.deliverer(t)
	o.figures(t, first, schemas.Concentration, "conc_top10_sec", friday)
	all := []*Deliverer{first, o.deliverer(t), o.deliverer(t)}
	for round := 0; len(o.mails) == 0 && round < 20; round++ {
		var wg sync.WaitGroup
		for _, d := range all {
			wg.Go(func() {
				if _, err := d.Step(context.WithoutCancel(t.Context()), Ask{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	for range 3 {
		step(t, first, Ask{})
	}
	if len(o.mails) != 1 {
		t.Errorf("%d letters, want 1", len(o.mails))
	}
}
