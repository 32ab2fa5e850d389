package engine

import "log/slog"

// Access is what a client needs to log in.
type Access struct {
	Addr     string // native protocol, host:port
	HTTPAddr string // HTTP interface, host:port
	User     string
	Password string
}

// String leaves the password out, so that an Access may stand in a message.
func (a Access) String() string { return a.User + "@" + a.Addr }

// LogValue leaves the password out.
func (a Access) LogValue() slog.Value { return slog.StringValue(a.String()) }
