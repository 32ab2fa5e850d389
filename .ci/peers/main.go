// Command peers holds Tidemark's own arithmetic of breadth and concentration
// against that of other programs, on bars in a Parquet file or in ClickHouse. W1 is
// advances and declines, averages, extremes and returns of an index's members, day
// by day; W2 is how concentrated it is. Each step prints its time as a line of JSON.
//
// The definitions are those of the comparison, which differ from Tidemark's where
// ties, rounding and the beginning of a series are concerned; what is put together
// is what Tidemark's facts are made of: packages series and ranking.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

func main() {
	in := flag.String("in", "prices.parquet", "Parquet file")
	out := flag.String("out", "", "folder for w1.csv and w2.csv")
	runs := flag.Int("runs", 3, "how often to work out each")
	loads := flag.Int("loads", 3, "how often to load")
	workers := flag.Int("workers", runtime.GOMAXPROCS(0), "how many work at a time")
	reader := flag.String("reader", "parquetgo", "parquetgo or ch")
	addr := flag.String("addr", "127.0.0.1:9000", "native address of ClickHouse")
	compress := flag.String("chcompress", "", "lz4, or nothing")
	table := flag.String("table", "", "folder of results to make a table of, and no more")
	flag.Bool("tuned", true, "of no effect: there is one way")
	flag.Parse()
	if *table != "" {
		exit(report(*table, os.Stdout))
	}
	exit(measure(*in, *out, *runs, *loads, *workers, *reader, *addr, *compress))
}

// exit ends the program.
func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func measure(in, out string, runs, loads, workers int, reader, addr, compress string) error {
	var p *prices
	for range max(loads, 1) {
		p = nil
		runtime.GC()
		err := step("load", func() (err error) {
			switch reader {
			case "parquetgo":
				p, err = readParquet(in, workers)
			case "ch":
				p, err = readClickHouse(addr, compress, workers)
			default:
				err = fmt.Errorf("there is no reader %s; there are parquetgo and ch", reader)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	var w1 []breadth
	var w2 []shape
	for range runs {
		for _, s := range []struct {
			name string
			want parts
		}{{"w1", parts{breadth: true}}, {"w2", parts{concentration: true}}, {"w1w2", parts{true, true}}} {
			runtime.GC()
			err := step(s.name, func() error {
				w1, w2 = p.compute(s.want, workers)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	if out == "" {
		return nil
	}
	return write(out, p.axis, w1, w2)
}

// step prints how long f takes, on the wall and of the processors, and how much
// memory the program has had at most.
func step(name string, f func() error) error {
	from, before := time.Now(), processor()
	err := f()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(struct {
		Step string  `json:"step"`
		Wall float64 `json:"wall"`
		CPU  float64 `json:"cpu"`
		RSS  int64   `json:"rss_mb"`
	}{name, time.Since(from).Seconds(), processor() - before, usage().Maxrss / 1024})
}

func usage() syscall.Rusage {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // fails for a bad address alone
	return u
}

func processor() float64 {
	u := usage()
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
