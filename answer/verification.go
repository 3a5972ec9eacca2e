package answer

// Verification counts what the check of an answer's sentences did. It is part
// of the answer that the customer, the log and the reviewer see.
type Verification struct {
	Checked  int `json:"checked"`
	Released int `json:"released"`
	Dropped  int `json:"dropped"`
}
