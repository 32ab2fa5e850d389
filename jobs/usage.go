package jobs

import "fmt"

// UsageError says that what was asked for cannot be: the fault lies with the
// request, and asking again changes nothing.
type UsageError struct{ text string }

func usage(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

func (e *UsageError) Error() string { return e.text }

// Usage tells those who answer for the program, by exit code or HTTP status,
// that the fault lies with the request.
func (*UsageError) Usage() bool { return true }

// Usage tells the same of a job that does not exist.
func (*UnknownJobError) Usage() bool { return true }
