package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tidemark/schemas"
)

// maxText is how long a text in a query, a path or a form may be, in bytes.
const maxText = 256

var (
	typeDate  = reflect.TypeFor[schemas.Date]()
	typeTime  = reflect.TypeFor[time.Time]()
	typeTexts = reflect.TypeFor[[]string]()
)

// decode fills the struct that dst points to from a request: fields tagged
// `path` from the path, `query` from the query or, of a form, from the body,
// and a field named Body from a JSON body. A key that no field asks for is
// refused, so that a misspelt filter is not taken for none. What is absent
// takes its `default`; days without one become NoDate.
func decode(r *http.Request, dst any) error {
	v := reflect.ValueOf(dst).Elem()
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return usage("the query cannot be read")
	}
	if r.Method == http.MethodPost {
		if len(values) > 0 {
			return usage("a POST takes no query")
		}
		if body := v.FieldByName("Body"); body.IsValid() {
			for f, value := range body.Fields() {
				if f.Type == typeDate {
					value.SetInt(int64(schemas.NoDate)) // what is left out is not 1970
				}
			}
			if err := decodeJSON(r, body.Addr().Interface()); err != nil {
				return err
			}
		} else if values, err = form(r); err != nil {
			return err
		}
	}
	return decodeValues(values, r.PathValue, v)
}

// decodeValues is decode without the request.
func decodeValues(values url.Values, path func(string) string, v reflect.Value) error {
	known := map[string]bool{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if name, ok := f.Tag.Lookup("path"); ok {
			if err := setField(v.Field(i), f, name, []string{path(name)}); err != nil {
				return err
			}
		}
		if name, ok := f.Tag.Lookup("query"); ok {
			known[name] = true
			if err := setField(v.Field(i), f, name, values[name]); err != nil {
				return err
			}
		}
	}
	for key := range values {
		if !known[key] {
			return usage("there is no parameter %q", shorten(key))
		}
	}
	return nil
}

func setField(v reflect.Value, f reflect.StructField, name string, given []string) error {
	if f.Type == typeTexts {
		for _, text := range given {
			for part := range strings.SplitSeq(text, ",") {
				if part = strings.TrimSpace(part); part == "" {
					continue
				}
				if err := checkText(name, part); err != nil {
					return err
				}
				v.Set(reflect.Append(v, reflect.ValueOf(part)))
			}
		}
		return nil
	}
	if len(given) > 1 {
		return usage("%s is given more than once", name)
	}
	text := f.Tag.Get("default")
	if len(given) == 1 && given[0] != "" {
		text = given[0]
	}
	if err := checkText(name, text); err != nil {
		return err
	}
	if text == "" {
		if f.Type == typeDate {
			v.SetInt(int64(schemas.NoDate))
		}
		if f.Tag.Get("required") != "" {
			return usage("%s is missing", name)
		}
		return nil
	}
	return setValue(v, f, name, text)
}

func setValue(v reflect.Value, f reflect.StructField, name, text string) error {
	switch {
	case f.Type == typeDate:
		d, err := schemas.ParseDate(text)
		if err != nil {
			return usage("%s: give a day as 2006-01-02", name)
		}
		v.SetInt(int64(d))
	case f.Type == typeTime:
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return usage("%s: give a time as 2006-01-02T15:04:05Z", name)
		}
		v.Set(reflect.ValueOf(t.UTC()))
	case f.Type.Kind() == reflect.Int:
		n, err := strconv.Atoi(text)
		low, high := bounds(f)
		if err != nil || n < low || n > high {
			return usage("%s: give a number from %d to %d", name, low, high)
		}
		v.SetInt(int64(n))
	case f.Type.Kind() == reflect.Bool:
		b, ok := map[string]bool{"true": true, "1": true, "on": true, "false": false, "0": false}[text]
		if !ok {
			return usage("%s: give true or false", name)
		}
		v.SetBool(b)
	default:
		if choices := strings.Fields(f.Tag.Get("enum")); len(choices) > 0 && !slices.Contains(choices, text) {
			return usage("%s: give one of %s", name, strings.Join(choices, ", "))
		}
		v.SetString(text)
	}
	return nil
}

// bounds reads the tags min and max of a number.
func bounds(f reflect.StructField) (low, high int) {
	low, _ = strconv.Atoi(f.Tag.Get("min")) // tags are ours; the description's test reads them too
	high, _ = strconv.Atoi(f.Tag.Get("max"))
	return low, high
}

func checkText(name, text string) error {
	if len(text) > maxText {
		return usage("%s is longer than %d bytes", name, maxText)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return usage("%s holds characters that cannot be", name)
	}
	return nil
}

func shorten(text string) string {
	if len(text) > 40 {
		text = text[:40]
	}
	return strings.ToValidUTF8(text, "")
}

// form reads the body of a form of the page.
func form(r *http.Request) (url.Values, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); len(body) > 0 && (err != nil || kind != "application/x-www-form-urlencoded") {
		return nil, &statusError{http.StatusUnsupportedMediaType, "the body is to be of type application/x-www-form-urlencoded"}
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, usage("the form cannot be read")
	}
	return values, nil
}

// decodeJSON reads a body that is one JSON object with known keys.
func decodeJSON(r *http.Request, dst any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &statusError{http.StatusUnsupportedMediaType, "the body is to be of type application/json"}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	if !utf8.Valid(body) {
		return usage("the body is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(dst); err != nil {
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return usage("the body: %s is to be of type %s", e.Field, e.Type)
		}
		return usage("the body: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return usage("the body holds more than one JSON object")
	}
	return nil
}
