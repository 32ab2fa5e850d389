package h41

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"tidemark/extract"
	"tidemark/schemas"
)

// readFile reads a saved answer of any of the forms that [Config.Files] takes.
func (s source) readFile(ctx context.Context, w schemas.Window, address string) (rows []schemas.Observation, hash string, err error) {
	p, err := s.get.Get(ctx, extract.Request{Publisher: Publisher, URL: address, MaxBytes: maxXML})
	if err != nil {
		return nil, "", fmt.Errorf("h41: fetch %s: %w", w, err)
	}
	body, err := p.Open()
	if err != nil {
		return nil, "", fmt.Errorf("h41: open the answer for %s: %w", w, err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	rows, err = parseFile(body, s.keep)
	return rows, p.Hash, extract.Contract(Publisher, w, p.Hash, err)
}

// parseFile tells by its first bytes what a saved answer is, and unpacks gzip
// once.
func parseFile(r io.Reader, keep func(name string) bool) ([]schemas.Observation, error) {
	in := bufio.NewReader(r)
	head, err := peek(in)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, gzipMagic) {
		if in, err = gunzip(in); err != nil {
			return nil, err
		}
		if head, err = peek(in); err != nil {
			return nil, err
		}
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		return nil, errors.New("gzip inside gzip; refused")
	case bytes.HasPrefix(head, []byte("PK")):
		data, err := io.ReadAll(io.LimitReader(in, maxArchive+1))
		if err != nil {
			return nil, fmt.Errorf("read the archive: %w", err)
		}
		if len(data) > maxArchive {
			return nil, fmt.Errorf("the archive is larger than %d bytes; refused", maxArchive)
		}
		return ParseArchive(bytes.NewReader(data), int64(len(data)), keep)
	case bytes.HasPrefix(bytes.TrimLeft(head, "\ufeff \t\r\n"), []byte("<?xml")):
		return ParseXML(in, keep)
	}
	return ParseCSV(in, keep)
}

var gzipMagic = []byte{0x1f, 0x8b}

func peek(r *bufio.Reader) ([]byte, error) {
	head, err := r.Peek(64)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the beginning of the answer: %w", err)
	}
	return head, nil
}

// gunzip unpacks a stream, no further than 25 to 1.
func gunzip(r io.Reader) (*bufio.Reader, error) {
	packed := &counter{r: r}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return bufio.NewReader(&inflated{z: z, packed: packed}), nil
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// inflated ends with an error where gzip inflates too far.
type inflated struct {
	z      io.Reader
	packed *counter
	n      int64
}

func (i *inflated) Read(p []byte) (int, error) {
	n, err := i.z.Read(p)
	i.n += int64(n)
	if limit := min(i.packed.n*maxRatio+slack, maxXML); i.n > limit {
		return 0, fmt.Errorf("gzip: %d bytes inflate to more than %d; refused", i.packed.n, limit)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("gzip: %w", err)
	}
	return n, err
}
