-- Where cars drove inside the car park, and cars that nobody saw come in. Rows
-- of moves are only added; a stay's first area is that from which it moved first.

-- +goose Up
CREATE TABLE moves (
    seq       INTEGER PRIMARY KEY,
    session   TEXT NOT NULL REFERENCES sessions (id),
    at_ms     INTEGER NOT NULL,
    lane      TEXT NOT NULL,
    from_area INTEGER NOT NULL,
    to_area   INTEGER NOT NULL CHECK (to_area <> from_area)
) STRICT;

CREATE INDEX moves_session ON moves (session);

-- The stays of which the books know no entry, and what each costs, in fen.
CREATE TABLE unknown_entries (
    session TEXT PRIMARY KEY REFERENCES sessions (id),
    fee     INTEGER NOT NULL CHECK (fee >= 0)
) STRICT, WITHOUT ROWID;
