//go:build !race

package h41_test

// raceDetector is off.
const raceDetector = false
