package sandbox

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is a way in which an answer goes wrong.
type Kind uint8

// The ways in which answers go wrong.
const (
	// TooMany is HTTP 429 without a Retry-After.
	TooMany Kind = iota + 1
	// TooManySeconds is HTTP 429 with Retry-After in seconds: Fault.Wait.
	TooManySeconds
	// TooManyDate is HTTP 429 with Retry-After as a date: Fault.Wait from now.
	TooManyDate
	// ServerError is HTTP 500.
	ServerError
	// Unavailable is HTTP 503.
	Unavailable
	// Slow sends the answer in ten pieces with Fault.Wait before each.
	Slow
	// Stall sends the header and half the answer, and then nothing until the
	// client goes away or the sandbox is closed.
	Stall
	// Truncated sends the first half as though it were all.
	Truncated
	// Cut announces the whole length and closes the connection half way.
	Cut
	// Reset closes the connection before any answer.
	Reset
	// HTML is a web page with status 200 and the announced content type.
	HTML
	// Empty is an empty answer with status 200.
	Empty
	// RenamedColumn gives the main column or key another name.
	RenamedColumn
	// ExtraColumn adds a column or key nobody has heard of.
	ExtraColumn
	// WrongUnit divides all figures of the main column by 1000; days stay.
	WrongUnit
	// NotANumber writes NaN into the main column.
	NotANumber
	// TooLarge writes 1e309 into the main column, which no float64 can hold.
	TooLarge
	// GzipBomb is an answer that decompresses to 1 GiB.
	GzipBomb
	// ArchiveBomb is a zip, xlsx or gzip file with a member of 1 GiB. A
	// publisher that sends none of them sends a GzipBomb.
	ArchiveBomb
	// WrongDate moves a day of the answer: the as-of date of a holdings file,
	// the first row of a series.
	WrongDate
	// ForeignRedirect leads to a host that is not the publisher's.
	ForeignRedirect
)

func kindNames() map[Kind]string {
	return map[Kind]string{
		TooMany: "429", TooManySeconds: "429 seconds", TooManyDate: "429 date", ServerError: "500", Unavailable: "503",
		Slow: "slow", Stall: "stall", Truncated: "truncated", Cut: "cut", Reset: "reset", HTML: "html", Empty: "empty",
		RenamedColumn: "renamed column", ExtraColumn: "extra column", WrongUnit: "wrong unit", NotANumber: "nan",
		TooLarge: "1e309", GzipBomb: "gzip bomb", ArchiveBomb: "archive bomb", WrongDate: "wrong date",
		ForeignRedirect: "foreign redirect",
	}
}

// String names the kind for test names and logs.
func (k Kind) String() string {
	if name, known := kindNames()[k]; known {
		return name
	}
	return "kind " + strconv.Itoa(int(k))
}

// Kinds lists all kinds of faults.
func Kinds() []Kind {
	out := make([]Kind, 0, int(ForeignRedirect))
	for k := TooMany; k <= ForeignRedirect; k++ {
		out = append(out, k)
	}
	return out
}

// ForeignHost is where [ForeignRedirect] leads. The name is reserved and does
// not resolve.
const ForeignHost = "elsewhere.invalid"

// Fault makes the next answers to certain requests go wrong.
type Fault struct {
	// Publisher whose answers go wrong; empty for all.
	Publisher string
	// Match is a part of the path and query, such as "WALCL" or "asOfDate=";
	// empty for every request.
	Match string
	Kind  Kind
	// Times is the number of answers that go wrong; 0 for all.
	Times int
	// Wait is what a Retry-After says, or what [Slow] waits before each
	// piece; by default one second.
	Wait time.Duration
}

// Inject makes answers go wrong from now on. The oldest fault that fits a
// request is the one that strikes.
func (s *Sandbox) Inject(f Fault) { s.faults.add(f) }

// Clear removes all faults.
func (s *Sandbox) Clear() { s.faults.clear() }

type faultList struct {
	mu   sync.Mutex
	list []Fault
}

func (l *faultList) add(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.Wait == 0 {
		f.Wait = time.Second
	}
	l.list = append(l.list, f)
}

func (l *faultList) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// take finds the fault that strikes a request and counts it.
func (l *faultList) take(q *request) (Fault, bool) {
	target := q.path
	if q.URL.RawQuery != "" {
		target += "?" + q.URL.RawQuery
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.list {
		f := &l.list[i]
		if f.Publisher != "" && f.Publisher != q.publisher || !strings.Contains(target, f.Match) {
			continue
		}
		struck := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				l.list = append(l.list[:i:i], l.list[i+1:]...)
			}
		}
		return struck, true
	}
	return Fault{}, false
}

