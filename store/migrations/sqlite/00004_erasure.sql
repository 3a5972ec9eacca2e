-- +goose Up
-- Who was erased. Their row stays, under an id that leads to nobody, for as long as
-- the proofs of their consents.
ALTER TABLE customers ADD COLUMN erased BIGINT NOT NULL DEFAULT 0;        -- when; 0: they are not
ALTER TABLE customers ADD COLUMN erasing BOOLEAN NOT NULL DEFAULT FALSE;  -- it is not finished
ALTER TABLE customers ADD COLUMN deleted TEXT NOT NULL DEFAULT '{}';      -- JSON: how much of each kind
CREATE INDEX customers_erased ON customers (erased) WHERE erased > 0;
CREATE INDEX customers_erasing ON customers (erased) WHERE erasing;

-- By which what is a customer's is found when they are erased.
CREATE INDEX sessions_customer ON sessions (customer);
CREATE INDEX tickets_customer ON tickets (customer);
CREATE INDEX idempotency_customer ON idempotency (customer);
CREATE INDEX ratings_customer ON ratings (customer);

-- What the law keeps from being deleted.
CREATE TABLE holds (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    customer   TEXT NOT NULL REFERENCES customers (id),
    categories TEXT NOT NULL,           -- JSON array
    sealed     BLOB NOT NULL,           -- the reason, under the hold's own key
    until      BIGINT NOT NULL,
    actor      TEXT NOT NULL,
    at         BIGINT NOT NULL,
    released   BIGINT NOT NULL DEFAULT 0, -- 0: it was not
    releaser   TEXT NOT NULL DEFAULT '',
    ended      BIGINT NOT NULL DEFAULT 0  -- when its key was destroyed; 0: it is there
);
CREATE INDEX holds_customer ON holds (customer);
CREATE INDEX holds_live ON holds (until) WHERE ended = 0;

-- What was to be deleted while a hold stood, under the hold's own key.
CREATE TABLE held (
    id       TEXT PRIMARY KEY,
    hold     TEXT NOT NULL REFERENCES holds (id),
    category TEXT NOT NULL,
    what     TEXT NOT NULL,             -- record or conversation
    at       BIGINT NOT NULL,
    sealed   BLOB NOT NULL
);
CREATE INDEX held_hold ON held (hold, at, id);

-- Rows of the ledger are removed only of somebody who was erased: no update, ever.
DROP TRIGGER ledger_no_delete;
-- +goose StatementBegin
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
WHEN NOT EXISTS (SELECT 1 FROM customers WHERE id = OLD.customer AND erased > 0 AND NOT erasing)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- +goose StatementEnd

-- +goose Down
SELECT 'there is no way back';
