package transform

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// blockSize is how many of n items are worked on at a time. It does not depend
// on the machine, so that what is summed block by block is the same everywhere.
func blockSize(n int) int { return max(64, (n+31)/32) }

func blockCount(n int) int {
	size := blockSize(n)
	return (n + size - 1) / size
}

// inBlocks calls work for the blocks of [0, n), several at a time. What work
// writes must belong to its block alone.
func inBlocks(n int, work func(block, lo, hi int)) {
	size, blocks := blockSize(n), blockCount(n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), blocks) {
		wg.Go(func() {
			for {
				b := int(next.Add(1)) - 1
				if b >= blocks {
					return
				}
				work(b, b*size, min(n, (b+1)*size))
			}
		})
	}
	wg.Wait()
}
