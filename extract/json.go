package extract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// DecodeJSON reads exactly one JSON value into v. A key that v does not know
// is an error, as are an empty answer, a web page, JSON that is cut off, and
// anything after its end. Numbers that matter should be decoded with a type
// that is strict about them: encoding/json itself takes a number in quotes for
// a json.Number.
func DecodeJSON(r io.Reader, v any) error { return decodeJSON(r, v, true) }

// DecodeJSONLeniently is DecodeJSON for answers that nobody has described: keys
// that v does not know are passed over.
func DecodeJSONLeniently(r io.Reader, v any) error { return decodeJSON(r, v, false) }

func decodeJSON(r io.Reader, v any, strict bool) error {
	text, err := Text(r)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(text)
	if strict {
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(v); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("the JSON is cut off before its end")
		}
		return fmt.Errorf("not the JSON that was promised: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after the end of the JSON")
	}
	return nil
}

// Read gets one answer and its whole body, for answers that are small. What
// fails here is not the answer's content; errors name the publisher and what
// was being fetched.
func Read(ctx context.Context, g Getter, r Request, what fmt.Stringer) (*Payload, []byte, error) {
	p, err := g.Get(ctx, r)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: fetch %s: %w", r.Publisher, what, err)
	}
	body, err := p.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: open the answer for %s: %w", r.Publisher, what, err)
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: read the answer for %s: %w", r.Publisher, what, err)
	}
	return p, data, nil
}
