-- +goose Up
-- The answer that a customer complains about, and of what kind the complaint is: both
-- empty where it is about no answer. An answer has one open complaint.
ALTER TABLE requests ADD COLUMN answer TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE requests ADD COLUMN complaint TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE UNIQUE INDEX requests_complained ON requests (answer) WHERE closed = 0 AND answer <> '';
CREATE INDEX requests_answer ON requests (answer) WHERE answer <> '';

-- Sources that no search returns until somebody shows them again. The rows are who did
-- what when, and outlive what they name.
CREATE TABLE hidden (
    id       TEXT COLLATE "C" PRIMARY KEY,
    site     TEXT COLLATE "C" NOT NULL REFERENCES sites (id),
    record   TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL,           -- whose it is; empty: the company's
    at       BIGINT NOT NULL,
    actor    TEXT COLLATE "C" NOT NULL,
    sealed   BYTEA,                    -- why, under the customer's key or the house's; NULL: no word
    shown    BIGINT NOT NULL DEFAULT 0,   -- when it was shown again; 0: it is hidden
    shown_by TEXT COLLATE "C" NOT NULL DEFAULT '',
    reason   BYTEA                     -- why it was shown again, sealed as the other
);
CREATE UNIQUE INDEX hidden_now ON hidden (site, record, customer) WHERE shown = 0;
CREATE INDEX hidden_at ON hidden (at, id);
CREATE INDEX hidden_customer ON hidden (customer) WHERE customer <> '';

-- Corrections of the company, and the conversations that each of them is for.
CREATE TABLE corrections (
    id       TEXT COLLATE "C" PRIMARY KEY,
    site     TEXT COLLATE "C" NOT NULL REFERENCES sites (id),
    customer TEXT COLLATE "C" NOT NULL,           -- whom alone it is about; empty: nobody, or several
    record   TEXT COLLATE "C" NOT NULL,           -- the source whose uses are corrected; empty: answers were named
    language TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT COLLATE "C" NOT NULL,
    talks    BIGINT NOT NULL,         -- how many conversations there were
    sealed   BYTEA NOT NULL            -- what it says, under the customer's key or the house's
);
CREATE INDEX corrections_at ON corrections (at, id);
CREATE TABLE corrected (
    correction   TEXT COLLATE "C" NOT NULL REFERENCES corrections (id),
    conversation TEXT COLLATE "C" NOT NULL,
    customer     TEXT COLLATE "C" NOT NULL,
    sent         BIGINT NOT NULL DEFAULT 0, -- when; 0: not yet; -1: the conversation was gone
    PRIMARY KEY (correction, conversation)
);
CREATE INDEX corrected_next ON corrected (correction, conversation) WHERE sent = 0;
CREATE INDEX corrected_customer ON corrected (customer);

-- What went wrong with somebody's data, and whom the company told. What people wrote is
-- sealed under the house's key.
CREATE TABLE incidents (
    id           TEXT COLLATE "C" PRIMARY KEY,
    site         TEXT COLLATE "C" NOT NULL,           -- empty: all of them
    kind         TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,
    jurisdiction TEXT COLLATE "C" NOT NULL,
    found        BIGINT NOT NULL,
    answers      BIGINT NOT NULL,         -- how many are affected
    customers    BIGINT NOT NULL,
    authority    BIGINT NOT NULL,         -- when it was told; 0: it was not
    told         BIGINT NOT NULL,         -- when the customers were
    closed       BIGINT NOT NULL,         -- 0: it is open
    title        BYTEA NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX incidents_found ON incidents (found, id);

-- Who did what to an incident, in its order.
CREATE TABLE incident_events (
    incident  TEXT COLLATE "C" NOT NULL REFERENCES incidents (id),
    ordinal   INTEGER NOT NULL,
    at        BIGINT NOT NULL,
    actor     TEXT COLLATE "C" NOT NULL,
    changes   TEXT COLLATE "C" NOT NULL,              -- JSON: what it set; no words of anybody
    note      BYTEA,                       -- NULL: none
    PRIMARY KEY (incident, ordinal)
);
CREATE TRIGGER incident_events_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
SELECT 'there is no way back';
