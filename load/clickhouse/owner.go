package clickhouse

import (
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// abandonedAfter is how long a swap of a process that cannot be looked at,
// because it runs on another host, may show no progress before it counts as
// abandoned. Taking an abandoned swap's staging table away from a process
// that lives after all makes that process fail; it can do no other harm.
const abandonedAfter = time.Hour

// owner says in the journal whose swap it is: "host pid start tag", where
// start is as told by processStart and tag tells the Warehouses of one
// process apart.
type owner struct {
	host  string
	pid   int
	start string
	tag   string
}

// newOwner describes this process. The name is for people.
func newOwner(name string) owner {
	tag := strings.ToLower(rand.Text()[:8])
	if name != "" {
		tag = strings.Join(strings.Fields(name), "_") + "-" + tag
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	pid := os.Getpid()
	start, _ := processStart(pid)
	return owner{host: host, pid: pid, start: start, tag: tag}
}

func (o owner) String() string {
	return fmt.Sprintf("%s %d %s %s", o.host, o.pid, orDash(o.start), o.tag)
}

func parseOwner(s string) (owner, bool) {
	f := strings.Fields(s)
	if len(f) != 4 {
		return owner{}, false
	}
	pid, err := strconv.Atoi(f[1])
	if err != nil {
		return owner{}, false
	}
	return owner{host: f[0], pid: pid, start: strings.TrimPrefix(f[2], "-"), tag: f[3]}, true
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Owner names this Warehouse's process in logs of the warehouse: host, process
// id, the process's start, and a tag that no other Warehouse has.
func (w *Warehouse) Owner() string { return w.owner.String() }

// Alive reports whether the process that called itself owner may still be at
// work, having last been heard of at seen. A process of this host is looked
// up; one of another host counts as alive for an hour.
func (w *Warehouse) Alive(owner string, seen time.Time) bool {
	o, ok := parseOwner(owner)
	if !ok || o.host != w.owner.host {
		return w.now().Sub(seen) <= abandonedAfter
	}
	// Where start times are not known, another process may have the id now.
	return w.running(o) && (o.start != "" || w.now().Sub(seen) <= abandonedAfter)
}

// running reports whether a process is not known to have ended.
func (w *Warehouse) running(o owner) bool {
	if o.host != w.owner.host {
		return true
	}
	start, alive := processStart(o.pid)
	return alive && o.start == start
}
