-- +goose Up
-- An answer as lists of the log select it: a row each, which Append keeps up to date.
CREATE TABLE log_answers (
    place          BIGINT PRIMARY KEY,   -- the position of its first entry: lists are in this order, which never changes
    rank           BIGINT NOT NULL,      -- the place again, see Citations.List
    answer         TEXT COLLATE "C" NOT NULL UNIQUE,
    entry          TEXT COLLATE "C" NOT NULL REFERENCES citation_entries (id), -- its latest
    at             BIGINT NOT NULL,      -- of its first entry
    site           TEXT COLLATE "C" NOT NULL,
    customer       TEXT COLLATE "C" NOT NULL,
    conversation   TEXT COLLATE "C" NOT NULL,
    kind           TEXT COLLATE "C" NOT NULL,
    status         TEXT COLLATE "C" NOT NULL,
    language       TEXT COLLATE "C" NOT NULL,
    model          TEXT COLLATE "C" NOT NULL,
    policy_version TEXT COLLATE "C" NOT NULL,
    score          BIGINT,               -- the lowest of its citations, in millionths; NULL: none, or it is of before scores were kept
    hundredths     INTEGER,              -- the score in whole hundredths, rounded down
    verdict        TEXT COLLATE "C" NOT NULL DEFAULT '', -- the latest; empty: nobody has reviewed it
    assignee       TEXT COLLATE "C" NOT NULL DEFAULT '', -- who is to review it; empty: nobody
    complaint      BOOLEAN NOT NULL DEFAULT FALSE,
    flags          INTEGER NOT NULL DEFAULT 0
);
INSERT INTO log_answers (place, rank, answer, entry, at, site, customer, conversation, kind, status, language, model, policy_version)
    SELECT f.position, f.position, f.answer, e.id, f.at, e.site, e.customer, e.conversation, e.kind, e.status, e.language, e.model, e.policy_version
    FROM (SELECT answer, MIN(position) AS first, MAX(position) AS last FROM citation_entries GROUP BY answer) AS a
    JOIN citation_entries f ON f.position = a.first JOIN citation_entries e ON e.position = a.last;
CREATE INDEX log_answers_at ON log_answers (at);
CREATE INDEX log_answers_site ON log_answers (site, rank);
CREATE INDEX log_answers_customer ON log_answers (customer, rank);
CREATE INDEX log_answers_conversation ON log_answers (conversation, rank);
CREATE INDEX log_answers_status ON log_answers (status, rank);
CREATE INDEX log_answers_language ON log_answers (language, rank);
CREATE INDEX log_answers_model ON log_answers (model, rank);
CREATE INDEX log_answers_policy ON log_answers (policy_version, rank);
CREATE INDEX log_answers_score ON log_answers (hundredths, rank) WHERE hundredths IS NOT NULL;
CREATE INDEX log_answers_open ON log_answers (rank) WHERE kind = 'opened';
CREATE INDEX log_answers_verdict ON log_answers (verdict, rank) WHERE verdict <> '';
CREATE INDEX log_answers_reviewed ON log_answers (rank) WHERE verdict <> '';
CREATE INDEX log_answers_assignee ON log_answers (assignee, rank) WHERE assignee <> '';
CREATE INDEX log_answers_complaint ON log_answers (rank) WHERE complaint;
CREATE INDEX log_answers_flagged ON log_answers (rank) WHERE flags > 0;

-- Of which an answer has several: its categories and recipients, and why something was
-- not searched.
CREATE TABLE log_values (
    value TEXT COLLATE "C" NOT NULL,                -- category:orders
    place BIGINT NOT NULL,
    PRIMARY KEY (value, place)
);
INSERT INTO log_values (value, place)
    SELECT 'category:' || r.category, a.place FROM citation_records r JOIN citation_entries e ON e.id = r.entry JOIN log_answers a ON a.answer = e.answer
    UNION SELECT 'recipient:' || r.recipient, a.place FROM citation_records r JOIN citation_entries e ON e.id = r.entry JOIN log_answers a ON a.answer = e.answer
    UNION SELECT 'recipient:' || e.recipient, a.place FROM citation_entries e JOIN log_answers a ON a.answer = e.answer
    UNION SELECT 'not_searched:' || n.reason, a.place FROM citation_not_searched n JOIN citation_entries e ON e.id = n.entry JOIN log_answers a ON a.answer = e.answer;

ALTER TABLE citation_records ADD COLUMN place BIGINT NOT NULL DEFAULT 0; -- of the answer
UPDATE citation_records SET place = (SELECT a.place FROM citation_entries e JOIN log_answers a ON a.answer = e.answer WHERE e.id = citation_records.entry);
DROP INDEX citation_records_record;
CREATE INDEX citation_records_record ON citation_records (record, place) WHERE record <> '';

-- The words of an answer, with its place: what has a common word is read in order.
CREATE TABLE words_by_place (
    word  TEXT COLLATE "C" NOT NULL,                -- keyed hash
    place BIGINT NOT NULL,
    entry TEXT COLLATE "C" NOT NULL REFERENCES citation_entries (id),
    PRIMARY KEY (word, place)
);
INSERT INTO words_by_place (word, place, entry)
    SELECT w.word, a.place, MIN(w.entry) FROM citation_words w JOIN citation_entries e ON e.id = w.entry JOIN log_answers a ON a.answer = e.answer
    GROUP BY w.word, a.place;
DROP TABLE citation_words;
ALTER TABLE words_by_place RENAME TO citation_words;
CREATE INDEX citation_words_entry ON citation_words (entry);

-- What reviewers found. The note goes with its customer; that there was a review stays.
CREATE TABLE reviews (
    id       TEXT COLLATE "C" PRIMARY KEY,
    answer   TEXT COLLATE "C" NOT NULL REFERENCES log_answers (answer),
    customer TEXT COLLATE "C" NOT NULL,
    verdict  TEXT COLLATE "C" NOT NULL,
    reviewer TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    sealed   BYTEA                         -- the note; NULL: none, or erased
);
CREATE INDEX reviews_answer ON reviews (answer, at, id);
CREATE INDEX reviews_at ON reviews (at);
CREATE INDEX reviews_customer ON reviews (customer);

-- What people at the desk found wrong with an answer.
CREATE TABLE flags (
    id       TEXT COLLATE "C" PRIMARY KEY,
    answer   TEXT COLLATE "C" NOT NULL REFERENCES log_answers (answer),
    customer TEXT COLLATE "C" NOT NULL,
    kind     TEXT COLLATE "C" NOT NULL,
    agent    TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    sealed   BYTEA                         -- the note; NULL: none, or erased
);
CREATE INDEX flags_answer ON flags (answer, at, id);
CREATE INDEX flags_customer ON flags (customer);

-- By which the log of who looked is read, the newest first.
CREATE INDEX accesses_at ON accesses (at, id);
CREATE INDEX accesses_actor ON accesses (actor, at, id);
CREATE INDEX accesses_answer ON accesses (answer, at, id) WHERE answer <> '';
CREATE INDEX accesses_reason ON accesses (reason, at, id) WHERE reason <> '';

-- Whose answers may be measured.
CREATE INDEX ledger_improvement ON ledger (customer, epoch) WHERE purpose = 'improvement';

-- +goose Down
SELECT 'there is no way back';
