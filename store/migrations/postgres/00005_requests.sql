-- +goose Up
-- What customers ask about their data, and by when it is to be answered. The rows
-- outlive their customer, without what was said.
CREATE TABLE requests (
    id           TEXT COLLATE "C" PRIMARY KEY,
    site         TEXT COLLATE "C" NOT NULL REFERENCES sites (id),
    customer     TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,
    jurisdiction TEXT COLLATE "C" NOT NULL,
    record       TEXT COLLATE "C" NOT NULL,      -- that is said to be wrong; empty: none
    conversation TEXT COLLATE "C" NOT NULL,
    sealed       BYTEA,                   -- the customer's words; NULL: none, or erased
    at           BIGINT NOT NULL,
    due          BIGINT NOT NULL,
    closed       BIGINT NOT NULL       -- 0: it is open
);
CREATE INDEX requests_customer ON requests (customer);
CREATE INDEX requests_open ON requests (kind, due) WHERE closed = 0;
CREATE INDEX requests_closed ON requests (closed) WHERE closed > 0;
-- The most urgent first, then what was closed, the latest first.
CREATE INDEX requests_rank ON requests ((CASE WHEN closed = 0 THEN due ELSE 4000000000000000000 - closed END), id);
-- A record has one open dispute. While it has one, it is not used.
CREATE UNIQUE INDEX requests_disputed ON requests (site, record) WHERE closed = 0 AND record <> '';

-- Who did what to a request, in its order.
CREATE TABLE request_events (
    request      TEXT COLLATE "C" NOT NULL REFERENCES requests (id),
    ordinal      INTEGER NOT NULL,
    at           BIGINT NOT NULL,
    actor        TEXT COLLATE "C" NOT NULL,
    action       TEXT COLLATE "C" NOT NULL,
    for_customer BOOLEAN NOT NULL,
    outcome      TEXT COLLATE "C" NOT NULL,
    sealed       BYTEA,                   -- the note; NULL: none, or erased
    PRIMARY KEY (request, ordinal)
);

-- Whether the customer made the record themself.
ALTER TABLE records ADD COLUMN own BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
SELECT 'there is no way back';
