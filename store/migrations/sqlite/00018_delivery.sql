-- +goose Up
-- The address that a customer left for one conversation.
CREATE TABLE contacts (
    conversation TEXT PRIMARY KEY REFERENCES conversations (id),
    customer     TEXT NOT NULL,
    at           BIGINT NOT NULL,
    sealed       BLOB NOT NULL         -- under the customer's key
);
CREATE INDEX contacts_customer ON contacts (customer);

-- The first message of a person that the customer has not read, and whether they were
-- told of it since they were here last.
ALTER TABLE conversations ADD COLUMN unread_seq BIGINT NOT NULL DEFAULT 0; -- 0: none
ALTER TABLE conversations ADD COLUMN unread_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN unread_told INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conversations_unread ON conversations (unread_at) WHERE unread_seq > customer_read AND NOT unread_told;

CREATE TABLE webhooks (
    name     TEXT PRIMARY KEY,
    url      BLOB NOT NULL,            -- sealed under the house's key: some hold a credential
    events   TEXT NOT NULL,            -- JSON array
    words    INTEGER NOT NULL,         -- whether it gets texts whose customers allow that
    secret   BLOB NOT NULL,            -- sealed under the house's key
    failing  BIGINT NOT NULL,          -- since when nothing came through; 0: the last one did
    disabled BIGINT NOT NULL,          -- since when; 0: it is not
    why      TEXT NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT NOT NULL
);

-- What is to be delivered outside, and what came of it. No words of anybody.
CREATE TABLE deliveries (
    id           TEXT NOT NULL,
    target       TEXT NOT NULL,        -- mail, or a webhook's recipient
    kind         TEXT NOT NULL,
    event        TEXT NOT NULL,
    conversation TEXT NOT NULL,
    customer     TEXT NOT NULL,        -- whom a mail is for; empty: no customer
    staff        TEXT NOT NULL,
    body         BLOB,                 -- the event, or sealed under the house's key what a link needs; NULL: nothing, or it is over
    status       TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    next         BIGINT NOT NULL,      -- when it is tried; 0: no more
    code         INTEGER NOT NULL,
    why          TEXT NOT NULL,
    at           BIGINT NOT NULL,
    done         BIGINT NOT NULL,
    PRIMARY KEY (id, target)
);
CREATE INDEX deliveries_due ON deliveries (target, next) WHERE next > 0;
CREATE INDEX deliveries_log ON deliveries (target, at);
CREATE INDEX deliveries_done ON deliveries (done) WHERE done > 0;
CREATE INDEX deliveries_customer ON deliveries (customer);

-- Links with which staff set a password, each once.
CREATE TABLE staff_tokens (
    hash    TEXT PRIMARY KEY,          -- SHA-256
    staff   TEXT NOT NULL REFERENCES staff (id),
    kind    TEXT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX staff_tokens_staff ON staff_tokens (staff);

-- Who did what to an account, in its order.
CREATE TABLE staff_events (
    staff   TEXT NOT NULL REFERENCES staff (id),
    ordinal INTEGER NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    detail  TEXT NOT NULL,             -- such as the roles
    PRIMARY KEY (staff, ordinal)
);
-- +goose StatementBegin
CREATE TRIGGER staff_events_no_update BEFORE UPDATE ON staff_events
BEGIN SELECT RAISE(ABORT, 'the history of accounts is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER staff_events_no_delete BEFORE DELETE ON staff_events
BEGIN SELECT RAISE(ABORT, 'the history of accounts is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER staff_events_no_replace BEFORE INSERT ON staff_events
WHEN EXISTS (SELECT 1 FROM staff_events WHERE staff = NEW.staff AND ordinal = NEW.ordinal)
BEGIN SELECT RAISE(ABORT, 'the history of accounts is append-only'); END;
-- +goose StatementEnd

-- +goose Down
SELECT 'there is no way back';
