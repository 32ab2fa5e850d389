package web

import (
	"sync"
	"time"
)

// How long a sign-in lasts without a request, and how many are kept: past
// that, the one that has been idle longest makes room.
const (
	sessionIdle = 12 * time.Hour
	maxSessions = 1000
)

// sessions are the browsers that have signed in. They are kept in memory, so
// a restart signs everybody out.
type sessions struct {
	now func() time.Time

	mu   sync.Mutex
	open map[string]session // by the hash of the id that the browser has
}

type session struct {
	token string // the hash of the token that it was opened with
	seen  time.Time
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, open: map[string]session{}}
}

// start opens a session for the holder of a token and returns its id.
func (s *sessions) start(t Token) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	oldest := ""
	for id, o := range s.open {
		if now.Sub(o.seen) >= sessionIdle {
			delete(s.open, id)
		} else if oldest == "" || o.seen.Before(s.open[oldest].seen) {
			oldest = id
		}
	}
	if len(s.open) >= maxSessions {
		delete(s.open, oldest)
	}
	id = random()
	s.open[hashed(id)] = session{token: t.Hash, seen: now}
	return id
}

// token returns the hash of the token that the session was opened with, and
// notes that it is in use.
func (s *sessions) token(id string) (hash string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, now := hashed(id), s.now()
	o, ok := s.open[key]
	if !ok {
		return "", false
	}
	if now.Sub(o.seen) >= sessionIdle {
		delete(s.open, key)
		return "", false
	}
	o.seen = now
	s.open[key] = o
	return o.token, true
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, hashed(id))
}
