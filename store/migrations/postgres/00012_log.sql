-- +goose Up
-- What is sealed of an entry, under a data key of its own, which the customer's key
-- wraps: one can be shredded without the others. NULL: it was sealed under the customer's
-- key itself, before there were such keys, and is sealed anew when its entry gets a leaf.
CREATE TABLE citation_bodies (
    entry  TEXT COLLATE "C" PRIMARY KEY REFERENCES citation_entries (id),
    key    BYTEA,
    sealed BYTEA NOT NULL,
    at     BIGINT NOT NULL              -- the entry's
);
INSERT INTO citation_bodies (entry, sealed, at) SELECT id, sealed, at FROM citation_entries
    WHERE customer IN (SELECT id FROM customers WHERE erased = 0);
CREATE INDEX citation_bodies_at ON citation_bodies (at);
ALTER TABLE citation_entries DROP COLUMN sealed;

-- What the public tree holds of an entry. The index is given once, and nothing else ever
-- changes.
CREATE TABLE log_leaves (
    serial BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry  TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES citation_entries (id),
    nonce  BYTEA NOT NULL,             -- of the head's commitment
    leaf   TEXT COLLATE "C" NOT NULL,             -- empty: it is made when the index is given
    idx    BIGINT UNIQUE                -- in the tree; NULL: not yet
);
CREATE INDEX log_leaves_next ON log_leaves (serial) WHERE idx IS NULL;
INSERT INTO log_leaves (entry, nonce, leaf) SELECT id, '', '' FROM citation_entries ORDER BY position;

-- The hashes of the tree, as C2SP tlog-tiles.
CREATE TABLE log_tiles (
    level  INTEGER NOT NULL,
    number BIGINT NOT NULL,
    hashes BYTEA NOT NULL,             -- 32 bytes each, up to 256
    PRIMARY KEY (level, number)
);

-- The tree as it stands: its row is the lock of whoever adds to it.
CREATE TABLE log_head (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    size         BIGINT NOT NULL,
    checkpoint   BYTEA NOT NULL,       -- signed
    cosigned     BIGINT NOT NULL DEFAULT -1,  -- the size that witnesses have signed
    cosigned_at  BIGINT NOT NULL DEFAULT 0,
    cosignatures TEXT COLLATE "C" NOT NULL DEFAULT ''   -- the checkpoint of that size with the signatures of witnesses
);

-- +goose StatementBegin
CREATE FUNCTION refuse_leaf_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'UPDATE' AND OLD.idx IS NULL AND NEW.serial = OLD.serial AND NEW.entry = OLD.entry
        AND (OLD.leaf = '' OR NEW.leaf = OLD.leaf AND NEW.nonce = OLD.nonce) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the citation log is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER log_leaves_only_grow BEFORE UPDATE OR DELETE ON log_leaves
    FOR EACH ROW EXECUTE FUNCTION refuse_leaf_change();
CREATE TRIGGER log_leaves_stay BEFORE TRUNCATE ON log_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
SELECT 'there is no way back';
