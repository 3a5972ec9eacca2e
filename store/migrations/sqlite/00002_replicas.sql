-- +goose Up
-- What one replica at a time may do, and which replicas are there.
CREATE TABLE leases (
    name   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  BIGINT NOT NULL
);

-- Which keys the data was sealed with, and whether it is whole.
CREATE TABLE installation (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    keys   TEXT NOT NULL,               -- keyed hash
    moving BOOLEAN NOT NULL DEFAULT FALSE, -- a move into this database is not finished
    moved  TEXT NOT NULL DEFAULT ''     -- the engine that this data was moved to
);

-- The texts of policies: the newest is in force.
CREATE TABLE policies (
    version TEXT PRIMARY KEY,
    body    BLOB NOT NULL,
    at      BIGINT NOT NULL
);

ALTER TABLE answers ADD COLUMN writer TEXT NOT NULL DEFAULT ''; -- the replica that writes it
ALTER TABLE answers ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;   -- of the conversation, when it was asked for
ALTER TABLE idempotency ADD COLUMN holder TEXT NOT NULL DEFAULT '';
DROP INDEX answers_unrecorded;
CREATE INDEX answers_unrecorded ON answers (at) WHERE NOT recorded;

ALTER TABLE citation_records ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE citation_not_searched ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
UPDATE citation_records SET ordinal = rowid;
UPDATE citation_not_searched SET ordinal = rowid;

-- By which what is a customer's is found when they are erased.
CREATE INDEX answers_conversation ON answers (conversation);
CREATE INDEX citation_words_entry ON citation_words (entry);

-- +goose Down
SELECT 'there is no way back';
