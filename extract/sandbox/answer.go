package sandbox

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tidemark/schemas"
)

// request is one question to one publisher.
type request struct {
	*http.Request
	publisher string
	path      string // below the publisher's name, beginning with a slash
	query     url.Values
}

// date reads a query parameter as a day; missing gives otherwise.
func (q *request) date(name string, otherwise schemas.Date) (schemas.Date, error) {
	text := q.query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	d, err := schemas.ParseDate(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

// answer is what a publisher has to say, before it is packed and sent.
type answer struct {
	status int // 0 stands for 200
	kind   string
	header map[string]string
	// text writes the content before packing. Long ones are streamed.
	text func(w io.Writer) error
	// pack puts the text into its container; nil leaves it as it is.
	pack func(w io.Writer, text func(io.Writer) error) error
	// long says that the text may be too large to be held in memory.
	long bool
	// ready is the packed content where it was kept from an earlier request.
	ready []byte
	// twist says how faults disfigure the text.
	twist twister
	// bomb is the packed content of an archive that explodes; nil for
	// publishers that send none.
	bomb func() ([]byte, error)
}

func plain(kind, text string) *answer {
	return &answer{kind: kind, text: func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}}
}

func refused(status int, kind, text string) *answer {
	a := plain(kind, text)
	a.status = status
	return a
}

func notFound() *answer {
	return refused(http.StatusNotFound, "text/html; charset=UTF-8", errorPage("404 Not Found"))
}

func errorPage(title string) string {
	return "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>" + title + "</title></head>\n<body>\n<h1>" + title +
		"</h1>\n<p>This page comes from a simulated publisher.</p>\n</body>\n</html>\n"
}

// render returns the packed content.
func (a *answer) render() ([]byte, error) {
	if a.ready != nil {
		return a.ready, nil
	}
	var b bytes.Buffer
	if err := a.write(&b, a.text); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (a *answer) write(w io.Writer, text func(io.Writer) error) error {
	if a.pack == nil {
		return text(w)
	}
	return a.pack(w, text)
}

// send writes an answer that nothing goes wrong with.
func (a *answer) send(w http.ResponseWriter, q *request) {
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.Header().Set("Content-Type", a.kind)
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	if status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	if a.long && a.ready == nil {
		w.WriteHeader(status)
		if q.Method != http.MethodHead {
			if err := a.write(w, a.text); err != nil {
				panic(http.ErrAbortHandler) // the reader has gone: no other way to say that this is not all
			}
		}
		return
	}
	body, err := a.render()
	if err != nil {
		http.Error(w, "sandbox: "+err.Error(), http.StatusInternalServerError)
		return
	}
	if a.pack == nil && a.ready == nil && len(body) > 1024 && strings.Contains(q.Header.Get("Accept-Encoding"), "gzip") {
		body = squeeze(body)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Vary", "Accept-Encoding")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if q.Method != http.MethodHead {
		_, _ = w.Write(body) // a reader that has gone needs no answer
	}
}

func squeeze(body []byte) []byte {
	var b bytes.Buffer
	_ = gzipTo(&b, func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	}) // memory does not fail
	return b.Bytes()
}

// gzipTo is the packer of gzip files.
func gzipTo(w io.Writer, text func(io.Writer) error) error {
	gz, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := text(gz); err != nil {
		return err
	}
	return gz.Close()
}
