package consent

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// AgeBand is how old a customer is, as their site says.
type AgeBand string

// Age bands. The empty one is unknown.
const (
	Child AgeBand = "child" // under 13
	Teen  AgeBand = "teen"  // 13 to 17
	Adult AgeBand = "adult" // 18 and older
)

// Known reports whether it is one of the bands.
func (a AgeBand) Known() bool { return a == Child || a == Teen || a == Adult }

// Guardian is the actor of what a parent or guardian chose for a minor.
const Guardian = "guardian"

// TeenRule says who may agree for somebody of 13 to 17 years.
type TeenRule string

// Rules for teens.
const (
	TeensThemselves TeenRule = "self"
	TeensByGuardian TeenRule = "guardian"
)

// Profile is what differs by law.
type Profile struct {
	ID  string `yaml:"id"`
	Law string `yaml:"law"` // its name, for people
	// Teens is who may agree for somebody of 13 to 17 years. For a child it is
	// always a guardian.
	Teens TeenRule `yaml:"teens"`
	// AnswerWithin is the time to answer a customer's request.
	AnswerWithin Term `yaml:"answer_within"`
}

// defaultProfile is used by a policy that names none.
var defaultProfile = Profile{ID: "default", Teens: TeensByGuardian, AnswerWithin: Term{Days: 30}}

// Profile returns the profile of an id, or the policy's first where it has none of
// that name.
func (p *Policy) Profile(id string) Profile {
	for _, x := range p.Jurisdictions {
		if x.ID == id {
			return x
		}
	}
	if len(p.Jurisdictions) == 0 {
		return defaultProfile
	}
	return p.Jurisdictions[0]
}

// Term is a time in calendar months or in days.
type Term struct {
	Months, Days int
}

// UnmarshalYAML reads "1mo" or "15d".
func (t *Term) UnmarshalYAML(n *yaml.Node) error {
	if v, ok := count(n.Value, "mo"); ok {
		t.Months = v
	} else if v, ok := count(n.Value, "d"); ok {
		t.Days = v
	} else {
		return fault(n, "%q is not a time such as 1mo or 15d", n.Value)
	}
	return nil
}

// After returns the end of the term that begins at a time. A month ends on the
// same day of a later month, or on its last day where it is shorter.
func (t Term) After(at time.Time) time.Time {
	end := at.AddDate(0, t.Months, 0)
	if t.Months > 0 && end.Day() < at.Day() {
		end = end.AddDate(0, 0, -end.Day())
	}
	return end.AddDate(0, 0, t.Days)
}

// minor reports whether the customer is one, as far as is known.
func (p *Policy) minor(band AgeBand) bool {
	switch band {
	case Adult:
		return false
	case Child, Teen:
		return true
	}
	// Who is not known to be an adult is a child there; a band that is not known is
	// no adult's.
	return p.Audience == "children" || band != ""
}

// mayChoose reports whether somebody of the band may agree for themselves.
func (p *Policy) mayChoose(band AgeBand, jurisdiction string) bool {
	return !p.minor(band) || band == Teen && p.Profile(jurisdiction).Teens == TeensThemselves
}

// byGuardian reports whether a guardian made the choice.
func (e Event) byGuardian() bool { return e.ActorKind() == Guardian }
