// Package clickhouse is the warehouse: it makes the tables, replaces their
// windows, reads rows back, and keeps the views that people look at.
//
// # Windows
//
// A window of a table is one partition. [Replace] writes its rows into a
// staging table as one part, has the server count and hash them there, and
// exchanges the partition in one atomic step. Whoever reads the table sees
// the old window or the new one and never a mixture. Every step is first
// written to a journal (ops.swap), so that a crash in between is finished or
// undone by [Warehouse.Recover] or by the next Replace of the window. Content
// equal to what the window holds already is not swapped.
//
// # Fingerprints
//
// A row's hash is xxHash64 over a plain binary encoding of its columns that
// SQL can reproduce. A window's fingerprint is the number of rows, the sum of
// their hashes and the exclusive or of them: it does not depend on the order
// of the rows. There are two of each: over all columns, which shows that what
// was sent is what arrived; and over the content, which leaves the origin
// columns (payload, run) out, so that the same figures from a newer file
// leave what depends on them alone.
//
// # Two writers
//
// Two processes may replace the same window at the same time. The last
// exchange wins. Each process finds the other in the journal at its end, and
// then compares the record of the window (ops.window) with what the window
// holds, so the record tells the truth when the last of them has finished.
//
// # Encoding
//
// The client wraps days and instants that do not fit without a word. Rows are
// therefore checked before anything is sent: a day or instant outside its
// type, NaN, an infinity, a missing day, text that is not UTF-8, a row of
// another window and a repeated key are refused with a [RowError].
package clickhouse
