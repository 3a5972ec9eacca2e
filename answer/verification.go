package answer

// Verification counts what the check of an answer's sentences did. It is part
// of the answer that the customer, the log and the reviewer see.
type Verification struct {
	Checked  int `json:"checked"`
	Released int `json:"released"`
	Dropped  int `json:"dropped"`
	// Removed are the sentences that were not released. They may say anything, so
	// they are for reviewers: a customer sees the counts.
	Removed []Removed `json:"removed,omitempty"`
}

// Counts are the counts alone.
func (v Verification) Counts() Verification {
	v.Removed = nil
	return v
}

// Removed is a sentence that a model wrote and nobody was shown.
type Removed struct {
	Text string `json:"text"`
	// Reason is one of RemovalReasons.
	Reason string `json:"reason"`
}
