//go:build race

package h41_test

// raceDetector is on: everything takes ten times as long.
const raceDetector = true
