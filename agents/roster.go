package agents

import (
	"time"

	"candor/identity"
)

// Status is what a member of staff says of being there. The zero value is that they say
// nothing: they are not there.
type Status string

// Statuses.
const (
	Online Status = "online"
	Busy   Status = "busy" // there, and to be given nothing more
	Away   Status = "away"
)

const (
	// PresenceLife is how long a status holds that is not repeated: three heartbeats.
	PresenceLife = 45 * time.Second
	// GoneAfter is after how long without a sign of them somebody has disappeared who
	// said that they are there.
	GoneAfter = 2 * time.Minute
	// MaxLapses is after how many reservations in a row that somebody let lapse they
	// are away. Those that ran side by side are one.
	MaxLapses = 3
)

// Sighting is the latest heartbeat of a member of staff, by this process's clock.
type Sighting struct {
	Status Status
	At     time.Time
}

// Attendance is who has been at the desk.
type Attendance struct {
	// Since is from when on it has been read without a gap. It is zero while it cannot
	// be read: then nothing is known of anybody.
	Since time.Time
	Seen  map[identity.StaffID]Sighting
}

// Status returns how present a member of staff is.
func (a Attendance) Status(staff identity.StaffID, now time.Time) Status {
	s, ok := a.Seen[staff]
	if a.Since.IsZero() || !ok || now.Sub(s.At) > PresenceLife {
		return ""
	}
	return s.Status
}

// Missed reports whether a member of staff is known to have been silent for as long: all
// of that time was read.
func (a Attendance) Missed(staff identity.StaffID, silent time.Duration, now time.Time) bool {
	return !a.Since.IsZero() && now.Sub(a.Since) >= silent && now.Sub(a.Seen[staff].At) >= silent
}

// Roster tells who is at the desk. It returns at once what it has heard, and is safe for
// concurrent use; what it returns is the caller's.
type Roster interface {
	Attendance() Attendance
}
