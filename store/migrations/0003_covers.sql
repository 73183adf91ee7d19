-- The parts of stays that a right made free before its period was replaced, or
-- before the stay came onto another right. Rows are only added.

-- +goose Up
CREATE TABLE covers (
    session TEXT NOT NULL REFERENCES sessions (id),
    from_ms INTEGER NOT NULL,
    to_ms   INTEGER NOT NULL CHECK (to_ms > from_ms),
    PRIMARY KEY (session, from_ms, to_ms)
) STRICT, WITHOUT ROWID;
