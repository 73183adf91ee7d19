package store

import "context"

// Pragma reads one setting of the connection that answers.
func (r Reader) Pragma(ctx context.Context, name string) (string, error) {
	return one(ctx, r, column[string], `PRAGMA `+name)
}

// FileURI is for the Windows paths that this system cannot have.
var FileURI = fileURI
