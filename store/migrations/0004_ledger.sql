-- A ledger that is never changed. What is taken back (a refund, a coupon, what a
-- ghost session had) is a row of its own, with negative figures, that refers to
-- the row it takes back. Kinds: 0 money or discount, 1 rounding, 2 orphan,
-- 3 refund, 4 returned (of an orphan, or after the car had left: it does not
-- count for the stay), 5 recall, 6 transfer, 7 an orphan's that was moved (it does
-- not count for its own stay either).

-- +goose Up
-- operator and shift are who took it at a booth; given is what was handed over,
-- change included. grant_kind: 0 none, 1 minutes, 2 money, 3 percent, 4 full,
-- 5 until; grant_value counts minutes, fen, percent, nothing, milliseconds.
CREATE TABLE ledger (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    order_no     TEXT REFERENCES orders (no),
    session      TEXT NOT NULL REFERENCES sessions (id),
    kind         INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 7),
    amount       INTEGER NOT NULL,
    discount     INTEGER NOT NULL,
    free_money   INTEGER NOT NULL,
    free_minutes INTEGER NOT NULL,
    rounding     INTEGER NOT NULL,
    over         INTEGER NOT NULL,
    pay_type     INTEGER NOT NULL,
    pay_method   INTEGER NOT NULL,
    terminal     INTEGER NOT NULL,
    client       TEXT NOT NULL,
    free_detail  TEXT NOT NULL,
    paid_ms      INTEGER,
    refers       TEXT REFERENCES ledger (id),
    operator     TEXT NOT NULL,
    shift        INTEGER NOT NULL,
    given        INTEGER NOT NULL,
    grant_name   TEXT NOT NULL,
    grant_kind   INTEGER NOT NULL CHECK (grant_kind BETWEEN 0 AND 5),
    grant_value  INTEGER NOT NULL,
    CHECK ((refers IS NOT NULL) = (kind >= 3))
) STRICT;

INSERT INTO ledger (seq, id, order_no, session, kind, amount, discount, free_money, free_minutes, rounding, over,
    pay_type, pay_method, terminal, client, free_detail, paid_ms, operator, shift, given, grant_name, grant_kind, grant_value)
SELECT seq, id, order_no, session, kind, amount, discount, free_money, free_minutes, rounding, over,
    pay_type, pay_method, terminal, client, free_detail, paid_ms, '', 0, 0, '', 0, 0
FROM payments ORDER BY seq;

DROP TABLE payments;
ALTER TABLE ledger RENAME TO payments;

CREATE INDEX payments_session ON payments (session);
CREATE UNIQUE INDEX payments_order ON payments (order_no) WHERE kind IN (0, 2);
CREATE INDEX payments_refers ON payments (refers) WHERE refers IS NOT NULL;
CREATE INDEX payments_paid ON payments (paid_ms);
CREATE INDEX payments_shift ON payments (shift) WHERE shift <> 0;

-- +goose StatementBegin
CREATE TRIGGER payments_never_changed BEFORE UPDATE ON payments BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER payments_never_deleted BEFORE DELETE ON payments BEGIN
    SELECT RAISE(ABORT, 'rows of the ledger are never deleted');
END;
-- +goose StatementEnd

-- When the last settlement was, and which operator set quote_fee; empty when a
-- platform did.
ALTER TABLE sessions ADD COLUMN settled_ms INTEGER;
ALTER TABLE sessions ADD COLUMN fee_by TEXT NOT NULL DEFAULT '';
