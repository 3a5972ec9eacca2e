-- +goose Up
-- Files that are sent in conversations. They are uploaded first, and belong to no
-- message until one names them.
CREATE TABLE attachments (
    id           TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    customer     TEXT NOT NULL,
    message      TEXT NOT NULL,       -- that it is sent with; empty: none yet
    author       TEXT NOT NULL,       -- customer or agent
    staff        TEXT NOT NULL,       -- the agent
    size         BIGINT NOT NULL,     -- in bytes
    pieces       INTEGER NOT NULL,    -- that it is kept in; 0: it is still being uploaded
    at           BIGINT NOT NULL,
    sealed       BLOB NOT NULL        -- JSON under the customer's key: its name, type and extent
);
CREATE INDEX attachments_conversation ON attachments (conversation);
CREATE INDEX attachments_customer ON attachments (customer, at);
CREATE INDEX attachments_loose ON attachments (at) WHERE message = '';

CREATE TABLE attachment_pieces (
    attachment TEXT NOT NULL REFERENCES attachments (id),
    piece      INTEGER NOT NULL,      -- from 0
    sealed     BLOB NOT NULL,         -- under the customer's key
    PRIMARY KEY (attachment, piece)
);

-- +goose Down
SELECT 'there is no way back';
