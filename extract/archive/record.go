package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tidemark/schemas"
)

// Record says that a request was answered: by whom, when and with what.
type Record struct {
	Publisher string
	Method    string
	URL       string // without secrets
	Status    int
	Header    http.Header // those worth keeping
	FetchedAt time.Time   // UTC, to the millisecond
	Bytes     int64       // of the decoded body
	Hash      string      // SHA-256 of the decoded body, its name
	Job       string      // what it was asked for; empty where nobody said
	Dataset   string
	Window    schemas.Window
}

// OK reports whether the answer is a success.
func (r Record) OK() bool { return r.Status >= 200 && r.Status <= 299 }

// record is how a Record is written.
type record struct {
	Publisher string      `json:"publisher"`
	Method    string      `json:"method"`
	URL       string      `json:"url"`
	Status    int         `json:"status"`
	Header    http.Header `json:"header,omitempty"`
	FetchedAt time.Time   `json:"fetched_at"`
	Bytes     int64       `json:"bytes"`
	Hash      string      `json:"sha256"`
	Job       string      `json:"job,omitempty"`
	Dataset   string      `json:"dataset,omitempty"`
	Window    *window     `json:"window,omitempty"`
}

type window struct {
	Part string       `json:"part"`
	From schemas.Date `json:"from"`
	To   schemas.Date `json:"to"`
}

const (
	// recordTime sorts by name as it sorts by time.
	recordTime = "20060102T150405.000Z"
	// hashInName is how much of the hash a record's name shows.
	hashInName = 12
	// maxRecord bounds the size of a record that is read.
	maxRecord = 1 << 20
)

func (r Record) name() string {
	return r.FetchedAt.Format(recordTime) + "-" + r.Hash[:hashInName] + recordEnding
}

// normal checks a record and brings its time to the form in which it is kept.
func (r Record) normal() (Record, error) {
	r.FetchedAt = r.FetchedAt.UTC().Truncate(time.Millisecond)
	switch {
	case r.Publisher == "" || r.Method == "" || r.URL == "":
		return r, errors.New("archive: a record needs publisher, method and address")
	case !isHash(r.Hash):
		return r, fmt.Errorf("archive: record of %s: %q is no SHA-256", r.URL, r.Hash)
	case r.FetchedAt.Year() < 1970 || r.FetchedAt.Year() > 9999:
		return r, fmt.Errorf("archive: record of %s: fetched at %s", r.URL, r.FetchedAt)
	}
	return r, nil
}

func (r Record) encode() ([]byte, error) {
	out := record{
		Publisher: r.Publisher, Method: r.Method, URL: r.URL, Status: r.Status, Header: r.Header,
		FetchedAt: r.FetchedAt, Bytes: r.Bytes, Hash: r.Hash, Job: r.Job, Dataset: r.Dataset,
	}
	if r.Window != (schemas.Window{}) {
		out.Window = &window{r.Window.Part, r.Window.From, r.Window.To}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("archive: write record of %s: %w", r.URL, err)
	}
	return b.Bytes(), nil
}

func decode(text []byte) (Record, error) {
	var in record
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return Record{}, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Record{}, errors.New("text after the record")
	}
	r := Record{
		Publisher: in.Publisher, Method: in.Method, URL: in.URL, Status: in.Status, Header: in.Header,
		FetchedAt: in.FetchedAt, Bytes: in.Bytes, Hash: in.Hash, Job: in.Job, Dataset: in.Dataset,
	}
	if in.Window != nil {
		r.Window = schemas.Window{Part: in.Window.Part, From: in.Window.From, To: in.Window.To}
	}
	return r.normal()
}

