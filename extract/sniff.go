package extract

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// sniffLen is how much of an answer is looked at to tell what it is.
const sniffLen = 4096

// LooksHTML reports whether an answer that begins with head is a web page.
// Publishers send pages with status 200, and under the content type that was
// asked for, when an address has moved, a day has no data, or a client is
// blocked.
func LooksHTML(head []byte) bool {
	if len(head) > sniffLen {
		head = head[:sniffLen]
	}
	rest := bytes.TrimLeft(bytes.TrimPrefix(head, bomUTF8), " \t\r\n\f")
	for {
		end := ""
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(rest, []byte("<?")):
			end = "?>"
		}
		if end == "" {
			break
		}
		_, after, found := bytes.Cut(rest, []byte(end))
		if !found {
			return false
		}
		rest = bytes.TrimLeft(after, " \t\r\n\f")
	}
	tag, _, _ := bytes.Cut(rest, []byte(">"))
	words := bytes.Fields(bytes.ToLower(tag))
	if len(words) == 0 {
		return false
	}
	switch string(words[0]) {
	case "<!doctype":
		return len(words) > 1 && bytes.HasPrefix(words[1], []byte("html"))
	case "<html", "<head", "<body", "<title", "<meta", "<script", "<style", "<link", "<div", "<p", "<h1", "<h2", "<center", "<table", "<iframe", "<br", "<br/":
		return true
	}
	return false
}

var (
	bomUTF8    = []byte{0xEF, 0xBB, 0xBF}
	bomUTF16LE = []byte{0xFF, 0xFE}
	bomUTF16BE = []byte{0xFE, 0xFF}
)

// ErrEmpty is returned by [Text] for an answer without any content.
var ErrEmpty = errors.New("the answer is empty")

// Text prepares an answer that should be text for its parser: it takes off a
// byte-order mark, turns UTF-16 that is marked as such into UTF-8, and refuses
// an answer that is empty or a web page. It reads no more than it needs to
// tell, and does not otherwise check that the bytes are UTF-8.
func Text(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, sniffLen)
	head, err := b.Peek(sniffLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the beginning of the answer: %w", err)
	}
	if bytes.HasPrefix(head, bomUTF16LE) || bytes.HasPrefix(head, bomUTF16BE) {
		decoded := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(b)
		b = bufio.NewReaderSize(decoded, sniffLen)
		if head, err = b.Peek(sniffLen); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read the beginning of the answer as UTF-16: %w", err)
		}
	}
	if bytes.HasPrefix(head, bomUTF8) {
		head = head[len(bomUTF8):]
		if _, err := b.Discard(len(bomUTF8)); err != nil {
			return nil, fmt.Errorf("skip the byte-order mark: %w", err)
		}
	}
	if len(bytes.TrimSpace(head)) == 0 && len(head) < sniffLen-len(bomUTF8) {
		return nil, ErrEmpty
	}
	if LooksHTML(head) {
		return nil, errors.New("the answer is a web page" + titleOf(head) + ", not data")
	}
	return b, nil
}

// titleOf names a web page by its title, if it shows one early enough.
func titleOf(head []byte) string {
	low := bytes.ToLower(head)
	from := bytes.Index(low, []byte("<title>"))
	if from < 0 {
		return ""
	}
	from += len("<title>")
	to := bytes.Index(low[from:], []byte("</title>"))
	if to < 0 || from+to > len(head) {
		return ""
	}
	title := printable(string(head[from:from+to]), 80)
	if title == "" {
		return ""
	}
	return " (" + title + ")"
}

// printable makes one line of at most n bytes out of foreign text: control
// characters and invalid bytes become spaces, and runs of space become one.
func printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7F && r < 0xA0) || r == '\uFFFD' || (r >= 0x200B && r <= 0x200F) || (r >= 0x2028 && r <= 0x202E) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= n {
		return s
	}
	cut := 0
	for i := range s {
		if i > n {
			break
		}
		cut = i
	}
	return s[:cut] + "…"
}
