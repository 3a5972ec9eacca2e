package citation

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// InconsistentError says that one checkpoint of a log is not the beginning of another:
// entries were changed or taken away in between.
type InconsistentError struct {
	Older, Newer Checkpoint
}

// RolledBack is how many entries the newer checkpoint lacks; 0: it has as many or more,
// but others.
func (e *InconsistentError) RolledBack() int64 { return max(e.Older.Size-e.Newer.Size, 0) }

func (e *InconsistentError) Error() string {
	switch n := e.RolledBack(); {
	case e.Older.Origin != e.Newer.Origin:
		return fmt.Sprintf("the log is %s, and was %s: it is another one", e.Newer.Origin, e.Older.Origin)
	case n > 0:
		return fmt.Sprintf("the log was rolled back by %d: it had %d entries and has %d", n, e.Older.Size, e.Newer.Size)
	case e.Older.Size == e.Newer.Size:
		return fmt.Sprintf("the log was rewritten: it has %d entries as before, but they are not the same", e.Newer.Size)
	}
	return fmt.Sprintf("the log was rewritten: its first %d entries are not what they were", e.Older.Size)
}

// ProveConsistent proves that a checkpoint is the beginning of a newer one, from the
// tiles of the newer tree (RFC 6962, 2.1.2). Its error is an *InconsistentError if it is
// not; any other means that the tiles could not be read.
func ProveConsistent(read TileReader, older, newer Checkpoint) (tlog.TreeProof, error) {
	inconsistent := &InconsistentError{older, newer}
	switch {
	case older.Origin != newer.Origin, older.Size > newer.Size:
		return nil, inconsistent
	case older.Size == newer.Size:
		if older.Root != newer.Root {
			return nil, inconsistent
		}
		return nil, nil
	case older.Size == 0: // every log begins empty
		return nil, nil
	}
	proof, err := tlog.ProveTree(newer.Size, older.Size, read.Hashes(newer.Size))
	if err != nil {
		return nil, fmt.Errorf("read the tiles of the log: %w", err)
	}
	if tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root) != nil {
		return nil, inconsistent
	}
	return proof, nil
}
