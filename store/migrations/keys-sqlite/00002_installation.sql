-- +goose Up
-- Whose keys these are, and whether they are whole. There is no row but where
-- they were moved.
CREATE TABLE installation (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    keys   TEXT NOT NULL,               -- keyed hash
    moving BOOLEAN NOT NULL DEFAULT FALSE, -- a move into this database is not finished
    moved  TEXT NOT NULL DEFAULT ''     -- where these keys were moved to
);

-- +goose Down
SELECT 'there is no way back';
