-- +goose Up
-- What one replica at a time may do, and which replicas are there.
CREATE TABLE leases (
    name   TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    until  BIGINT NOT NULL
);

-- Which keys the data was sealed with, and whether it is whole.
CREATE TABLE installation (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    keys   TEXT COLLATE "C" NOT NULL,               -- keyed hash
    moving BOOLEAN NOT NULL DEFAULT FALSE, -- a move into this database is not finished
    moved  TEXT COLLATE "C" NOT NULL DEFAULT ''     -- the engine that this data was moved to
);

-- The texts of policies: the newest is in force.
CREATE TABLE policies (
    version TEXT COLLATE "C" PRIMARY KEY,
    body    BYTEA NOT NULL,
    at      BIGINT NOT NULL
);

ALTER TABLE answers ADD COLUMN writer TEXT COLLATE "C" NOT NULL DEFAULT ''; -- the replica that writes it
ALTER TABLE answers ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;   -- of the conversation, when it was asked for
ALTER TABLE idempotency ADD COLUMN holder TEXT COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE citation_records ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE citation_not_searched ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;

-- +goose Down
SELECT 'there is no way back';
