-- +goose Up
-- Who saw what of a customer's data. What they saw it in is sealed.
CREATE TABLE accesses (
    id           TEXT COLLATE "C" PRIMARY KEY,      -- keyed hash: the same look within an hour is one
    at           BIGINT NOT NULL,
    site         TEXT COLLATE "C" NOT NULL,
    customer     TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    actor        TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    conversation TEXT COLLATE "C" NOT NULL,
    answer       TEXT COLLATE "C" NOT NULL,
    purpose      TEXT COLLATE "C" NOT NULL,
    reason       TEXT COLLATE "C" NOT NULL,
    categories   TEXT COLLATE "C" NOT NULL,         -- JSON array
    sealed       BYTEA NOT NULL          -- the records
);
CREATE INDEX accesses_customer ON accesses (customer, at, id);

-- The opened entries of the log are the uses of answers.
CREATE INDEX citation_entries_uses ON citation_entries (customer, at, id) WHERE kind = 'opened';

-- By which all that is held about a customer is read, a page at a time.
CREATE INDEX records_held ON records (customer, collected DESC, id);

-- What a customer takes with them, until it expires.
CREATE TABLE exports (
    id       TEXT COLLATE "C" PRIMARY KEY,
    customer TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    status   TEXT COLLATE "C" NOT NULL,
    holder   TEXT COLLATE "C" NOT NULL,             -- the replica that makes it
    done     BIGINT NOT NULL,
    total    BIGINT NOT NULL,
    size     BIGINT NOT NULL,           -- bytes
    parts    BIGINT NOT NULL,
    touched  BIGINT NOT NULL,           -- when its maker last said that it goes on
    at       BIGINT NOT NULL,
    expires  BIGINT NOT NULL
);
CREATE UNIQUE INDEX exports_one ON exports (customer) WHERE status = 'running';
CREATE INDEX exports_customer ON exports (customer);
CREATE INDEX exports_expires ON exports (expires);

CREATE TABLE export_parts (
    export TEXT COLLATE "C" NOT NULL REFERENCES exports (id),
    part   BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (export, part)
);

-- +goose Down
SELECT 'there is no way back';
