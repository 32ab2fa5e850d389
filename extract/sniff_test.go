package extract

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"
)

func TestLooksHTML(t *testing.T) {
	t.Parallel()
	for _, page := range []string{
		"<!DOCTYPE html><html>", "<!doctype HTML PUBLIC \"-//W3C//DTD\">", "\n\t <html lang=\"en\">", "\uFEFF<!DOCTYPE html>",
		"<!-- moved --><html>", "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC>", "<HEAD><TITLE>Access Denied</TITLE>", "<script>location='/'</script>",
		"<body>", "<p>Please enable JavaScript</p>",
	} {
		if !LooksHTML([]byte(page)) {
			t.Errorf("LooksHTML(%q) = false", page)
		}
	}
	for _, data := range []string{
		"", "   ", "Date,Open\n", "{\"a\":\"<html>\"}", "<?xml version=\"1.0\"?><message:MessageGroup>", "<!DOCTYPE sdmx>", "<!-- unclosed <html>",
		"<pre-market>1</pre-market>", "PK\x03\x04", "< html", "a<html>",
	} {
		if LooksHTML([]byte(data)) {
			t.Errorf("LooksHTML(%q) = true", data)
		}
	}
}

func TestTextTakesOffMarksAndDecodesUTF16(t *testing.T) {
	t.Parallel()
	const want = "Ticker,Name\nA,Société\n"
	le, be := []byte{0xFF, 0xFE}, []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(want)) {
		le = append(le, byte(u), byte(u>>8))
		be = append(be, byte(u>>8), byte(u))
	}
	for name, in := range map[string]string{"plain": want, "marked": "\uFEFF" + want, "utf-16le": string(le), "utf-16be": string(be)} {
		r, err := Text(strings.NewReader(in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := io.ReadAll(r)
		if err != nil || string(got) != want {
			t.Errorf("%s: read %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestTextRefusesWhatIsNoData(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "\n\n", "\uFEFF", " \r\n"} {
		if _, err := Text(strings.NewReader(in)); !errors.Is(err, ErrEmpty) {
			t.Errorf("Text(%q): %v, want ErrEmpty", in, err)
		}
	}
	_, err := Text(strings.NewReader("<!DOCTYPE html><html><head><title>Access\n\x1b[31mDenied</title>"))
	if err == nil || !strings.Contains(err.Error(), "web page (Access [31mDenied)") {
		t.Errorf("a page: %v, want its title without control characters", err)
	}
	if _, err := Text(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a broken reader: %v, want the reader's error", err)
	}
}

func TestPrintableIsOneShortLine(t *testing.T) {
	t.Parallel()
	if got := printable("a\x00b\r\n\tc \u202Ed\xff", 80); got != "a b c d" {
		t.Errorf("printable = %q, want %q", got, "a b c d")
	}
	if got := printable(strings.Repeat("é", 100), 7); got != "ééé…" {
		t.Errorf("printable cut %q, want whole characters", got)
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte("Date,Close\n"))
	f.Add([]byte("\xEF\xBB\xBFDate"))
	f.Add([]byte("\xFF\xFED\x00a\x00"))
	f.Add([]byte("<!-- --><?xml?><!DOCTYPE html>"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := Text(bytes.NewReader(in))
		if err != nil {
			return
		}
		got, err := io.ReadAll(r)
		if err != nil {
			return
		}
		if bytes.HasPrefix(in, bomUTF16LE) || bytes.HasPrefix(in, bomUTF16BE) {
			if !utf8.Valid(got) {
				t.Fatalf("UTF-16 became %q", got)
			}
			return
		}
		if want := bytes.TrimPrefix(in, bomUTF8); !bytes.Equal(got, want) {
			t.Fatalf("%q became %q", in, got)
		}
		if LooksHTML(got) {
			t.Fatalf("a page passed: %q", got)
		}
	})
}
