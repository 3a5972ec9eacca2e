-- +goose Up
-- Where tickets wait. The body is JSON (agents.Queue).
CREATE TABLE queues (
    name TEXT PRIMARY KEY,
    rank INTEGER NOT NULL,            -- the order in which they are tried
    body TEXT NOT NULL,
    at   BIGINT NOT NULL,
    actor TEXT NOT NULL               -- who changed it last; empty: it is as it came
);
INSERT INTO queues (name, rank, body, at, actor) VALUES ('support', 1000000, '{"name":"support","title":"Support","order":1000000,"priority":1,"reserve":"30s","quiet":"24h","reopen":"72h"}', 0, '');

-- What each member of staff serves. Without a row: every queue and language, as the
-- default capacity is.
CREATE TABLE seats (
    staff     TEXT PRIMARY KEY REFERENCES staff (id),
    queues    TEXT NOT NULL,          -- JSON array; none: all
    skills    TEXT NOT NULL,          -- JSON array
    languages TEXT NOT NULL,          -- JSON array; none: all
    capacity  INTEGER NOT NULL,
    given     BIGINT NOT NULL DEFAULT 0, -- when a ticket was reserved for them last
    lapsed    INTEGER NOT NULL DEFAULT 0, -- how many in a row they let lapse
    at        BIGINT NOT NULL
);

-- Whose desk a member of staff works at, as the policy names it: empty is the company's
-- own (human_agents).
ALTER TABLE staff ADD COLUMN recipient TEXT NOT NULL DEFAULT '';
-- Who something was shown to, where it was an outside desk.
ALTER TABLE accesses ADD COLUMN recipient TEXT NOT NULL DEFAULT '';

ALTER TABLE tickets ADD COLUMN topic TEXT NOT NULL DEFAULT '';       -- of the policy, that it came for
ALTER TABLE tickets ADD COLUMN skills TEXT NOT NULL DEFAULT '[]';    -- JSON array, that its agent needs
ALTER TABLE tickets ADD COLUMN opened BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN first_reply BIGINT NOT NULL DEFAULT 0; -- 0: none yet
ALTER TABLE tickets ADD COLUMN asked BIGINT NOT NULL DEFAULT 0;       -- since when the customer waits for a reply; 0: they do not
ALTER TABLE tickets ADD COLUMN due BIGINT NOT NULL DEFAULT 0;         -- when the next target passes; 0: none
ALTER TABLE tickets ADD COLUMN due_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN escalated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN last_owner TEXT NOT NULL DEFAULT '';   -- who is asked first
ALTER TABLE tickets ADD COLUMN reserved TEXT NOT NULL DEFAULT '';     -- for whom
ALTER TABLE tickets ADD COLUMN reserved_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN outcome TEXT NOT NULL DEFAULT '';      -- of a closed one: resolved, confirmed, returned, went_quiet, erased
UPDATE tickets SET opened = waiting_since, asked = CASE WHEN state = 'waiting' THEN waiting_since ELSE 0 END;
CREATE INDEX tickets_place ON tickets (queue, state, priority, waiting_since, id);
CREATE INDEX tickets_due ON tickets (due) WHERE due > 0 AND state <> 'closed';
CREATE INDEX tickets_reserved ON tickets (reserved_until) WHERE reserved <> '';
CREATE INDEX tickets_opened ON tickets (opened);
CREATE INDEX tickets_owner ON tickets (assignee) WHERE state <> 'closed';

-- What happened to tickets. No words of anybody.
CREATE TABLE ticket_events (
    ticket  TEXT NOT NULL REFERENCES tickets (id),
    ordinal INTEGER NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    actor   TEXT NOT NULL,            -- who did it; empty: Candor
    queue   TEXT NOT NULL,            -- the ticket's, after it
    detail  TEXT NOT NULL,            -- by its kind: another queue, an agent, a target
    PRIMARY KEY (ticket, ordinal)
);
CREATE INDEX ticket_events_at ON ticket_events (at);

-- What people at the desk tell each other about a conversation.
CREATE TABLE notes (
    id           TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    customer     TEXT NOT NULL,
    staff        TEXT NOT NULL,
    at           BIGINT NOT NULL,
    sealed       BLOB NOT NULL        -- under the customer's key
);
CREATE INDEX notes_conversation ON notes (conversation, at);
CREATE INDEX notes_customer ON notes (customer);

ALTER TABLE conversations ADD COLUMN last_owner TEXT NOT NULL DEFAULT ''; -- the person who had it last
ALTER TABLE conversations ADD COLUMN resolved BIGINT NOT NULL DEFAULT 0;  -- when; 0: it is not
ALTER TABLE conversations ADD COLUMN said BIGINT NOT NULL DEFAULT 0;      -- when somebody wrote last, no notices
ALTER TABLE conversations ADD COLUMN said_by TEXT NOT NULL DEFAULT '';    -- customer, assistant or agent
ALTER TABLE conversations ADD COLUMN warned BIGINT NOT NULL DEFAULT 0;    -- when its customer read that it is about to be closed; 0: not since they wrote
ALTER TABLE conversations ADD COLUMN customer_read BIGINT NOT NULL DEFAULT 0; -- seq
ALTER TABLE conversations ADD COLUMN desk_read BIGINT NOT NULL DEFAULT 0;     -- seq
UPDATE conversations SET customer_read = last_seq, desk_read = last_seq, said = updated;
CREATE INDEX conversations_said ON conversations (said) WHERE state <> 'resolved';

-- +goose Down
SELECT 'there is no way back';
