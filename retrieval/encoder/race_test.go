//go:build race

package encoder_test

// raceEnabled: the race detector lets pools forget, so that allocations say nothing.
const raceEnabled = true
