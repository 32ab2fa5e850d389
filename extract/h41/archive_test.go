package h41_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/h41"
	"tidemark/schemas"
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>
<message:MessageGroup xmlns:message="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/message" xmlns:common="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/common" xmlns:frb="http://www.federalreserve.gov/structure/compact/common">
<message:Header><message:ID>H41</message:ID><message:Test>false</message:Test><message:Prepared>2026-09-24T16:15:00</message:Prepared></message:Header>
<frb:DataSet id="H41" xmlns:kf="http://www.federalreserve.gov/structure/compact/H41_H41">
`

const xmlTail = "</frb:DataSet>\n</message:MessageGroup>\n"

func seriesHead(name string) string {
	return `<kf:Series CATEGORY="LIABCAP" COMPONENT="RBFRB" CURRENCY="USD" DISTRIBUTION="TOT" FREQ="19" SERIESTYPE="L" SERIES_NAME="` + name + `" UNIT="Currency" UNIT_MULT="1000000">
<frb:Annotations><common:Annotation><common:AnnotationType>Short Description</common:AnnotationType><common:AnnotationText>A &amp; B: Wednesday level</common:AnnotationText></common:Annotation></frb:Annotations>
`
}

func obs(day, status, value string) string {
	return `<frb:Obs OBS_STATUS="` + status + `" OBS_VALUE="` + value + `" TIME_PERIOD="` + day + `"/>` + "\n"
}

// release is a small but whole release: every series that is always kept, one
// that is not, and values of each status.
func release() string {
	var b strings.Builder
	b.WriteString(xmlHead)
	for i, name := range append(h41.Series(), "RESPPMA_XCH1_N.WW") {
		b.WriteString(seriesHead(name))
		b.WriteString(obs("2008-12-17", "ND", "-9999"))
		b.WriteString(obs("2026-09-16", "A", strconv.Itoa(6_748_281+i)))
		b.WriteString(obs("2026-09-23", "A", strconv.Itoa(6_747_704+i)))
		b.WriteString("</kf:Series>\n")
	}
	b.WriteString(xmlTail)
	return b.String()
}

type member struct {
	name, content string
}

func pack(tb testing.TB, members ...member) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, m := range members {
		w, err := z.Create(m.name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func serve(t *testing.T, body []byte) (base string, path *atomic.Value) {
	t.Helper()
	path = new(atomic.Value)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path.Store(r.URL.String())
		w.Header().Set("Content-Type", "application/x-zip-compressed")
		_, _ = w.Write(body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, path
}

func TestArchiveIsAskedForAndRead(t *testing.T) {
	t.Parallel()
	base, path := serve(t, pack(t, member{"frb_common.xsd", "<x/>"}, member{"H41_H41.xsd", "<x/>"}, member{"H41_data.xml", release()}, member{"H41_struct.xml", "<x/>"}))
	rows, err := extracttest.All(t, h41.Archive(extracttest.Client(t), h41.Config{Base: base}), window)
	if err != nil {
		t.Fatal(err)
	}
	if got := path.Load(); got != "/releases/h41/data/FRB_h41_xml.zip" {
		t.Errorf("asked for %v", got)
	}
	if want := 3 * len(h41.Series()); len(rows) != want {
		t.Errorf("got %d rows, want %d", len(rows), want)
	}
	at := index(rows)
	first := at[point{h41.Series()[0], "2026-09-23"}]
	if first.Value != schemas.Some(6_747_704.0) || first.Status != "A" || first.Unit != "Currency" || first.Multiplier != 1e6 || first.Source != "h41" || len(first.Payload) != 64 {
		t.Errorf("got %+v", first)
	}
	if none := at[point{"RESPPMA_N.WW", "2008-12-17"}]; none.Value.OK || none.Status != "ND" {
		t.Errorf("a value that the Board does not have became %+v", none)
	}
	if _, ok := at[point{"RESPPMA_XCH1_N.WW", "2026-09-23"}]; ok {
		t.Error("a series nobody asked for was kept")
	}
	more, err := extracttest.All(t, h41.Archive(extracttest.Client(t), h41.Config{Base: base, Series: []string{"RESPPMA_XCH1_N.WW"}}), window)
	if err != nil || len(more) != len(rows)+3 {
		t.Errorf("with one more series: got %d rows, %v, want %d", len(more), err, len(rows)+3)
	}
	for i := range more {
		if i > 0 && (more[i-1].Series > more[i].Series || more[i-1].Series == more[i].Series && more[i-1].Date >= more[i].Date) {
			t.Fatalf("row %d is out of order", i)
		}
	}
}

func TestArchiveKeepsToTheWindow(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, pack(t, member{"H41_data.xml", release()}))
	src := h41.Archive(extracttest.Client(t), h41.Config{Base: base})
	year := schemas.CutYear.Window(h41.Release, schemas.NewDate(2008, time.June, 1))
	rows, err := extracttest.All(t, src, year)
	if err != nil || len(rows) != len(h41.Series()) {
		t.Errorf("got %d rows, %v, want %d", len(rows), err, len(h41.Series()))
	}
	for _, r := range rows {
		if !year.Contains(r.Date) {
			t.Errorf("%s is outside %s", r.Date, year)
		}
	}
	if _, err := extracttest.All(t, src, schemas.CutYear.Window(h41.Release, schemas.NewDate(1999, time.June, 1))); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("a year without values: got %v, want ErrNoData", err)
	}
	if _, err := extracttest.All(t, src, schemas.CutWhole.Window("h8", 0)); err == nil || errors.Is(err, extract.ErrNoData) {
		t.Errorf("an unknown release: got %v", err)
	}
}

func TestSavedFormsGiveTheSameRows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	save := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, release()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{
		save("a.zip", pack(t, member{"H41_data.xml", release()})), save("a.xml", []byte(release())), save("a.xml.gz", packed.Bytes()),
	} {
		rows, err := extracttest.All(t, h41.Archive(extracttest.Client(t), h41.Config{Files: []string{f}}), window)
		if err != nil || len(rows) != 3*len(h41.Series()) {
			t.Errorf("%s: got %d rows, %v", f, len(rows), err)
		}
	}
	newer := save("b.xml", []byte(strings.ReplaceAll(release(), "6747704", "6747705")))
	rows, err := extracttest.All(t, h41.Archive(extracttest.Client(t), h41.Config{Files: []string{save("a.xml", []byte(release())), newer}}), window)
	if err != nil {
		t.Fatal(err)
	}
	if got := index(rows)[point{h41.Series()[0], "2026-09-23"}].Value.V; got != 6_747_705 || len(rows) != 3*len(h41.Series()) {
		t.Errorf("the later file gave %v in %d rows", got, len(rows))
	}
}

func flagged(t *testing.T, data []byte, set func(h []byte)) []byte {
	t.Helper()
	i := bytes.Index(data, []byte("PK\x01\x02"))
	if i < 0 {
		t.Fatal("no central directory")
	}
	out := bytes.Clone(data)
	set(out[i:])
	return out
}

func TestArchiveRefusesHostileAnswers(t *testing.T) {
	t.Parallel()
	good := release()
	in := func(old, repl string) []byte {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the release", old)
		}
		return pack(t, member{"H41_data.xml", strings.Replace(good, old, repl, 1)})
	}
	whole := pack(t, member{"H41_data.xml", good})
	bomb := pack(t, member{"H41_data.xml", xmlHead + strings.Repeat(" ", 8<<20) + xmlTail})
	lying := flagged(t, bomb, func(h []byte) { copy(h[24:28], []byte{0, 0, 16, 0}) }) // says 1 MiB
	for name, tc := range map[string]struct {
		body []byte
		want string
	}{
		"web page":            {[]byte("<!DOCTYPE html><html><title>Page not found</title></html>"), "web page"},
		"empty":               {nil, "empty"},
		"truncated":           {whole[:len(whole)/2], "not a whole zip"},
		"no data member":      {pack(t, member{"H41_struct.xml", "<x/>"}), "no member H41_data.xml"},
		"unknown member":      {pack(t, member{"H41_data.xml", good}, member{"readme.txt", "x"}), "readme.txt"},
		"member elsewhere":    {pack(t, member{"../H41_data.xml", good}), "unknown member"},
		"two data members":    {pack(t, member{"H41_data.xml", good}, member{"H41_data.xml", good}), "two members"},
		"encrypted":           {flagged(t, whole, func(h []byte) { h[8] |= 1 }), "encrypted"},
		"unknown method":      {flagged(t, whole, func(h []byte) { h[10] = 12 }), "method 12"},
		"bomb":                {bomb, "inflates from"},
		"bomb that lies":      {lying, "H41_data.xml"},
		"bit flipped":         {flip(whole), "H41_data.xml"},
		"xml empty":           {pack(t, member{"H41_data.xml", ""}), "empty"},
		"xml is a page":       {pack(t, member{"H41_data.xml", "<html>"}), "web page"},
		"xml truncated":       {pack(t, member{"H41_data.xml", good[:len(good)-30]}), "cut off"},
		"xml cut in a tag":    {pack(t, member{"H41_data.xml", good[:2000]}), "cut off"},
		"doctype":             {in("<message:MessageGroup", `<!DOCTYPE x [<!ENTITY a "aaaa">]><message:MessageGroup`), "DOCTYPE"},
		"unknown entity":      {in("A &amp; B", "A &lol; B"), "not the XML"},
		"another root":        {in("v1_0/message\"", "v2_0/message\""), "root"},
		"another release":     {in(`DataSet id="H41"`, `DataSet id="H8"`), "H8"},
		"no data set":         {pack(t, member{"H41_data.xml", `<m:MessageGroup xmlns:m="http://www.SDMX.org/resources/SDMXML/schemas/v1_0/message"></m:MessageGroup>`}), "0 data sets"},
		"renamed element":     {in("<frb:Obs OBS_STATUS=\"A\" OBS_VALUE=\"6747704\" TIME_PERIOD=\"2026-09-23\"/>", "<frb:Observation/>"), "Observation"},
		"element elsewhere":   {in("<message:Header>", `<frb:Obs OBS_STATUS="A"/><message:Header>`), "Obs"},
		"unknown in data set": {in("<kf:Series", "<kf:Group/><kf:Series"), "Group"},
		"renamed value":       {in("OBS_VALUE", "VALUE"), "unknown attribute"},
		"no value":            {in(`OBS_VALUE="-9999" `, ""), "lacks OBS_VALUE"},
		"extra attribute":     {in("OBS_VALUE=", "OBS_CONF=\"F\" OBS_VALUE="), "OBS_CONF"},
		"another file":        {[]byte("GIF89a"), "GIF8"},
		"renamed day":         {in("TIME_PERIOD", "PERIOD"), "unknown attribute"},
		"no day":              {in(` TIME_PERIOD="2008-12-17"`, ""), "TIME_PERIOD"},
		"renamed status":      {in("OBS_STATUS", "STATUS"), "unknown attribute"},
		"no status":           {in(`OBS_STATUS="ND" `, ""), "OBS_STATUS"},
		"unknown status":      {in(`OBS_STATUS="ND"`, `OBS_STATUS="E"`), `"E"`},
		"renamed series":      {in(`"RESPPMA_N.WW"`, `"RESPPMB_N.WW"`), "RESPPMA_N.WW"},
		"no name":             {in("SERIES_NAME", "NAME"), "SERIES_NAME"},
		"series twice":        {in(`"RESPPMA_N.WW"`, `"RESPPALG_N.WW"`), "there twice"},
		"billions":            {in(`UNIT_MULT="1000000"`, `UNIT_MULT="1000000000"`), "1000000000"},
		"another currency":    {in(`CURRENCY="USD"`, `CURRENCY="EUR"`), "EUR"},
		"percent":             {in(`UNIT="Currency"`, `UNIT="Percent"`), "Percent"},
		"another frequency":   {in(`FREQ="19"`, `FREQ="9"`), "frequency"},
		"a fraction":          {in(`"6747704"`, `"6747.704"`), "unit has changed"},
		"thousands":           {in(`"6747704"`, `"6747704000"`), "unit has changed"},
		"NaN":                 {in(`"6747704"`, `"NaN"`), "not a number"},
		"1e309":               {in(`"6747704"`, `"1e309"`), "too large"},
		"bad day":             {in("2026-09-23", "23 Sep 2026"), "TIME_PERIOD"},
		"not a Wednesday":     {in("2026-09-23", "2026-09-24"), "Thursday"},
		"a day twice":         {in("2026-09-23", "2026-09-16"), "two values"},
		"trailing element":    {pack(t, member{"H41_data.xml", good + "<x/>"}), "after the end"},
		"endless tag":         {pack(t, member{"H41_data.xml", strings.Replace(good, "LIABCAP", incompressible(200<<10), 1)}), "longer than"},
		"deep nesting":        {in("<frb:Annotations>", "<frb:Annotations>"+strings.Repeat("<a>", 50)+strings.Repeat("</a>", 50)), "deeper"},
		"another encoding":    {in("UTF-8", "ISO-8859-1"), "encoding"},
		"implausibly small":   {smallAssets(t), "total assets"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, _ := serve(t, tc.body)
			_, err := extracttest.All(t, h41.Archive(extracttest.Client(t), h41.Config{Base: base}), window)
			var broken *extract.ContractError
			if !errors.As(err, &broken) {
				t.Fatalf("got %v, want a ContractError", err)
			}
			if broken.Publisher != "h41" || broken.Window != window || len(broken.Payload) != 64 {
				t.Errorf("the error names %q, %v, %q", broken.Publisher, broken.Window, broken.Payload)
			}
			if !strings.Contains(broken.What, tc.want) {
				t.Errorf("got %q, want it to contain %q", broken.What, tc.want)
			}
		})
	}
}

// smallAssets is a release whose total assets are whole billions, though it
// says millions.
func smallAssets(t *testing.T) []byte {
	t.Helper()
	head, tail, ok := strings.Cut(release(), `SERIES_NAME="RESPPMA_N.WW"`)
	if !ok {
		t.Fatal("no total assets")
	}
	i := strings.Index(tail, `OBS_VALUE="67`)
	tail = tail[:i] + `OBS_VALUE="6748"` + tail[strings.Index(tail[i:], ` TIME_PERIOD`)+i:]
	return pack(t, member{"H41_data.xml", head + `SERIES_NAME="RESPPMA_N.WW"` + tail})
}

