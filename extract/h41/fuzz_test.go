package h41_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"tidemark/extract/h41"
	"tidemark/schemas"
)

func FuzzParseXML(f *testing.F) {
	keep := func(name string) bool { return name == "RESPPMA_N.WW" }
	f.Add(xmlHead + seriesHead("RESPPMA_N.WW") + obs("2026-09-23", "A", "6747704") + "</kf:Series>" + xmlTail)
	f.Add(xmlHead + seriesHead("RESPPMA_N.WW") + obs("2026-09-23", "NC", "-9999") + "</kf:Series>" + xmlTail)
	f.Add(xmlHead + "<!-- -->" + xmlTail)
	f.Fuzz(func(t *testing.T, body string) {
		rows, err := h41.ParseXML(strings.NewReader(body), keep)
		checkRows(t, rows, err)
	})
}

func FuzzParseArchive(f *testing.F) {
	keep := func(name string) bool { return name == "RESPPMA_N.WW" }
	f.Add(pack(f, member{"H41_data.xml", xmlHead + seriesHead("RESPPMA_N.WW") + obs("2026-09-23", "A", "6747704") + "</kf:Series>" + xmlTail}))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := h41.ParseArchive(bytes.NewReader(body), int64(len(body)), keep)
		checkRows(t, rows, err)
	})
}

func checkRows(t *testing.T, rows []schemas.Observation, err error) {
	t.Helper()
	if err != nil && rows != nil {
		t.Error("rows beside an error")
	}
	for _, r := range rows {
		if r.Series != "RESPPMA_N.WW" || r.Value.OK != (r.Status == "A") || r.Date.Weekday() != time.Wednesday || r.Multiplier != 1e6 {
			t.Errorf("believed %+v", r)
		}
	}
}
