// Package engine runs ClickHouse inside this program: a child process that
// loads ClickHouse as a library and serves the native protocol and HTTP on the
// loopback. To clickhouse-go, to BI tools and to clickhouse-client it is a
// server like any other.
//
// # Processes
//
// The child is this program, started again under another name; Child, the
// first thing in main, is where it turns into the engine. Open starts one for a
// data folder and keeps it alive until Close, or finds the one that runs there
// already and uses that. A lock of the folder, which parent and child share,
// decides who starts; a token, which the engine must say over both of its
// ports, proves that it is the right one that listens. The child leaves when
// its parent is gone, however that went.
//
// # Users
//
// Users are part of the configuration that Open writes (this engine has no
// CREATE USER and no GRANT). Passwords are made once for a folder, are kept
// there with mode 0600, and do not change with a restart.
//
//   - loader has all rights on the databases raw, facts, history, mart and ops, may create
//     those four and no other, and reads system tables. Its settings are not
//     constrained, and async_insert is off: an acknowledged insert is written.
//   - bi reads mart, and what connectors ask of system and information_schema,
//     where it sees only mart. It may change settings (readonly is 2) but not
//     run longer than 300 seconds or use more than half of the memory. A client
//     that turns a deadline into max_execution_time, as clickhouse-go does, must
//     keep below that.
//   - default, whose password cannot be set, is taken by the engine's own
//     session and refused to everybody else.
//
// A view of mart has to say
//
//	CREATE OR REPLACE VIEW mart.x DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT …
//
// for bi to read it: without that clause a view needs the rights of its reader
// on what it selects from, and bi has none on facts and raw. The same holds on a
// real server, which has the same users by SQL.
//
// # What confines it
//
// The engine is clickhouse-local with its doors open, and clickhouse-local lets
// anyone who is logged in read any file by the function file('…'). On Linux 5.19
// and later the child gives up every file but its own, by Landlock, before it
// loads the library; Engine.Confined tells whether that is so. What remains
// readable to its users is the folder of the data itself.
//
// # Platforms
//
// Linux on amd64 with glibc is what was run. The library exists for Linux on
// arm64 and for macOS as well, and the package builds for them, but no hash of
// theirs is pinned here, so Fetch refuses; Config.Library takes one that you
// trust. There is no library for musl and for Windows. Everywhere a ClickHouse
// server can take the engine's place.
package engine
