// Package engine runs ClickHouse inside this program: a child process that
// loads ClickHouse as a library and serves the native protocol and HTTP on the
// loopback.
package engine
