-- Money is fen, …_ms is Unix milliseconds, NULL is "not yet". Session states:
-- 1 entering, 2 inside, 3 leaving (these are open), 4 left, 5 abnormal, 6 void.

-- +goose Up
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every plate once, so that a search for a fragment reads each plate once and
-- not each stay. Rows are only added.
CREATE TABLE plates (
    id    INTEGER PRIMARY KEY,
    plate TEXT NOT NULL UNIQUE
) STRICT;

CREATE VIRTUAL TABLE plates_fts USING fts5(
    plate, content = 'plates', content_rowid = 'id', columnsize = 0, tokenize = 'trigram case_sensitive 1'
);

-- +goose StatementBegin
CREATE TRIGGER plates_added AFTER INSERT ON plates BEGIN
    INSERT INTO plates_fts (rowid, plate) VALUES (new.id, new.plate);
END;
-- +goose StatementEnd

CREATE TABLE sessions (
    id                TEXT PRIMARY KEY,
    plate             TEXT NOT NULL REFERENCES plates (plate) CHECK (plate <> ''),
    plate_read        TEXT NOT NULL,
    color             INTEGER NOT NULL,
    size              INTEGER NOT NULL,
    car_type          INTEGER NOT NULL,
    card_no           TEXT NOT NULL,
    area              INTEGER NOT NULL,
    state             INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
    entered_ms        INTEGER,
    entry_lane        TEXT NOT NULL,
    entry_place       TEXT NOT NULL,
    entry_image       TEXT NOT NULL,
    left_ms           INTEGER,
    exit_lane         TEXT NOT NULL,
    exit_place        TEXT NOT NULL,
    exit_image        TEXT NOT NULL,
    paid_until_ms     INTEGER,
    settled_fee       INTEGER NOT NULL,
    settled_credit    INTEGER NOT NULL,
    fee               INTEGER NOT NULL,
    credit            INTEGER NOT NULL,
    unpaid            INTEGER NOT NULL,
    over              INTEGER NOT NULL,
    seamless          INTEGER NOT NULL CHECK (seamless IN (0, 1)),
    note              TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX sessions_open_plate ON sessions (plate) WHERE state <= 3;
CREATE UNIQUE INDEX sessions_open_card ON sessions (card_no) WHERE state <= 3 AND card_no <> '';
CREATE INDEX sessions_open_area ON sessions (area) WHERE state <= 3;
CREATE INDEX sessions_void_plate ON sessions (plate) WHERE state = 6;
CREATE INDEX sessions_left ON sessions (left_ms) WHERE state = 4;
CREATE INDEX sessions_left_plate ON sessions (plate, left_ms) WHERE state = 4;

CREATE TABLE orders (
    no         TEXT PRIMARY KEY CHECK (no <> ''),
    session    TEXT NOT NULL REFERENCES sessions (id),
    kind       INTEGER NOT NULL,
    lane       TEXT NOT NULL,
    client     TEXT NOT NULL,
    created_ms INTEGER,
    expires_ms INTEGER,
    total      INTEGER NOT NULL,
    credit     INTEGER NOT NULL,
    paid       INTEGER NOT NULL,
    waived     INTEGER NOT NULL,
    payable    INTEGER NOT NULL,
    state      INTEGER NOT NULL CHECK (state IN (0, 1)),
    settled_ms INTEGER
) STRICT;

CREATE INDEX orders_session ON orders (session);

-- The ledger: rows are only added. Kinds: 0 money, 1 rounding, 2 orphan.
CREATE TABLE payments (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    order_no     TEXT REFERENCES orders (no),
    session      TEXT NOT NULL REFERENCES sessions (id),
    kind         INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    amount       INTEGER NOT NULL,
    discount     INTEGER NOT NULL,
    free_money   INTEGER NOT NULL,
    free_minutes INTEGER NOT NULL,
    rounding     INTEGER NOT NULL,
    over         INTEGER NOT NULL,
    pay_type     INTEGER NOT NULL,
    pay_method   INTEGER NOT NULL,
    client       TEXT NOT NULL,
    free_detail  TEXT NOT NULL,
    paid_ms      INTEGER
) STRICT;

CREATE INDEX payments_session ON payments (session);
CREATE UNIQUE INDEX payments_order ON payments (order_no) WHERE kind <> 1;

CREATE TABLE areas (
    code         INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    type         INTEGER NOT NULL,
    places       INTEGER NOT NULL,
    free_offset  INTEGER NOT NULL
) STRICT;

CREATE TABLE devices (
    code     TEXT PRIMARY KEY,
    ip       TEXT NOT NULL,
    name     TEXT NOT NULL,
    type     INTEGER NOT NULL,
    status   TEXT NOT NULL,
    remark   TEXT NOT NULL,
    since_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    lane TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE lane_cars (
    lane     TEXT PRIMARY KEY,
    session  TEXT NOT NULL,
    since_ms INTEGER
) STRICT, WITHOUT ROWID;

-- The one history. hash covers every other column.
CREATE TABLE journal (
    seq   INTEGER PRIMARY KEY,
    box   TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    body  TEXT NOT NULL,
    prev  BLOB NOT NULL CHECK (length(prev) = 32),
    hash  BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX journal_kind_key ON journal (kind, key);

-- How far each platform has read, and what it left behind.
CREATE TABLE platforms (
    name   TEXT PRIMARY KEY,
    cursor INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE held (
    platform      TEXT NOT NULL REFERENCES platforms (name),
    seq           INTEGER NOT NULL,
    key           TEXT NOT NULL,
    dead          INTEGER NOT NULL CHECK (dead IN (0, 1)),
    attempts      INTEGER NOT NULL,
    not_before_ms INTEGER,
    reason        TEXT NOT NULL,
    PRIMARY KEY (platform, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX held_waiting ON held (platform, seq) WHERE dead = 0;
