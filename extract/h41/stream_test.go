package h41_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/extract/h41"
	"tidemark/schemas"
)

// TestArchiveIsReadAsAStream reads an archive of the size of the real one and
// holds the growth of the heap against the promise of the package.
func TestArchiveIsReadAsAStream(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 60 MB of XML")
	}
	weeks, others := 1200, 520
	if raceDetector {
		weeks = 100
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	w, err := z.Create("H41_data.xml")
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	write := func(s string) {
		size += len(s)
		if _, err := io.WriteString(w, s); err != nil {
			t.Fatal(err)
		}
	}
	days := make([]string, weeks)
	for i := range days {
		days[i] = (schemas.NewDate(2002, time.December, 18) + schemas.Date(7*i)).String()
	}
	kept := h41.Series()
	write(xmlHead)
	x := uint32(88172645)
	for i := range len(kept) + others {
		name := fmt.Sprintf("RESBANK%d_N.WW", i)
		if i < len(kept) {
			name = kept[i]
		}
		write(seriesHead(name))
		for _, d := range days {
			x ^= x << 13
			x ^= x >> 17
			x ^= x << 5
			write(obs(d, "A", strconv.Itoa(1_000_000+int(x%8_000_000))))
		}
		write("</kf:Series>\n")
	}
	write(xmlTail)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}

	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				peak.Store(max(peak.Load(), now.HeapAlloc))
			}
		}
	}()
	start := time.Now()
	rows, err := h41.ParseArchive(bytes.NewReader(packed.Bytes()), int64(packed.Len()), h41.Select())
	took := time.Since(start)
	close(stop)
	<-stopped
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(kept)*weeks {
		t.Errorf("got %d rows, want %d", len(rows), len(kept)*weeks)
	}
	rowBytes := uint64(cap(rows)) * uint64(reflect.TypeFor[schemas.Observation]().Size())
	growth := peak.Load() - before.HeapAlloc
	t.Logf("%d MB of XML in %d MB: %v, heap grew by at most %d MB, of which rows %d MB", size>>20, packed.Len()>>20, took.Round(time.Millisecond), growth>>20, rowBytes>>20)
	if growth > rowBytes+64<<20 {
		t.Errorf("the heap grew by %d MB, with %d MB of rows", growth>>20, rowBytes>>20)
	}
}
