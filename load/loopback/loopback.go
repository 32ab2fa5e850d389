// Package loopback tells this machine from others.
package loopback

import (
	"net"
	"strings"
)

// Is reports whether a host is this machine, as all names below localhost are
// (RFC 6761, section 6.3).
func Is(host string) bool {
	if host = strings.ToLower(host); host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
