-- Who works at the car park: operators, their sign-ins and their shifts. A
-- shift is over when to_ms is set; an operator has one that is not, and so has
-- a booth. counted is the money in the drawer as it was counted at the end.

-- +goose Up
CREATE TABLE operators (
    name       TEXT PRIMARY KEY CHECK (name <> ''),
    hash       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('operator', 'manager', 'installer')),
    updated_ms INTEGER
) STRICT, WITHOUT ROWID;

-- digest is of the token, which is kept nowhere.
CREATE TABLE logins (
    digest     TEXT PRIMARY KEY CHECK (digest <> ''),
    operator   TEXT NOT NULL REFERENCES operators (name),
    address    TEXT NOT NULL,
    from_ms    INTEGER,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX logins_operator ON logins (operator);

-- lanes is a JSON list of codes; empty means all. An operator may be gone while
-- his shifts are kept, so there is no reference.
CREATE TABLE shifts (
    id       INTEGER PRIMARY KEY,
    operator TEXT NOT NULL CHECK (operator <> ''),
    booth    TEXT NOT NULL CHECK (booth <> ''),
    lanes    TEXT NOT NULL,
    from_ms  INTEGER NOT NULL,
    to_ms    INTEGER,
    float    INTEGER NOT NULL CHECK (float >= 0),
    counted  INTEGER NOT NULL DEFAULT 0,
    expected INTEGER NOT NULL DEFAULT 0,
    note     TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE UNIQUE INDEX shifts_open_operator ON shifts (operator) WHERE to_ms IS NULL;
CREATE UNIQUE INDEX shifts_open_booth ON shifts (booth) WHERE to_ms IS NULL;
CREATE INDEX shifts_from ON shifts (from_ms);

-- What reports look for by time.
CREATE INDEX sessions_entered ON sessions (entered_ms);
CREATE INDEX journal_gates ON journal (at_ms) WHERE kind IN ('command', 'passage');
