package engine

import (
	"fmt"
	"os"
	"sync/atomic"
)

// childName is argv[0] of a process that is an engine. It is how such a
// process knows what it is, and what a person sees in ps.
const childName = "tidemark-engine"

// childCalled guards against a program that opens an engine without having
// called Child: what it starts would be the program again, and so on.
var childCalled atomic.Bool

// Child turns this process into an engine, and does not return, if the process
// was started for that by Open. Otherwise it returns at once. It has to be
// the first thing in main, and in the TestMain of a test that opens an engine.
func Child() {
	childCalled.Store(true)
	if len(os.Args) != 4 || os.Args[0] != childName {
		return
	}
	err := serve(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", childName, err)
		os.Exit(1)
	}
	os.Exit(0)
}
