package web

import (
	"net/http"
	"strings"
)

type signInQuery struct {
	Next  string `query:"next"`
	Token string `query:"token"`
}

// signInForm is what the sign-in page shows. The token is never in it.
type signInForm struct {
	Next  string
	Error string
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	v, err := s.access.visitor(r)
	if err != nil && !unauthorized(err) {
		return err
	}
	if v.Name != "" {
		http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // localPath lets paths of this server through, and nothing else
		return nil
	}
	s.show(w, r, http.StatusOK, view{Page: "signin", Title: "Sign in", Body: signInForm{Next: next}}, "")
	return nil
}

// signIn opens a session for the holder of a token.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	var in signInQuery
	if err := decode(r, &in); err != nil {
		return err
	}
	next := localPath(in.Next)
	t, err := s.access.check(r, strings.TrimSpace(in.Token))
	if err != nil {
		status, text := statusOf(err)
		s.logFailure(r, status, err)
		s.show(w, r, status, view{Page: "signin", Title: "Sign in", Body: signInForm{Next: next, Error: strings.ToUpper(text[:1]) + text[1:] + "."}}, "")
		return nil
	}
	http.SetCookie(w, cookie(r, s.access.sessions.start(t), 0))
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// signOut ends the session, here and in the browser.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if c, err := r.Cookie(cookieName(r)); err == nil {
		s.access.sessions.end(c.Value)
	}
	http.SetCookie(w, cookie(r, "", -1))
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	return nil
}

// localPath keeps a sign-in from leading elsewhere: what is not a path of this
// server becomes the overview.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(next, "/sign-") {
		return "/"
	}
	return next
}
