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
    at      BIGINT NOT NULL,
    followed BOOLEAN NOT NULL DEFAULT FALSE -- whether what it suspends is out of the index
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

CREATE INDEX tickets_conversation ON tickets (conversation);
CREATE INDEX tickets_closed ON tickets (closed);

-- By which what is a customer's is found when they are erased.
CREATE INDEX answers_conversation ON answers (conversation);
CREATE INDEX citation_words_entry ON citation_words (entry);

-- REPLACE INTO removes what it replaces without asking the triggers for that.
-- +goose StatementBegin
CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger WHERE id = NEW.id OR customer = NEW.customer AND purpose = NEW.purpose
    AND category = NEW.category AND recipient = NEW.recipient AND conversation = NEW.conversation AND epoch = NEW.epoch)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER citation_entries_no_replace BEFORE INSERT ON citation_entries
WHEN EXISTS (SELECT 1 FROM citation_entries WHERE id = NEW.id OR position = NEW.position)
BEGIN SELECT RAISE(ABORT, 'the citation log is append-only'); END;
-- +goose StatementEnd

-- +goose Down
SELECT 'there is no way back';
