package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// The window of the compressor bounds what an open reader or writer holds in
// memory. Answers are text that repeats itself within less.
const (
	compressWindow   = 1 << 20
	decompressWindow = 8 << 20
)

// Writer takes the body of one answer, hashing and compressing as it goes. It
// is to be ended by Commit or Abort.
type Writer struct {
	archive *Archive
	file    *os.File
	encoder *zstd.Encoder
	sum     hash.Hash
	size    int64
	closed  bool // the file is
	placed  bool // under its name
}

var encoders = sync.Pool{New: func() any {
	// The options are constants that the library accepts.
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(compressWindow))
	if err != nil {
		panic(err)
	}
	return e
}}

// Create begins to write a body.
func (a *Archive) Create() (*Writer, error) {
	if err := a.holdTemp(); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Join(a.dir, tempDir), "payload-*")
	if err != nil {
		return nil, fmt.Errorf("archive: make temporary file: %w", err)
	}
	e := encoders.Get().(*zstd.Encoder)
	e.Reset(f)
	return &Writer{archive: a, file: f, encoder: e, sum: sha256.New()}, nil
}

// Write takes the next bytes of the decoded body.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.encoder.Write(p)
	w.sum.Write(p[:n])
	w.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("archive: write payload: %w", err)
	}
	return n, nil
}

// Commit keeps the body and writes the record, whose hash and size it fills
// in. When it returns without error both are on disk. A body that the archive
// has already is replaced by the same bytes, which mends a damaged file.
func (w *Writer) Commit(r Record) (Record, error) {
	r.Hash, r.Bytes = hex.EncodeToString(w.sum.Sum(nil)), w.size
	r, err := r.normal()
	if err != nil {
		w.Abort()
		return r, err
	}
	if err := w.finish(); err != nil {
		w.Abort()
		return r, err
	}
	if err := w.place(r.Hash); err != nil {
		w.Abort()
		return r, err
	}
	return r, w.archive.writeRecord(r)
}

// finish brings the temporary file to disk, whole.
func (w *Writer) finish() error {
	err := w.encoder.Close()
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("archive: write payload to disk: %w", err)
	}
	return w.release()
}

// place gives the finished file its name.
func (w *Writer) place(hash string) error {
	if err := w.archive.place(w.file.Name(), w.archive.payloadPath(hash)); err != nil {
		return err
	}
	w.placed = true
	return nil
}

// release closes the file and gives back the compressor.
func (w *Writer) release() error {
	if w.closed {
		return nil
	}
	w.closed = true
	w.encoder.Reset(nil)
	encoders.Put(w.encoder)
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("archive: close payload: %w", err)
	}
	return nil
}

// Abort throws the body away. After Commit it does nothing.
func (w *Writer) Abort() {
	if w.placed {
		return
	}
	// Nothing depends on the leftover, and the next writer that is alone
	// clears it away if this fails.
	_ = w.release()
	_ = os.Remove(w.file.Name())
}

// writeRecord writes a record whose payload is on disk.
func (a *Archive) writeRecord(r Record) error {
	text, err := r.encode()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Join(a.dir, tempDir), "record-*")
	if err != nil {
		return fmt.Errorf("archive: make temporary file: %w", err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = a.place(f.Name(), filepath.Join(a.requestPath(Key(r.Publisher, r.Method, r.URL)), r.name()))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("archive: write record of %s: %w", r.URL, err)
	}
	return nil
}

// Repeat records that a request was answered once more with a body that the
// archive has, such as by status 304. Hash and size of the record are those of
// that body.
func (a *Archive) Repeat(r Record) (Record, error) {
	r, err := r.normal()
	if err != nil {
		return r, err
	}
	if err := a.holdTemp(); err != nil {
		return r, err
	}
	return r, a.writeRecord(r)
}

// OpenPayload returns the body of that hash, decoded. The reader checks as it
// reads: where the bytes turn out not to have that hash, it returns a
// [*CorruptError] in place of the end. The caller closes it.
func (a *Archive) OpenPayload(hash string) (io.ReadCloser, error) {
	if !isHash(hash) {
		return nil, fmt.Errorf("archive: %q is not the name of a payload", hash)
	}
	path := a.payloadPath(hash)
	f, err := os.Open(path) // #nosec G304 -- a file of the archive
	if err != nil {
		return nil, fmt.Errorf("archive: open payload: %w", err)
	}
	d, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(decompressWindow))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("archive: open payload %s: %w", path, err), f.Close())
	}
	return &reader{path: path, want: hash, file: f, decoder: d, sum: sha256.New()}, nil
}

// Check reads the body of that hash through and returns its size and what is
// wrong with it.
func (a *Archive) Check(ctx context.Context, hash string) (size int64, err error) {
	r, err := a.OpenPayload(hash)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	buf := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return size, fmt.Errorf("archive: check payload: %w", err)
		}
		n, err := r.Read(buf)
		size += int64(n)
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return size, err
		}
	}
}

type reader struct {
	path    string
	want    string
	file    *os.File
	decoder *zstd.Decoder
	sum     hash.Hash
	err     error
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.decoder.Read(p)
	r.sum.Write(p[:n])
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		r.err = io.EOF
		if got := hex.EncodeToString(r.sum.Sum(nil)); got != r.want {
			r.err = &CorruptError{Path: r.path, What: "its content has the hash " + got}
		}
	default:
		r.err = &CorruptError{Path: r.path, What: err.Error()}
	}
	return n, r.err
}

// Close ends the reading; it may be called more than once.
func (r *reader) Close() error {
	if r.file == nil {
		return nil
	}
	r.decoder.Close()
	err := r.file.Close()
	r.file, r.err = nil, os.ErrClosed
	if err != nil {
		return fmt.Errorf("archive: close payload: %w", err)
	}
	return nil
}
