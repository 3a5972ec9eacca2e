-- +goose Up
-- Files that are sent in conversations. They are uploaded first, and belong to no
-- message until one names them.
CREATE TABLE attachments (
    id           TEXT COLLATE "C" PRIMARY KEY,
    conversation TEXT COLLATE "C" NOT NULL REFERENCES conversations (id),
    customer     TEXT COLLATE "C" NOT NULL,
    message      TEXT COLLATE "C" NOT NULL,       -- that it is sent with; empty: none yet
    author       TEXT COLLATE "C" NOT NULL,       -- customer or agent
    staff        TEXT COLLATE "C" NOT NULL,       -- the agent
    size         BIGINT NOT NULL,     -- in bytes
    pieces       INTEGER NOT NULL,    -- that it is kept in; 0: it is still being uploaded
    at           BIGINT NOT NULL,
    sealed       BYTEA NOT NULL        -- JSON under the customer's key: its name, type and extent
);
CREATE INDEX attachments_conversation ON attachments (conversation);
CREATE INDEX attachments_customer ON attachments (customer, at);
CREATE INDEX attachments_loose ON attachments (at) WHERE message = '';

CREATE TABLE attachment_pieces (
    attachment TEXT COLLATE "C" NOT NULL REFERENCES attachments (id),
    piece      INTEGER NOT NULL,      -- from 0
    sealed     BYTEA NOT NULL,         -- under the customer's key
    PRIMARY KEY (attachment, piece)
);

-- +goose Down
SELECT 'there is no way back';