// flip damages the packed data of an archive, not its directories.
func flip(data []byte) []byte {
	out := bytes.Clone(data)
	out[len(out)/2] ^= 0x55
	return out
}

// incompressible is text that deflate cannot make much of.
func incompressible(n int) string {
	b := make([]byte, n)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = 'A' + byte(x%26)
	}
	return string(b)
}

func TestGzipBombInAFileIsRefused(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, xmlHead+strings.Repeat("<!-- nothing -->", 512<<10)+xmlTail); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bomb.xml.gz")
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := extracttest.All(t, h41.Archive(extracttest.Client(t), h41.Config{Files: []string{"file://" + path}}), window)
	if err == nil || !strings.Contains(err.Error(), "inflate to more than") {
		t.Errorf("got %v", err)
	}
}

func TestArchiveHasManners(t *testing.T) {
	t.Parallel()
	body := pack(t, member{"H41_data.xml", release()})
	extracttest.Manners[schemas.Observation]{
		New: func(g extract.Getter, base string) extract.Source[schemas.Observation] {
			return h41.Archive(g, h41.Config{Base: base})
		},
		Publisher: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }),
		Window:    window,
		Date:      func(r *schemas.Observation) schemas.Date { return r.Date },
	}.Hold(t)
}

func TestProbeSaysWhatCameBack(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, pack(t, member{"H41_data.xml", release()}))
	i := slices.Index(h41.Series(), "RESPPMA_N.WW")
	want := fmt.Sprintf("total assets of USD %d mn on Wednesday 2026-09-23", 6_747_704+i)
	if got, err := h41.Probe(t.Context(), extracttest.Client(t), h41.Config{Base: base, Files: []string{"file:///nowhere"}}); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	base, _ = serve(t, pack(t, member{"H41_data.xml", regexp.MustCompile(`OBS_STATUS="A"`).ReplaceAllString(release(), `OBS_STATUS="NA"`)}))
	var broken *extract.ContractError
	if _, err := h41.Probe(t.Context(), extracttest.Client(t), h41.Config{Base: base}); !errors.As(err, &broken) {
		t.Errorf("an archive without values: got %v, want a ContractError", err)
	}
}