// serve answers a request, rightly or with the fault that strikes it.
func (s *Sandbox) serve(w http.ResponseWriter, q *request, ask func() *answer) {
	f, struck := s.faults.take(q)
	if !struck {
		ask().send(w, q)
		return
	}
	switch f.Kind {
	case TooMany, TooManySeconds, TooManyDate:
		s.tooMany(w, f)
	case ServerError:
		http.Error(w, errorPage("500 Internal Server Error"), http.StatusInternalServerError)
	case Unavailable:
		http.Error(w, errorPage("503 Service Unavailable"), http.StatusServiceUnavailable)
	case Reset:
		reset(w)
	case ForeignRedirect:
		http.Redirect(w, q.Request, "http://"+ForeignHost+q.path, http.StatusFound)
	default:
		s.disfigure(w, q, f, ask())
	}
}

func (s *Sandbox) tooMany(w http.ResponseWriter, f Fault) {
	if f.Kind == TooManySeconds {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.Wait.Round(time.Second)/time.Second)))
	}
	if f.Kind == TooManyDate {
		now := s.world.Load().now
		if now == nil {
			now = time.Now //nolint:forbidigo // the reader has a clock even where the market has none
		}
		w.Header().Set("Retry-After", now().Add(f.Wait).UTC().Format(http.TimeFormat))
	}
	http.Error(w, "Too Many Requests", http.StatusTooManyRequests)
}

// reset drops the connection without an answer, so that the client sees it
// reset rather than closed.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // where it is refused the connection is closed politely, which does as well
	}
	_ = conn.Close()
}

// disfigure sends an answer whose content has gone wrong.
func (s *Sandbox) disfigure(w http.ResponseWriter, q *request, f Fault, a *answer) {
	body, encoding, err := a.disfigured(f.Kind)
	if err != nil {
		http.Error(w, "sandbox: "+f.Kind.String()+": "+err.Error(), http.StatusInternalServerError)
		return
	}
	for k, v := range a.header {
		if f.Kind != HTML && f.Kind != Empty || k == "Content-Disposition" {
			w.Header().Set(k, v)
		}
	}
	w.Header().Set("Content-Type", a.kind)
	if encoding != "" {
		w.Header().Set("Content-Encoding", encoding)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if a.status != 0 && a.status != http.StatusNotModified { // what is unchanged cannot go wrong: it is sent again
		w.WriteHeader(a.status)
	}
	if q.Method == http.MethodHead {
		return
	}
	switch f.Kind {
	case Slow:
		s.drip(w, q, body, f.Wait)
	case Stall:
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		select {
		case <-q.Context().Done():
		case <-s.stopping:
		}
		panic(http.ErrAbortHandler)
	case Cut:
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		_, _ = w.Write(body)
	}
}

// drip sends the body in ten pieces.
func (s *Sandbox) drip(w http.ResponseWriter, q *request, body []byte, wait time.Duration) {
	const pieces = 10
	for i := range pieces {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-q.Context().Done():
			timer.Stop()
			panic(http.ErrAbortHandler)
		case <-s.stopping:
			timer.Stop()
			panic(http.ErrAbortHandler)
		}
		if _, err := w.Write(body[len(body)*i/pieces : len(body)*(i+1)/pieces]); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
	}
}

// disfigured returns the body of an answer with the fault in it, and its
// content encoding.
func (a *answer) disfigured(k Kind) (body []byte, encoding string, err error) {
	switch k {
	case Slow, Stall, Cut:
		body, err = a.render()
		return body, "", err
	case Truncated:
		body, err = a.render()
		return body[:len(body)/2], "", err
	case HTML:
		return []byte(errorPage("Access denied")), "", nil
	case Empty:
		return nil, "", nil
	case GzipBomb:
		return gzipBomb(), "gzip", nil
	case ArchiveBomb:
		if a.bomb == nil {
			return gzipBomb(), "gzip", nil
		}
		body, err = a.bomb()
		return body, "", err
	default:
		body, err = a.twisted(k)
		return body, "", err
	}
}

// twisted renders the answer with its text disfigured before packing.
func (a *answer) twisted(k Kind) ([]byte, error) {
	text, err := (&answer{text: a.text}).render()
	if err != nil {
		return nil, err
	}
	if a.twist != nil {
		if text, err = a.twist.twist(k, text); err != nil {
			return nil, err
		}
	}
	return (&answer{pack: a.pack, text: func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}}).render()
}
