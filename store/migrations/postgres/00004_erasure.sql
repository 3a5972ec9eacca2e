-- +goose Up
-- Who was erased. Their row stays, under an id that leads to nobody, for as long as
-- the proofs of their consents.
ALTER TABLE customers ADD COLUMN erased BIGINT NOT NULL DEFAULT 0;        -- when; 0: they are not
ALTER TABLE customers ADD COLUMN erasing BOOLEAN NOT NULL DEFAULT FALSE;  -- it is not finished
ALTER TABLE customers ADD COLUMN deleted TEXT COLLATE "C" NOT NULL DEFAULT '{}'; -- JSON: how much of each kind
CREATE INDEX customers_erased ON customers (erased) WHERE erased > 0;
CREATE INDEX customers_erasing ON customers (erased) WHERE erasing;

-- By which what is a customer's is found when they are erased.
CREATE INDEX sessions_customer ON sessions (customer);
CREATE INDEX tickets_customer ON tickets (customer);
CREATE INDEX idempotency_customer ON idempotency (customer);
CREATE INDEX ratings_customer ON ratings (customer);

-- What the law keeps from being deleted.
CREATE TABLE holds (
    position   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         TEXT COLLATE "C" NOT NULL UNIQUE,
    customer   TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    categories TEXT COLLATE "C" NOT NULL, -- JSON array
    sealed     BYTEA NOT NULL,          -- the reason, under the hold's own key
    until      BIGINT NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    released   BIGINT NOT NULL DEFAULT 0, -- 0: it was not
    releaser   TEXT COLLATE "C" NOT NULL DEFAULT '',
    ended      BIGINT NOT NULL DEFAULT 0  -- when its key was destroyed; 0: it is there
);
CREATE INDEX holds_customer ON holds (customer);
CREATE INDEX holds_live ON holds (until) WHERE ended = 0;

-- What was to be deleted while a hold stood, under the hold's own key.
CREATE TABLE held (
    id       TEXT COLLATE "C" PRIMARY KEY,
    hold     TEXT COLLATE "C" NOT NULL REFERENCES holds (id),
    category TEXT COLLATE "C" NOT NULL,
    what     TEXT COLLATE "C" NOT NULL,   -- record or conversation
    at       BIGINT NOT NULL,
    sealed   BYTEA NOT NULL
);
CREATE INDEX held_hold ON held (hold, at, id);

-- Rows of the ledger are removed only of somebody who was erased: no update, ever.
DROP TRIGGER ledger_only_grows ON ledger;
CREATE TRIGGER ledger_only_grows BEFORE UPDATE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- +goose StatementBegin
CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM customers WHERE id = OLD.customer AND erased > 0 AND NOT erasing) THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger
    FOR EACH ROW EXECUTE FUNCTION refuse_removal();

-- +goose Down
SELECT 'there is no way back';