// readRecord reads the record in a file, and holds it against the file's place
// and name.
func readRecord(path string) (Record, error) {
	f, err := os.Open(path) // #nosec G304 -- a file of the archive
	if err != nil {
		return Record{}, fmt.Errorf("archive: open record: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return Record{}, fmt.Errorf("archive: read record %s: %w", path, err)
	}
	r, err := decode(text)
	if err != nil {
		return Record{}, &CorruptError{Path: path, What: err.Error()}
	}
	if filepath.Base(path) != r.name() || filepath.Base(filepath.Dir(path)) != Key(r.Publisher, r.Method, r.URL) {
		return Record{}, &CorruptError{Path: path, What: "it is the record of another answer"}
	}
	return r, nil
}

// Answers returns all that a request was ever answered with, newest first.
func (a *Archive) Answers(publisher, method, url string) ([]Record, error) {
	names, err := a.names(publisher, method, url)
	if err != nil {
		return nil, err
	}
	out := make([]Record, 0, len(names))
	for _, path := range names {
		r, err := readRecord(path)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// Newest returns the newest success among the answers of a request that were
// fetched at or before notAfter, or, where there is none, the newest refusal.
// The zero notAfter means any time.
func (a *Archive) Newest(publisher, method, url string, notAfter time.Time) (Record, bool, error) {
	names, err := a.names(publisher, method, url)
	if err != nil {
		return Record{}, false, err
	}
	var refusal Record
	for _, path := range names {
		if !notAfter.IsZero() && recordedAfter(filepath.Base(path), notAfter) {
			continue
		}
		r, err := readRecord(path)
		if err != nil {
			return Record{}, false, err
		}
		if r.OK() {
			return r, true, nil
		}
		if refusal.Hash == "" {
			refusal = r
		}
	}
	return refusal, refusal.Hash != "", nil
}

// URLs returns, sorted, the addresses at which a publisher ever gave a success
// at or before notAfter. The zero notAfter means any time.
func (a *Archive) URLs(publisher string, notAfter time.Time) ([]string, error) {
	var out []string
	err := a.eachRequest(func(dir string, names []string) error {
		for _, name := range names {
			if !notAfter.IsZero() && recordedAfter(name, notAfter) {
				continue
			}
			r, err := readRecord(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			if r.Publisher != publisher {
				return nil
			}
			if r.OK() {
				out = append(out, r.URL)
				return nil
			}
		}
		return nil
	})
	slices.Sort(out)
	return slices.Compact(out), err
}

// Records returns every record of the archive, oldest first. After an error
// nothing more comes.
func (a *Archive) Records() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		// Names sort by time, so only they are held, not the records.
		var paths []string
		err := a.eachRequest(func(dir string, names []string) error {
			for _, name := range names {
				paths = append(paths, filepath.Join(dir, name))
			}
			return nil
		})
		if err != nil {
			yield(Record{}, err)
			return
		}
		slices.SortFunc(paths, func(x, y string) int {
			if c := strings.Compare(filepath.Base(x), filepath.Base(y)); c != 0 {
				return c
			}
			return strings.Compare(x, y)
		})
		for _, path := range paths {
			r, err := readRecord(path)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// names lists the paths of a request's records, newest first.
func (a *Archive) names(publisher, method, url string) ([]string, error) {
	dir := a.requestPath(Key(publisher, method, url))
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("archive: list answers of %s: %w", url, err)
	}
	out := make([]string, 0, len(entries))
	for _, e := range slices.Backward(entries) {
		if isRecordName(e.Name()) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}

// eachRequest calls fn with the folder of each request and the names of its
// records, oldest first.
func (a *Archive) eachRequest(fn func(dir string, names []string) error) error {
	root := filepath.Join(a.dir, requestDir)
	shelves, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("archive: list requests: %w", err)
	}
	for _, shelf := range shelves {
		keys, err := os.ReadDir(filepath.Join(root, shelf.Name()))
		if err != nil {
			return fmt.Errorf("archive: list requests: %w", err)
		}
		for _, key := range keys {
			dir := filepath.Join(root, shelf.Name(), key.Name())
			entries, err := os.ReadDir(dir)
			if err != nil {
				return fmt.Errorf("archive: list answers: %w", err)
			}
			names := make([]string, 0, len(entries))
			for _, e := range entries {
				if isRecordName(e.Name()) {
					names = append(names, e.Name())
				}
			}
			if err := fn(dir, names); err != nil {
				return err
			}
		}
	}
	return nil
}

// isRecordName tells records from what does not belong there, which only
// Verify speaks of.
func isRecordName(name string) bool {
	stamp, _, ok := strings.Cut(name, "-")
	return ok && len(stamp) == len(recordTime) && len(name) == len(recordTime)+1+hashInName+len(recordEnding) && strings.HasSuffix(name, recordEnding)
}

func recordedAfter(name string, t time.Time) bool {
	return name[:len(recordTime)] > t.UTC().Format(recordTime)
}
