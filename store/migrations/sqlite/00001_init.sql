-- +goose Up
CREATE TABLE policy (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    at      BIGINT NOT NULL
);

CREATE TABLE sites (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    accent     TEXT NOT NULL,
    origins    TEXT NOT NULL,           -- JSON array
    secret     BLOB NOT NULL,           -- sealed under the house's key
    server_key TEXT NOT NULL UNIQUE,    -- SHA-256
    knowledge_version BIGINT NOT NULL DEFAULT 0,
    created    BIGINT NOT NULL
);

CREATE TABLE customers (
    id      TEXT PRIMARY KEY,
    site    TEXT NOT NULL REFERENCES sites (id),
    subject TEXT,                       -- keyed hash of the site's id; NULL for a visitor
    sealed  BLOB,                       -- the site's id, under the customer's key
    epoch   BIGINT NOT NULL DEFAULT 0,
    data_version BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL,
    UNIQUE (site, subject)
);

CREATE TABLE spent_tokens (
    site    TEXT NOT NULL,
    jti     TEXT NOT NULL,              -- keyed hash
    expires BIGINT NOT NULL,
    PRIMARY KEY (site, jti)
);

CREATE TABLE staff (
    id        TEXT PRIMARY KEY,
    email     TEXT NOT NULL UNIQUE,
    name      TEXT NOT NULL,
    roles     TEXT NOT NULL,            -- JSON array
    languages TEXT NOT NULL,            -- JSON array
    password  TEXT NOT NULL,            -- argon2id
    disabled  INTEGER NOT NULL DEFAULT 0,
    created   BIGINT NOT NULL
);

CREATE TABLE api_tokens (
    hash    TEXT PRIMARY KEY,           -- SHA-256
    staff   TEXT NOT NULL REFERENCES staff (id),
    created BIGINT NOT NULL
);

CREATE TABLE sessions (
    hash     TEXT PRIMARY KEY,          -- SHA-256 of the bearer token
    id       TEXT NOT NULL,
    kind     INTEGER NOT NULL,
    site     TEXT NOT NULL,
    customer TEXT NOT NULL,
    staff    TEXT NOT NULL,
    gpc      INTEGER NOT NULL,
    csrf     TEXT NOT NULL,
    expires  BIGINT NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires);

-- The consent ledger. Rows are only ever added.
CREATE TABLE ledger (
    id             TEXT PRIMARY KEY,
    customer       TEXT NOT NULL REFERENCES customers (id),
    epoch          BIGINT NOT NULL,
    purpose        TEXT NOT NULL,
    category       TEXT NOT NULL,
    recipient      TEXT NOT NULL,
    state          TEXT NOT NULL,
    notice_id      TEXT NOT NULL,
    notice_version TEXT NOT NULL,
    notice_sha256  TEXT NOT NULL,
    language       TEXT NOT NULL,
    jurisdiction   TEXT NOT NULL,
    channel        TEXT NOT NULL,
    actor          TEXT NOT NULL,
    evidence       TEXT NOT NULL,
    conversation   TEXT NOT NULL,
    at             BIGINT NOT NULL,
    expires        BIGINT NOT NULL,     -- 0: does not expire
    deletes        INTEGER NOT NULL,
    policy_version TEXT NOT NULL,
    UNIQUE (customer, purpose, category, recipient, conversation, epoch)
);
CREATE INDEX ledger_due ON ledger (expires) WHERE expires > 0;

CREATE TABLE knowledge (
    site       TEXT NOT NULL REFERENCES sites (id),
    id         TEXT NOT NULL,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'internal')),
    body       BLOB NOT NULL,           -- JSON; company knowledge is not personal
    version    BIGINT NOT NULL,
    removed    INTEGER NOT NULL DEFAULT 0,
    at         BIGINT NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX knowledge_version ON knowledge (site, version);

