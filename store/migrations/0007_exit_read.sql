-- What the exit camera read where that is not the plate of the stay: it was
-- taken for a misreading of it.

-- +goose Up
ALTER TABLE sessions ADD COLUMN exit_read TEXT NOT NULL DEFAULT '';
