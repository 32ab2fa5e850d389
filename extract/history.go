package extract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tidemark/extract/archive"
	"tidemark/schemas"
)

// archived answers from the archive: with the newest success that the client
// may know of, or, where there never was one, with the newest refusal.
func (c *Client) archived(ctx context.Context, a *ask) (archive.Record, error) {
	rec, ok, err := c.o.Archive.Newest(a.Publisher, http.MethodGet, a.URL, c.o.AsOf)
	if err != nil {
		return rec, a.wrap(err)
	}
	if !ok {
		if c.o.AsOf.IsZero() {
			return rec, a.wrap(ErrNotArchived)
		}
		return rec, a.wrap(fmt.Errorf("%w from before %s", ErrNotArchived, c.o.AsOf.UTC().Format(time.RFC3339)))
	}
	if !rec.OK() {
		return rec, c.archivedRefusal(a, rec)
	}
	if c.isRefused(ctx, rec.Hash) {
		if rec, err = c.before(ctx, a, rec); err != nil {
			return rec, a.wrap(err)
		}
	}
	return rec, c.sound(ctx, a, rec)
}

// refusal is an answer that was not what its publisher promised, to those who asked
// for it.
type refusal struct {
	hash string
	of   origin
}

// Refuse notes that an answer is not what its publisher promised, and reports
// whether that is news. From now on, for the window of the context, the publisher is not
// asked to confirm it, it does not serve in place of a new one, and offline an earlier one
// is taken where there is one. Other windows may be sound in the same answer. It stays in
// the archive.
func (c *Client) Refuse(ctx context.Context, hash string) bool {
	of, _ := ctx.Value(originKey{}).(origin)
	c.mu.Lock()
	defer c.mu.Unlock()
	news := hash != "" && !c.refused[refusal{hash, of}]
	c.refused[refusal{hash, of}] = true
	return news
}

func (c *Client) isRefused(ctx context.Context, hash string) bool {
	of, _ := ctx.Value(originKey{}).(origin)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused[refusal{hash, of}]
}

// before returns the newest success up to a refused answer, or that one where all
// are refused.
func (c *Client) before(ctx context.Context, a *ask, refused archive.Record) (archive.Record, error) {
	all, err := c.o.Archive.Answers(a.Publisher, http.MethodGet, a.URL)
	if err != nil {
		return refused, err
	}
	for _, rec := range all { // newest first
		if rec.OK() && !rec.FetchedAt.After(refused.FetchedAt) && !c.isRefused(ctx, rec.Hash) {
			return rec, nil
		}
	}
	return refused, nil
}

// reusable returns the archived answer that may serve in place of a new one.
func (c *Client) reusable(ctx context.Context, a *ask) (archive.Record, bool) {
	if a.ReuseAfter.IsZero() {
		return archive.Record{}, false
	}
	return c.newest(ctx, a, func(rec archive.Record) bool { return !rec.FetchedAt.Before(a.ReuseAfter) })
}

// known returns the archived answer that the publisher may be asked to
// confirm, which saves sending it again.
func (c *Client) known(ctx context.Context, a *ask) (archive.Record, bool) {
	return c.newest(ctx, a, func(rec archive.Record) bool {
		return rec.Header.Get("Etag") != "" && rec.Bytes <= a.max
	})
}

// newest returns the newest archived success, if it suits and is sound. What
// is wrong with the archive is no reason to fail here: the publisher can still
// be asked.
func (c *Client) newest(ctx context.Context, a *ask, suits func(archive.Record) bool) (archive.Record, bool) {
	rec, ok, err := c.o.Archive.Newest(a.Publisher, http.MethodGet, a.URL, time.Time{})
	if err == nil && ok && rec.OK() && !c.isRefused(ctx, rec.Hash) && suits(rec) {
		if err = c.sound(ctx, a, rec); err == nil {
			return rec, true
		}
	}
	if err != nil && ctx.Err() == nil {
		c.o.Log.WarnContext(ctx, "archived answer is not usable; asking the publisher", "publisher", a.Publisher, "url", a.URL, "err", err)
	}
	return archive.Record{}, false
}

// AskDays asks for day after day, oldest first, until one cannot be answered.
// Offline the archive may end before the days do: those after the last one that it
// has an answer for were never asked for, and are left out.
func AskDays(days []schemas.Date, ask func(d schemas.Date) error) error {
	var missing error
	answered := false
	for _, d := range days {
		err := ask(d)
		switch {
		case errors.Is(err, ErrNotArchived):
			if missing == nil {
				missing = err
			}
		case err != nil:
			return err
		case missing != nil:
			return missing
		default:
			answered = true
		}
	}
	if answered {
		return nil
	}
	return missing
}

// sound reads an archived answer through before anyone relies on it: a parser
// that stops early would not meet the check at its end.
func (c *Client) sound(ctx context.Context, a *ask, rec archive.Record) error {
	if rec.Bytes > a.max {
		return a.tooLarge()
	}
	if _, err := c.o.Archive.Check(ctx, rec.Hash); err != nil {
		return a.wrap(err)
	}
	return nil
}

// Past returns the archived successes of a request, newest first, each content
// once with the time at which it was last fetched. The answer that Get has
// just returned is among them. Offline those fetched after AsOf are left out.
func (c *Client) Past(ctx context.Context, r Request) ([]*Payload, error) {
	a, err := c.newAsk(r)
	if err != nil {
		return nil, err
	}
	records, err := c.o.Archive.Answers(a.Publisher, http.MethodGet, a.URL)
	if err != nil {
		return nil, a.wrap(err)
	}
	var out []*Payload
	seen := map[string]bool{}
	for _, rec := range records {
		if !rec.OK() || seen[rec.Hash] || (c.o.Offline && !c.o.AsOf.IsZero() && rec.FetchedAt.After(c.o.AsOf)) {
			continue
		}
		seen[rec.Hash] = true
		if err := c.sound(ctx, a, rec); err != nil {
			return nil, err
		}
		out = append(out, c.handOut(rec, false))
	}
	return out, nil
}

// archivedRefusal is the error that a refused request had.
func (c *Client) archivedRefusal(a *ask, rec archive.Record) error {
	e := &StatusError{Publisher: a.Publisher, URL: a.URL, Code: rec.Status}
	body, err := c.o.Archive.OpenPayload(rec.Hash)
	if err != nil {
		return a.wrap(err)
	}
	e.Body = excerpt(body)
	if err := body.Close(); err != nil {
		return errors.Join(e, err)
	}
	return e
}
