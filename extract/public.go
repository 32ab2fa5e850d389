package extract

import (
	"net"
	"net/netip"
	"strings"
	"syscall"
)

// publicNames lists the names of publishers' own hosts. They are on the internet: where
// one resolves to an address of this machine or of a private network, somebody else
// answers for the name. A mirror within a network has a name of its own.
func publicNames(hosts map[string][]string) map[string]bool {
	out := map[string]bool{}
	for _, entries := range hosts {
		for _, entry := range entries {
			host := strings.TrimPrefix(entry, "http://")
			if h, _, err := net.SplitHostPort(host); err == nil {
				host = h
			}
			if net.ParseIP(host) == nil {
				out[strings.ToLower(host)] = true
			}
		}
	}
	return out
}

// sharedSpace is RFC 6598's, behind carriers' address translation.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// publicOnly refuses a connection, once the name is resolved, to an address that is not
// on the internet.
func publicOnly(host string) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return permanent("%s resolves to %q; refused", host, address)
		}
		ip := at.Addr().Unmap()
		if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || sharedSpace.Contains(ip) {
			return permanent("%s resolves to %s, which is no address of the internet; refused. Where a mirror in your network answers for it, give the mirror's own name as the publisher's base", host, ip)
		}
		return nil
	}
}
