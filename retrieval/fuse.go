package retrieval

// Peak is the best that any passage within the scope reaches, by words and by
// meaning.
type Peak struct {
	Lexical float64
	Cosine  float64
}

// Add raises the peak to a passage's scores.
func (p *Peak) Add(lexical, cosine float64) {
	p.Lexical, p.Cosine = max(p.Lexical, lexical), max(p.Cosine, cosine)
}

// The weights of Fuse, chosen by nDCG@10 on the evaluation sets; what else was
// tried is in docs/design/encoder.md.
const (
	// FuseShare is the share of the meaning in a score.
	FuseShare = 0.5
	// FuseReach is how far below the best cosine a passage still counts as near. Cosines
	// of a model lie close together; this is a third of what lies between a right
	// passage and an arbitrary one.
	FuseReach = 0.2
)

// Fuse is the score of a passage for a question that has a vector: a convex
// combination of both scores, each relative to the best within the scope (Bruch,
// Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS
// 42(1), 2024),
//
//	(1-m)·lexical/peak.Lexical + m·(1 - (peak.Cosine-cosine)/reach)
//
// where neither part is below 0. A score of 0 is no match. It depends on nothing
// outside the scope.
func Fuse(peak Peak, lexical, cosine float64) float64 {
	score := 0.0
	if peak.Lexical > 0 {
		score = (1 - FuseShare) * lexical / peak.Lexical
	}
	if cosine > 0 {
		score += FuseShare * max(0, 1-(peak.Cosine-cosine)/FuseReach)
	}
	return score
}
