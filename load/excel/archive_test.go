package excel

import (
	"archive/zip"
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// What lies in several pieces reads as one, and in whatever steps it came.
func TestArchiveJoinsItsPieces(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	long := make([]byte, 3*pieceSize+12345)
	for i := range long {
		long[i] = "0123456789<row>\n"[rng.IntN(16)]
		if i > farthest && rng.IntN(3) == 0 {
			long[i] = long[i-farthest]
		}
	}
	contents := map[string][]byte{"long": long, "whole": long[:2*pieceSize], "short": []byte("few"), "empty": {}, "[Content_Types].xml": []byte("<Types/>")}
	write := func(step int) []byte {
		var file bytes.Buffer
		a := newArchive(&file)
		for _, name := range []string{"short", "whole", "long", "empty", "[Content_Types].xml"} {
			w, err := a.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			for rest := contents[name]; len(rest) > 0; rest = rest[min(step, len(rest)):] {
				if _, err := w.Write(rest[:min(step, len(rest))]); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	file := write(len(long))
	if !bytes.Equal(file, write(777)) {
		t.Error("the bytes depend on the steps in which they came")
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r) // which holds the sum against the bytes
		if err != nil || !bytes.Equal(got, contents[f.Name]) {
			t.Errorf("%s reads back as %d bytes, want %d: %v", f.Name, len(got), len(contents[f.Name]), err)
		}
	}
	if want := "[Content_Types].xml empty long short whole"; strings.Join(names, " ") != want {
		t.Errorf("the members are %v, want %s", names, want)
	}
}
