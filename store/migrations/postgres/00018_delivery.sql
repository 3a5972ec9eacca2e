-- +goose Up
-- The address that a customer left for one conversation.
CREATE TABLE contacts (
    conversation TEXT COLLATE "C" PRIMARY KEY REFERENCES conversations (id),
    customer     TEXT COLLATE "C" NOT NULL,
    at           BIGINT NOT NULL,
    sealed       BYTEA NOT NULL         -- under the customer's key
);
CREATE INDEX contacts_customer ON contacts (customer);

-- The first message of a person that the customer has not read, and whether they were
-- told of it since they were here last.
ALTER TABLE conversations ADD COLUMN unread_seq BIGINT NOT NULL DEFAULT 0; -- 0: none
ALTER TABLE conversations ADD COLUMN unread_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN unread_told BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX conversations_unread ON conversations (unread_at) WHERE unread_seq > customer_read AND NOT unread_told;

CREATE TABLE webhooks (
    name     TEXT COLLATE "C" PRIMARY KEY,
    url      BYTEA NOT NULL,            -- sealed under the house's key: some hold a credential
    events   TEXT COLLATE "C" NOT NULL,            -- JSON array
    words    BOOLEAN NOT NULL,         -- whether it gets texts whose customers allow that
    secret   BYTEA NOT NULL,            -- sealed under the house's key
    failing  BIGINT NOT NULL,          -- since when nothing came through; 0: the last one did
    disabled BIGINT NOT NULL,          -- since when; 0: it is not
    why      TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT COLLATE "C" NOT NULL
);

-- What is to be delivered outside, and what came of it. No words of anybody.
CREATE TABLE deliveries (
    id           TEXT COLLATE "C" NOT NULL,
    target       TEXT COLLATE "C" NOT NULL,        -- mail, or a webhook's recipient
    kind         TEXT COLLATE "C" NOT NULL,
    event        TEXT COLLATE "C" NOT NULL,
    conversation TEXT COLLATE "C" NOT NULL,
    customer     TEXT COLLATE "C" NOT NULL,        -- whom a mail is for; empty: no customer
    staff        TEXT COLLATE "C" NOT NULL,
    body         BYTEA,                 -- the event, or sealed under the house's key what a link needs; NULL: nothing, or it is over
    status       TEXT COLLATE "C" NOT NULL,
    attempts     INTEGER NOT NULL,
    next         BIGINT NOT NULL,      -- when it is tried; 0: no more
    code         INTEGER NOT NULL,
    why          TEXT COLLATE "C" NOT NULL,
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
    hash    TEXT COLLATE "C" PRIMARY KEY,          -- SHA-256
    staff   TEXT COLLATE "C" NOT NULL REFERENCES staff (id),
    kind    TEXT COLLATE "C" NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX staff_tokens_staff ON staff_tokens (staff);

-- Who did what to an account, in its order.
CREATE TABLE staff_events (
    staff   TEXT COLLATE "C" NOT NULL REFERENCES staff (id),
    ordinal INTEGER NOT NULL,
    at      BIGINT NOT NULL,
    actor   TEXT COLLATE "C" NOT NULL,
    action  TEXT COLLATE "C" NOT NULL,
    detail  TEXT COLLATE "C" NOT NULL,             -- such as the roles
    PRIMARY KEY (staff, ordinal)
);
CREATE TRIGGER staff_events_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON staff_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
SELECT 'there is no way back';