CREATE TABLE records (
    site      TEXT NOT NULL REFERENCES sites (id),
    id        TEXT NOT NULL,
    customer  TEXT NOT NULL REFERENCES customers (id),
    category  TEXT NOT NULL,
    sealed    BLOB NOT NULL,
    collected BIGINT NOT NULL,
    expires   BIGINT NOT NULL,          -- 0: by the retention of its category
    indexed   INTEGER NOT NULL DEFAULT 0,
    at        BIGINT NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX records_customer ON records (customer, category, collected);

-- Terms of personal records. A row exists only while its category is granted.
CREATE TABLE passages (
    site     TEXT NOT NULL,
    id       TEXT NOT NULL,
    record   TEXT NOT NULL,
    customer TEXT NOT NULL,
    category TEXT NOT NULL,
    collected BIGINT NOT NULL,
    sealed   BLOB NOT NULL,
    PRIMARY KEY (site, id),
    FOREIGN KEY (site, record) REFERENCES records (site, id)
);
CREATE INDEX passages_customer ON passages (customer, category);
CREATE INDEX passages_record ON passages (site, record);

CREATE TABLE conversations (
    id       TEXT PRIMARY KEY,
    site     TEXT NOT NULL REFERENCES sites (id),
    customer TEXT NOT NULL REFERENCES customers (id),
    visitor  INTEGER NOT NULL,
    state    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    assignee TEXT NOT NULL,
    language TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    unanswered INTEGER NOT NULL DEFAULT 0, -- declined answers in a row
    snoozed_until BIGINT NOT NULL DEFAULT 0,
    created  BIGINT NOT NULL,
    updated  BIGINT NOT NULL
);
CREATE INDEX conversations_customer ON conversations (customer, updated);

-- What happened in a conversation, in its one order. Messages are events too.
CREATE TABLE events (
    conversation TEXT NOT NULL REFERENCES conversations (id),
    seq          BIGINT NOT NULL,
    type         TEXT NOT NULL,
    ref          TEXT NOT NULL,         -- the message or answer
    at           BIGINT NOT NULL,
    sealed       BLOB NOT NULL,
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX events_ref ON events (ref);

CREATE TABLE answers (
    id           TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    customer     TEXT NOT NULL,
    message      TEXT NOT NULL,
    supersedes   TEXT NOT NULL,
    status       TEXT NOT NULL,
    attempt      INTEGER NOT NULL,
    offer        TEXT NOT NULL,
    sealed       BLOB NOT NULL,
    at           BIGINT NOT NULL,
    recorded     INTEGER NOT NULL DEFAULT 0 -- whether the citation log has its end
);
CREATE INDEX answers_writing ON answers (conversation) WHERE status = 'writing';
CREATE INDEX answers_unrecorded ON answers (at) WHERE recorded = 0;
CREATE INDEX answers_supersedes ON answers (supersedes) WHERE supersedes <> '';
CREATE INDEX answers_offer ON answers (offer) WHERE offer <> '';

-- The citation log. Rows are only ever added.
CREATE TABLE citation_entries (
    position       INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT NOT NULL UNIQUE,
    kind           TEXT NOT NULL,
    opened         TEXT NOT NULL,
    answer         TEXT NOT NULL,
    attempt        INTEGER NOT NULL,
    site           TEXT NOT NULL,
    customer       TEXT NOT NULL,
    conversation   TEXT NOT NULL,
    at             BIGINT NOT NULL,
    purpose        TEXT NOT NULL,
    recipient      TEXT NOT NULL,
    model          TEXT NOT NULL,
    language       TEXT NOT NULL,
    epoch          BIGINT NOT NULL,
    policy_version TEXT NOT NULL,
    gpc            INTEGER NOT NULL,
    status         TEXT NOT NULL,
    sealed         BLOB NOT NULL
);
CREATE INDEX citation_entries_answer ON citation_entries (answer, position);
CREATE INDEX citation_entries_customer ON citation_entries (customer, position);

CREATE TABLE citation_records (
    entry     TEXT NOT NULL REFERENCES citation_entries (id),
    record    TEXT NOT NULL,
    category  TEXT NOT NULL,
    recipient TEXT NOT NULL,
    grant_id  TEXT NOT NULL
);
CREATE INDEX citation_records_entry ON citation_records (entry);
CREATE INDEX citation_records_record ON citation_records (record);

CREATE TABLE citation_not_searched (
    entry    TEXT NOT NULL REFERENCES citation_entries (id),
    category TEXT NOT NULL,
    reason   TEXT NOT NULL,
    relevant INTEGER NOT NULL
);
CREATE INDEX citation_not_searched_entry ON citation_not_searched (entry);

CREATE TABLE citation_words (
    word  TEXT NOT NULL,                -- keyed hash
    entry TEXT NOT NULL REFERENCES citation_entries (id),
    PRIMARY KEY (word, entry)
) WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER citation_entries_no_update BEFORE UPDATE ON citation_entries
BEGIN SELECT RAISE(ABORT, 'the citation log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER citation_entries_no_delete BEFORE DELETE ON citation_entries
BEGIN SELECT RAISE(ABORT, 'the citation log is append-only'); END;
-- +goose StatementEnd

CREATE TABLE tickets (
    id           TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    site         TEXT NOT NULL,
    customer     TEXT NOT NULL,
    queue        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    priority     INTEGER NOT NULL,
    language     TEXT NOT NULL,
    state        TEXT NOT NULL,
    assignee     TEXT NOT NULL,
    waiting_since BIGINT NOT NULL,
    closed       BIGINT NOT NULL
);
CREATE UNIQUE INDEX tickets_one ON tickets (conversation) WHERE state <> 'closed';
CREATE INDEX tickets_queue ON tickets (state, priority, waiting_since);

-- What must reach the other parts, written with what it tells of.
CREATE TABLE outbox (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    message  TEXT NOT NULL UNIQUE,
    subject  TEXT NOT NULL,
    payload  BLOB NOT NULL,
    at       BIGINT NOT NULL
);

CREATE TABLE idempotency (
    key     TEXT PRIMARY KEY,           -- keyed hash of principal, route and key
    body    TEXT NOT NULL,              -- keyed hash
    customer TEXT NOT NULL,
    status  INTEGER NOT NULL,           -- 0 while in flight
    sealed  BLOB,
    expires BIGINT NOT NULL
);
CREATE INDEX idempotency_expires ON idempotency (expires);

CREATE TABLE ratings (
    subject  TEXT PRIMARY KEY,          -- a conversation or an answer
    customer TEXT NOT NULL,
    score    INTEGER NOT NULL,
    sealed   BLOB NOT NULL,
    at       BIGINT NOT NULL
);

-- +goose Down
SELECT 'the first version has nothing to go back to';
