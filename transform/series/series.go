// Package series holds what is computed along the sessions of one series: the
// largest and the sum of the last so many values, and averages that fade. It
// works on plain slices and knows nothing of securities.
package series
