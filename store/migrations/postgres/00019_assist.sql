-- +goose Up
-- Drafts for people at the desk. What one says goes when it is settled.
CREATE TABLE suggestions (
    id           TEXT COLLATE "C" PRIMARY KEY,
    conversation TEXT COLLATE "C" NOT NULL REFERENCES conversations (id),
    customer     TEXT COLLATE "C" NOT NULL,
    staff        TEXT COLLATE "C" NOT NULL,           -- for whom it was written
    at           BIGINT NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,           -- as an answer's
    outcome      TEXT COLLATE "C" NOT NULL DEFAULT '', -- used, edited or ignored; empty: it stands
    message      TEXT COLLATE "C" NOT NULL DEFAULT '', -- that it became
    settled      BIGINT NOT NULL DEFAULT 0,
    sealed       BYTEA                    -- under the customer's key; NULL: it is settled
);
CREATE INDEX suggestions_conversation ON suggestions (conversation, at);
CREATE INDEX suggestions_customer ON suggestions (customer);
CREATE INDEX suggestions_outcome ON suggestions (outcome);

-- What a language model made of conversations, until they go on.
CREATE TABLE summaries (
    conversation TEXT COLLATE "C" NOT NULL REFERENCES conversations (id),
    customer     TEXT COLLATE "C" NOT NULL,
    seq          BIGINT NOT NULL,         -- the last that it is of
    reader       TEXT COLLATE "C" NOT NULL,           -- the recipient that it is for
    at           BIGINT NOT NULL,
    sealed       BYTEA NOT NULL,          -- under the customer's key
    PRIMARY KEY (conversation, reader)
);
CREATE INDEX summaries_customer ON summaries (customer);

-- Replies that the company has ready. The body is JSON (agents.Canned).
CREATE TABLE canned (
    id    TEXT COLLATE "C" PRIMARY KEY,
    body  TEXT COLLATE "C" NOT NULL,
    at    BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL                   -- who changed it last; empty: it is as it came
);

-- +goose Down
SELECT 'there is no way back';
