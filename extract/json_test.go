package extract

import (
	"strings"
	"testing"
)

func TestDecodeJSONTakesOneValueAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, want string }{
		"as promised":     {"\xEF\xBB\xBF {\"a\": 1}\n", ""},
		"empty":           {" \n", "empty"},
		"web page":        {"<!DOCTYPE html><html>", "web page"},
		"cut off":         {`{"a": `, "cut off"},
		"cut in a value":  {`{"a": 1`, "cut off"},
		"unknown key":     {`{"a": 1, "b": 2}`, `"b"`},
		"wrong type":      {`{"a": "1"}`, "string"},
		"not a number":    {`{"a": NaN}`, "N"},
		"two values":      {`{"a": 1}{"a": 2}`, "after the end"},
		"trailing text":   {`{"a": 1} x`, "after the end"},
		"another top":     {`[1]`, "array"},
		"number too huge": {`{"a": 1e309}`, "1e309"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var v struct {
				A float64 `json:"a"`
			}
			err := DecodeJSON(strings.NewReader(tc.body), &v)
			switch {
			case tc.want == "" && (err != nil || v.A != 1):
				t.Errorf("got %v, %v", v.A, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got error %v, want one with %q", err, tc.want)
			}
		})
	}
}
