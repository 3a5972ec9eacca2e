//go:build !race

package soak

// raceFlags builds the replicas as the test itself was built.
var raceFlags []string
