-- +goose Up
-- The clock of every decision. STABLE lets an index serve a comparison with it.
-- +goose StatementBegin
CREATE FUNCTION now_micros() RETURNS BIGINT LANGUAGE sql STABLE AS
$$ SELECT (EXTRACT(EPOCH FROM statement_timestamp()) * 1000000)::BIGINT $$;
-- +goose StatementEnd

CREATE TABLE policy (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    version TEXT COLLATE "C" NOT NULL,
    sha256  TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL
);

CREATE TABLE sites (
    id         TEXT COLLATE "C" PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    accent     TEXT COLLATE "C" NOT NULL,
    origins    TEXT COLLATE "C" NOT NULL,           -- JSON array
    secret     BYTEA NOT NULL,           -- sealed under the house's key
    server_key TEXT COLLATE "C" NOT NULL UNIQUE,    -- SHA-256
    knowledge_version BIGINT NOT NULL DEFAULT 0,
    created    BIGINT NOT NULL
);

CREATE TABLE customers (
    id      TEXT COLLATE "C" PRIMARY KEY,
    site    TEXT COLLATE "C" NOT NULL REFERENCES sites (id),
    subject TEXT COLLATE "C",                       -- keyed hash of the site's id; NULL for a visitor
    sealed  BYTEA,                       -- the site's id, under the customer's key
    epoch   BIGINT NOT NULL DEFAULT 0,
    data_version BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL,
    UNIQUE (site, subject)
);

CREATE TABLE spent_tokens (
    site    TEXT COLLATE "C" NOT NULL,
    jti     TEXT COLLATE "C" NOT NULL,              -- keyed hash
    expires BIGINT NOT NULL,
    PRIMARY KEY (site, jti)
);

CREATE TABLE staff (
    id        TEXT COLLATE "C" PRIMARY KEY,
    email     TEXT COLLATE "C" NOT NULL UNIQUE,
    name      TEXT COLLATE "C" NOT NULL,
    roles     TEXT COLLATE "C" NOT NULL,            -- JSON array
    languages TEXT COLLATE "C" NOT NULL,            -- JSON array
    password  TEXT COLLATE "C" NOT NULL,            -- argon2id
    disabled  BOOLEAN NOT NULL DEFAULT FALSE,
    created   BIGINT NOT NULL
);

CREATE TABLE api_tokens (
    hash    TEXT COLLATE "C" PRIMARY KEY,           -- SHA-256
    staff   TEXT COLLATE "C" NOT NULL REFERENCES staff (id),
    created BIGINT NOT NULL
);

CREATE TABLE sessions (
    hash     TEXT COLLATE "C" PRIMARY KEY,          -- SHA-256 of the bearer token
    id       TEXT COLLATE "C" NOT NULL,
    kind     INTEGER NOT NULL,
    site     TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL,
    staff    TEXT COLLATE "C" NOT NULL,
    gpc      BOOLEAN NOT NULL,
    csrf     TEXT COLLATE "C" NOT NULL,
    expires  BIGINT NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires);

-- The consent ledger. Rows are only ever added.
CREATE TABLE ledger (
    id             TEXT COLLATE "C" PRIMARY KEY,
    customer       TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    epoch          BIGINT NOT NULL,
    purpose        TEXT COLLATE "C" NOT NULL,
    category       TEXT COLLATE "C" NOT NULL,
    recipient      TEXT COLLATE "C" NOT NULL,
    state          TEXT COLLATE "C" NOT NULL,
    notice_id      TEXT COLLATE "C" NOT NULL,
    notice_version TEXT COLLATE "C" NOT NULL,
    notice_sha256  TEXT COLLATE "C" NOT NULL,
    language       TEXT COLLATE "C" NOT NULL,
    jurisdiction   TEXT COLLATE "C" NOT NULL,
    channel        TEXT COLLATE "C" NOT NULL,
    actor          TEXT COLLATE "C" NOT NULL,
    evidence       TEXT COLLATE "C" NOT NULL,
    conversation   TEXT COLLATE "C" NOT NULL,
    at             BIGINT NOT NULL,
    expires        BIGINT NOT NULL,     -- 0: does not expire
    deletes        BOOLEAN NOT NULL,
    policy_version TEXT COLLATE "C" NOT NULL,
    UNIQUE (customer, purpose, category, recipient, conversation, epoch)
);
CREATE INDEX ledger_due ON ledger (expires) WHERE expires > 0;

