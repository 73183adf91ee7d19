-- Cards, bookings and the blacklist; coins, deductions and codes that are shown
-- or scanned. Rows that are gone for people keep their number: deleted_ms.

-- +goose Up
CREATE TABLE cards (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL,
    owner         TEXT NOT NULL,
    tel           TEXT NOT NULL,
    room          TEXT NOT NULL,
    car_type      INTEGER NOT NULL,
    spaces        INTEGER NOT NULL CHECK (spaces > 0),
    valid_from_ms INTEGER,
    valid_to_ms   INTEGER,
    balance       INTEGER NOT NULL CHECK (balance >= 0),
    updated_ms    INTEGER,
    deleted_ms    INTEGER
) STRICT;

-- What belongs to the cards that are not deleted: a plate, or the number of an
-- IC card. Neither belongs to two cards.
CREATE TABLE card_plates (
    seq   INTEGER PRIMARY KEY,
    card  INTEGER NOT NULL REFERENCES cards (id),
    plate TEXT NOT NULL,
    etc   TEXT NOT NULL,
    CHECK (plate <> '' OR etc <> '')
) STRICT;

CREATE INDEX card_plates_card ON card_plates (card);
CREATE UNIQUE INDEX card_plates_plate ON card_plates (plate) WHERE plate <> '';
CREATE UNIQUE INDEX card_plates_etc ON card_plates (etc) WHERE etc <> '';
CREATE INDEX card_plates_tail ON card_plates (substr(plate, 2));

-- Money or time added to cards. Rows are only added.
CREATE TABLE recharges (
    id            TEXT PRIMARY KEY,
    card          INTEGER NOT NULL REFERENCES cards (id),
    order_no      TEXT NOT NULL,
    client        TEXT NOT NULL,
    amount        INTEGER NOT NULL,
    added         INTEGER NOT NULL,
    valid_from_ms INTEGER,
    valid_to_ms   INTEGER,
    at_ms         INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX recharges_order ON recharges (client, order_no) WHERE order_no <> '';

CREATE TABLE blacklist (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    plate      TEXT NOT NULL CHECK (plate <> ''),
    remark     TEXT NOT NULL,
    updated_ms INTEGER,
    deleted_ms INTEGER
) STRICT;

CREATE UNIQUE INDEX blacklist_plate ON blacklist (plate) WHERE deleted_ms IS NULL;
CREATE INDEX blacklist_tail ON blacklist (substr(plate, 2)) WHERE deleted_ms IS NULL;

-- Types: 0 any number of visits in the period, 1 one visit. used_by is the
-- session that used up a booking of one visit.
CREATE TABLE bookings (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    plate         TEXT NOT NULL CHECK (plate <> ''),
    pre_money     INTEGER NOT NULL CHECK (pre_money >= 0),
    pre_used      INTEGER NOT NULL CHECK (pre_used BETWEEN 0 AND pre_money),
    valid_from_ms INTEGER,
    valid_to_ms   INTEGER,
    type          INTEGER NOT NULL CHECK (type IN (0, 1)),
    used_by       TEXT REFERENCES sessions (id),
    client        TEXT NOT NULL,
    created_ms    INTEGER,
    deleted_ms    INTEGER
) STRICT;

CREATE INDEX bookings_plate ON bookings (plate) WHERE deleted_ms IS NULL;
CREATE INDEX bookings_tail ON bookings (substr(plate, 2)) WHERE deleted_ms IS NULL;

-- card and booking are by what right the car is inside. A quote is the fee of
-- the whole stay as a platform that prices said at that time.
ALTER TABLE sessions ADD COLUMN card INTEGER REFERENCES cards (id);
ALTER TABLE sessions ADD COLUMN booking INTEGER REFERENCES bookings (id);
ALTER TABLE sessions ADD COLUMN seamless_by TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN quote_fee INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN quoted_ms INTEGER;

CREATE INDEX sessions_open_on_card ON sessions (card) WHERE state <= 3 AND card IS NOT NULL;
CREATE INDEX sessions_booking ON sessions (booking) WHERE booking IS NOT NULL;

-- When a driver's code was handed to a platform for an order, and which machine
-- had read it.
ALTER TABLE orders ADD COLUMN scanned_ms INTEGER;
ALTER TABLE orders ADD COLUMN scanned_by TEXT NOT NULL DEFAULT '';

-- Appendix 1.3. Before this there were platforms only.
ALTER TABLE payments ADD COLUMN terminal INTEGER NOT NULL DEFAULT 15;

-- Change that a pay machine owes.
CREATE TABLE changes (
    no          TEXT PRIMARY KEY CHECK (no <> ''),
    order_no    TEXT NOT NULL REFERENCES orders (no),
    session     TEXT NOT NULL REFERENCES sessions (id),
    kiosk       TEXT NOT NULL,
    due         INTEGER NOT NULL,
    inserted    INTEGER NOT NULL CHECK (inserted > due),
    paid_ms     INTEGER,
    settled_ms  INTEGER,
    charge_type INTEGER NOT NULL,
    account     TEXT NOT NULL,
    client      TEXT NOT NULL
) STRICT;

CREATE INDEX changes_paid ON changes (paid_ms);
CREATE INDEX changes_owed ON changes (paid_ms) WHERE settled_ms IS NULL;

-- What platforms were asked to deduct. States: 0 asked, and nothing usable was
-- answered so far; 1 taken; 2 refused; 3 taken although the stay was settled
-- otherwise. corrected_ms is when a platform was told to reverse it.
CREATE TABLE deductions (
    id           TEXT PRIMARY KEY,
    session      TEXT NOT NULL REFERENCES sessions (id),
    platform     TEXT NOT NULL,
    asked_ms     INTEGER,
    asked        INTEGER NOT NULL,
    state        INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
    taken        INTEGER NOT NULL,
    answered_ms  INTEGER,
    corrected_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX deductions_session ON deductions (session);

-- The first answer to a request that has no key of its own, for when the very
-- same bytes come again. Rows are short-lived.
CREATE TABLE answers (
    client TEXT NOT NULL,
    digest TEXT NOT NULL,
    answer TEXT NOT NULL,
    at_ms  INTEGER NOT NULL,
    PRIMARY KEY (client, digest)
) STRICT, WITHOUT ROWID;
