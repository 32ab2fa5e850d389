// Package schemas is Tidemark's vocabulary: days and windows, row types with
// their units, the tables they live in, the embedded migrations that make
// those tables, and the metric register. Every other room speaks it; it
// imports nothing of theirs.
package schemas