CREATE TABLE knowledge (
    site       TEXT COLLATE "C" NOT NULL REFERENCES sites (id),
    id         TEXT COLLATE "C" NOT NULL,
    visibility TEXT COLLATE "C" NOT NULL CHECK (visibility IN ('public', 'internal')),
    body       BYTEA NOT NULL,           -- JSON; company knowledge is not personal
    version    BIGINT NOT NULL,
    removed    BOOLEAN NOT NULL DEFAULT FALSE,
    at         BIGINT NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX knowledge_version ON knowledge (site, version);

CREATE TABLE records (
    site      TEXT COLLATE "C" NOT NULL REFERENCES sites (id),
    id        TEXT COLLATE "C" NOT NULL,
    customer  TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    category  TEXT COLLATE "C" NOT NULL,
    sealed    BYTEA NOT NULL,
    collected BIGINT NOT NULL,
    expires   BIGINT NOT NULL,          -- 0: by the retention of its category
    indexed   BOOLEAN NOT NULL DEFAULT FALSE,
    at        BIGINT NOT NULL,
    PRIMARY KEY (site, id)
);
CREATE INDEX records_customer ON records (customer, category, collected);

-- Terms of personal records. A row exists only while its category is granted.
CREATE TABLE passages (
    site     TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    record   TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    collected BIGINT NOT NULL,
    sealed   BYTEA NOT NULL,
    PRIMARY KEY (site, id),
    FOREIGN KEY (site, record) REFERENCES records (site, id)
);
CREATE INDEX passages_customer ON passages (customer, category);
CREATE INDEX passages_record ON passages (site, record);

CREATE TABLE conversations (
    id       TEXT COLLATE "C" PRIMARY KEY,
    site     TEXT COLLATE "C" NOT NULL REFERENCES sites (id),
    customer TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    visitor  BOOLEAN NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    reason   TEXT COLLATE "C" NOT NULL,
    assignee TEXT COLLATE "C" NOT NULL,
    language TEXT COLLATE "C" NOT NULL,
    last_seq BIGINT NOT NULL,
    unanswered INTEGER NOT NULL DEFAULT 0, -- declined answers in a row
    snoozed_until BIGINT NOT NULL DEFAULT 0,
    created  BIGINT NOT NULL,
    updated  BIGINT NOT NULL
);
CREATE INDEX conversations_customer ON conversations (customer, updated);

-- What happened in a conversation, in its one order. Messages are events too.
CREATE TABLE events (
    conversation TEXT COLLATE "C" NOT NULL REFERENCES conversations (id),
    seq          BIGINT NOT NULL,
    type         TEXT COLLATE "C" NOT NULL,
    ref          TEXT COLLATE "C" NOT NULL,         -- the message or answer
    at           BIGINT NOT NULL,
    sealed       BYTEA NOT NULL,
    PRIMARY KEY (conversation, seq)
);
CREATE INDEX events_ref ON events (ref);

CREATE TABLE answers (
    id           TEXT COLLATE "C" PRIMARY KEY,
    conversation TEXT COLLATE "C" NOT NULL REFERENCES conversations (id),
    customer     TEXT COLLATE "C" NOT NULL,
    message      TEXT COLLATE "C" NOT NULL,
    supersedes   TEXT COLLATE "C" NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,
    attempt      INTEGER NOT NULL,
    offer        TEXT COLLATE "C" NOT NULL,
    sealed       BYTEA NOT NULL,
    at           BIGINT NOT NULL,
    recorded     BOOLEAN NOT NULL DEFAULT FALSE -- whether the citation log has its end
);
CREATE INDEX answers_writing ON answers (conversation) WHERE status = 'writing';
CREATE INDEX answers_unrecorded ON answers (at) WHERE NOT recorded;
CREATE INDEX answers_supersedes ON answers (supersedes) WHERE supersedes <> '';
CREATE INDEX answers_offer ON answers (offer) WHERE offer <> '';

-- The citation log. Rows are only ever added.
CREATE TABLE citation_entries (
    position       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id             TEXT COLLATE "C" NOT NULL UNIQUE,
    kind           TEXT COLLATE "C" NOT NULL,
    opened         TEXT COLLATE "C" NOT NULL,
    answer         TEXT COLLATE "C" NOT NULL,
    attempt        INTEGER NOT NULL,
    site           TEXT COLLATE "C" NOT NULL,
    customer       TEXT COLLATE "C" NOT NULL,
    conversation   TEXT COLLATE "C" NOT NULL,
    at             BIGINT NOT NULL,
    purpose        TEXT COLLATE "C" NOT NULL,
    recipient      TEXT COLLATE "C" NOT NULL,
    model          TEXT COLLATE "C" NOT NULL,
    language       TEXT COLLATE "C" NOT NULL,
    epoch          BIGINT NOT NULL,
    policy_version TEXT COLLATE "C" NOT NULL,
    gpc            BOOLEAN NOT NULL,
    status         TEXT COLLATE "C" NOT NULL,
    sealed         BYTEA NOT NULL
);
CREATE INDEX citation_entries_answer ON citation_entries (answer, position);
CREATE INDEX citation_entries_customer ON citation_entries (customer, position);

CREATE TABLE citation_records (
    entry     TEXT COLLATE "C" NOT NULL REFERENCES citation_entries (id),
    record    TEXT COLLATE "C" NOT NULL,
    category  TEXT COLLATE "C" NOT NULL,
    recipient TEXT COLLATE "C" NOT NULL,
    grant_id  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX citation_records_entry ON citation_records (entry);
CREATE INDEX citation_records_record ON citation_records (record);

CREATE TABLE citation_not_searched (
    entry    TEXT COLLATE "C" NOT NULL REFERENCES citation_entries (id),
    category TEXT COLLATE "C" NOT NULL,
    reason   TEXT COLLATE "C" NOT NULL,
    relevant BOOLEAN NOT NULL
);
CREATE INDEX citation_not_searched_entry ON citation_not_searched (entry);

CREATE TABLE citation_words (
    word  TEXT COLLATE "C" NOT NULL,                -- keyed hash
    entry TEXT COLLATE "C" NOT NULL REFERENCES citation_entries (id),
    PRIMARY KEY (word, entry)
);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER citation_entries_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON citation_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE tickets (
    id           TEXT COLLATE "C" PRIMARY KEY,
    conversation TEXT COLLATE "C" NOT NULL REFERENCES conversations (id),
    site         TEXT COLLATE "C" NOT NULL,
    customer     TEXT COLLATE "C" NOT NULL,
    queue        TEXT COLLATE "C" NOT NULL,
    reason       TEXT COLLATE "C" NOT NULL,
    priority     INTEGER NOT NULL,
    language     TEXT COLLATE "C" NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    assignee     TEXT COLLATE "C" NOT NULL,
    waiting_since BIGINT NOT NULL,
    closed       BIGINT NOT NULL
);
CREATE UNIQUE INDEX tickets_one ON tickets (conversation) WHERE state <> 'closed';
CREATE INDEX tickets_queue ON tickets (state, priority, waiting_since);

-- What must reach the other parts, written with what it tells of.
CREATE TABLE outbox (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message  TEXT COLLATE "C" NOT NULL UNIQUE,
    subject  TEXT COLLATE "C" NOT NULL,
    payload  BYTEA NOT NULL,
    at       BIGINT NOT NULL
);

CREATE TABLE idempotency (
    key     TEXT COLLATE "C" PRIMARY KEY,           -- keyed hash of principal, route and key
    body    TEXT COLLATE "C" NOT NULL,              -- keyed hash
    customer TEXT COLLATE "C" NOT NULL,
    status  INTEGER NOT NULL,           -- 0 while in flight
    sealed  BYTEA,
    expires BIGINT NOT NULL
);
CREATE INDEX idempotency_expires ON idempotency (expires);

CREATE TABLE ratings (
    subject  TEXT COLLATE "C" PRIMARY KEY,          -- a conversation or an answer
    customer TEXT COLLATE "C" NOT NULL,
    score    INTEGER NOT NULL,
    sealed   BYTEA NOT NULL,
    at       BIGINT NOT NULL
);

-- +goose Down
SELECT 'the first version has nothing to go back to';
