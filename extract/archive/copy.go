package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Copied is what a copy brought over.
type Copied struct {
	Records, Payloads int
	Damaged           []string // hashes of payloads that are not what their names promise, or missing; their records stay behind
}

// CopyTo brings everything over that another archive lacks, checking each payload
// against its hash. It can be ended and begun again at any point, and leaves what the
// other has.
func (a *Archive) CopyTo(ctx context.Context, to *Archive) (c Copied, err error) {
	bad := map[string]bool{}
	for r, err := range a.Records() {
		if err != nil {
			return c, err
		}
		if err := context.Cause(ctx); err != nil {
			return c, fmt.Errorf("archive: copy to %s: %w", to.dir, err)
		}
		if there, err := isThere(filepath.Join(to.requestPath(Key(r.Publisher, r.Method, r.URL)), r.name())); there || err != nil {
			if err != nil {
				return c, err
			}
			continue
		}
		there, err := isThere(to.payloadPath(r.Hash))
		switch {
		case err != nil:
			return c, err
		case bad[r.Hash]:
			continue
		case there:
			_, err = to.Repeat(r)
		default:
			if err = a.copyPayload(r, to); err == nil {
				c.Payloads++
			}
		}
		if _, damaged := errors.AsType[*CorruptError](err); damaged || errors.Is(err, fs.ErrNotExist) {
			bad[r.Hash] = true
			c.Damaged = append(c.Damaged, r.Hash)
			continue
		}
		if err != nil {
			return c, err
		}
		c.Records++
	}
	return c, nil
}

func (a *Archive) copyPayload(r Record, to *Archive) error {
	in, err := a.OpenPayload(r.Hash)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	w, err := to.Create()
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, in); err != nil {
		w.Abort()
		return err
	}
	_, err = w.Commit(r)
	return err
}

func isThere(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
