package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"tidemark/jobs"
)

// Config says where the page is and who may use it.
type Config struct {
	Listen          string // default 127.0.0.1:8484; any address but a loopback one needs a token
	TLSCert, TLSKey string // files; without them the page is served in clear
	TokensFile      string // need not exist yet
	Version         string // of the program
	Now             func() time.Time
	Log             *slog.Logger
	Metrics         *Metrics // default NewMetrics()
}

// Server serves the page, the API and the metrics of a house.
type Server struct {
	house    House
	now      func() time.Time
	log      *slog.Logger
	metrics  *Metrics
	access   *access
	limits   *limits
	version  string
	listener net.Listener
	http     *http.Server
	secured  bool // by TLS; http.Server sets its TLSConfig whatever it serves
	pages    pages
	static   map[string]asset
	statuses cached[*jobs.Status]
	windows  cached[[]jobs.Grid]
	figures  cached[[]figure]
}

// The times that a connection may take.
const (
	headerTime   = 5 * time.Second
	readTime     = 20 * time.Second
	writeTime    = 90 * time.Second
	idleTime     = 2 * time.Minute
	shutdownTime = 10 * time.Second
)

// New opens the address and returns a server that Serve starts. It refuses an
// address that others can reach while there is no token. A server that is not
// served is to be closed.
func New(ctx context.Context, cfg Config, house House) (*Server, error) {
	cfg.Listen = cmp.Or(cfg.Listen, "127.0.0.1:8484")
	cfg.Metrics = cmp.Or(cfg.Metrics, NewMetrics())
	if (cfg.TLSCert == "") != (cfg.TLSKey == "") {
		return nil, usage("TLS needs both a certificate and its key")
	}
	a, err := newAccess(cfg)
	if err != nil {
		return nil, err
	}
	s := &Server{
		house: house, now: cfg.Now, log: cfg.Log, metrics: cfg.Metrics, access: a, version: cfg.Version,
		limits: newLimits(requestsPerSecond, requestsAtOnce, cfg.Now),
	}
	if s.static, err = loadStatic(); err != nil {
		return nil, err
	}
	if s.pages, err = loadPages(s.static); err != nil {
		return nil, err
	}
	handler, err := s.handler()
	if err != nil {
		return nil, err
	}
	s.http = &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	if cfg.TLSCert != "" {
		certs, err := newCertificates(cfg.TLSCert, cfg.TLSKey, cfg.Log)
		if err != nil {
			return nil, err
		}
		s.http.TLSConfig, s.secured = certs.config(), true
	}
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", cfg.Listen, err)
	}
	return s, nil
}

// URL returns the address under which the page is found.
func (s *Server) URL() string {
	scheme := "http"
	if s.secured {
		scheme = "https"
	}
	return scheme + "://" + s.listener.Addr().String() + "/"
}

// Metrics returns the figures that the server tells Prometheus, for those who
// have some to add.
func (s *Server) Metrics() *Metrics { return s.metrics }

// Close closes the address of a server that was never served.
func (s *Server) Close() error { return s.listener.Close() }

// Serve answers until the context ends; then it lets the answers on their way
// end and returns nil.
func (s *Server) Serve(ctx context.Context) error {
	s.announce()
	group, gctx := errgroup.WithContext(ctx)
	s.http.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	group.Go(func() error {
		var err error
		if s.secured {
			err = s.http.ServeTLS(s.listener, "", "")
		} else {
			err = s.http.Serve(s.listener)
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serve the page: %w", err)
	})
	group.Go(func() error {
		<-gctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if err := s.http.Shutdown(last); err != nil {
			return errors.Join(s.http.Close(), fmt.Errorf("close the page: %w", err))
		}
		return nil
	})
	return group.Wait()
}

// announce tells the log who can use the page.
func (s *Server) announce() {
	open, err := s.access.open()
	who := "holders of tokens"
	if err == nil && open {
		who = "everyone on this machine"
	}
	s.log.Info("page is served", "url", s.URL(), "open_to", who)
	if !s.secured && !isLoopback(s.listener.Addr().String()) {
		s.log.Warn("page is served without TLS: tokens can be read on the way; give certificate files, or keep a proxy with TLS in front")
	}
}

// handler puts the routes behind what every request goes through.
func (s *Server) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	if err := s.routeAPI(mux); err != nil {
		return nil, err
	}
	s.routePages(mux)
	s.route(mux, "GET /static/{path...}", "", s.serveStatic)
	s.route(mux, "GET /healthz", "", func(w http.ResponseWriter, _ *http.Request) error {
		return plain(w, http.StatusOK, "ok")
	})
	s.route(mux, "GET /readyz", "", s.ready)
	metrics := promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{DisableCompression: true})
	s.route(mux, "GET /metrics", ScopeRead, func(w http.ResponseWriter, r *http.Request) error {
		s.refresh(r.Context())
		metrics.ServeHTTP(w, r)
		return nil
	})
	s.route(mux, "/", "", func(_ http.ResponseWriter, r *http.Request) error { return s.nowhere(mux, r) })
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1400))
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	return s.observe(s.secure(s.guard(s.crossOrigin(zip(mux))))), nil
}

// route registers a handler that needs a scope; none is open to everyone.
func (s *Server) route(mux *http.ServeMux, pattern string, needed Scope, do func(http.ResponseWriter, *http.Request) error) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		q := requestOf(r.Context())
		if q.route = pattern; pattern == "/" {
			q.route = "none"
		}
		if needed != "" {
			v, err := s.access.authorize(r, needed)
			if err != nil {
				s.refuse(w, r, err)
				return
			}
			q.visitor = v.Name
			r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
		}
		if err := do(w, r); err != nil {
			s.refuse(w, r, err)
		}
	})
}

// nowhere answers for paths that do not exist, and for methods that a path
// does not know.
func (s *Server) nowhere(mux *http.ServeMux, r *http.Request) error {
	for _, m := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := mux.Handler(other); pattern != "/" && pattern != "" {
			return &statusError{http.StatusMethodNotAllowed, "this path answers to " + m}
		}
	}
	return &statusError{http.StatusNotFound, "there is nothing here"}
}

func (s *Server) routeAPI(mux *http.ServeMux) error {
	for _, e := range endpoints() {
		s.route(mux, e.method+" "+apiBase+e.path, e.scope, func(w http.ResponseWriter, r *http.Request) error { return e.serve(s, w, r) })
	}
	doc, err := description(cmp.Or(s.version, "dev"), endpoints())
	if err != nil {
		return err
	}
	s.route(mux, "GET "+apiBase+"/openapi.json", ScopeRead, func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(doc) // a reader that left is no failure of ours
		return nil
	})
	return nil
}

// ready answers whether the warehouse does. Why it does not is for the log.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	if err := s.house.Ready(ctx); err != nil {
		s.log.Warn("warehouse does not answer", "request_id", requestID(ctx), "err", err)
		return plain(w, http.StatusServiceUnavailable, "the warehouse does not answer")
	}
	return plain(w, http.StatusOK, "ready")
}

// readyTime is how long the warehouse may take to say that it is there.
const readyTime = 5 * time.Second

func plain(w http.ResponseWriter, status int, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // a reader that left is no failure of ours
	return nil
}
