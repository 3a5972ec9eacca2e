-- +goose Up
-- What one replica at a time may do, and which replicas are there.
CREATE TABLE leases (
    name   TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,
    until  BIGINT NOT NULL
);

-- A row for each commit, by which it is known after its connection was lost.
CREATE TABLE commits (
    id TEXT COLLATE "C" PRIMARY KEY,
    at BIGINT NOT NULL
);
CREATE INDEX commits_at ON commits (at);

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
    at      BIGINT NOT NULL,
    followed BOOLEAN NOT NULL DEFAULT FALSE -- whether what it suspends is out of the index
);

ALTER TABLE answers ADD COLUMN writer TEXT COLLATE "C" NOT NULL DEFAULT ''; -- the replica that writes it
ALTER TABLE answers ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;   -- of the conversation, when it was asked for
ALTER TABLE idempotency ADD COLUMN holder TEXT COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE citation_records ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE citation_not_searched ADD COLUMN ordinal INTEGER NOT NULL DEFAULT 0;

CREATE INDEX tickets_conversation ON tickets (conversation);
CREATE INDEX tickets_closed ON tickets (closed);

-- By which what is a customer's is found when they are erased.
CREATE INDEX answers_conversation ON answers (conversation);
CREATE INDEX citation_words_entry ON citation_words (entry);

-- +goose Down
SELECT 'there is no way back';
