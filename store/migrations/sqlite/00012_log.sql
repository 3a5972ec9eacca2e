-- +goose Up
-- What is sealed of an entry, under a data key of its own, which the customer's key
-- wraps: one can be shredded without the others. NULL: it was sealed under the customer's
-- key itself, before there were such keys, and is sealed anew when its entry gets a leaf.
CREATE TABLE citation_bodies (
    entry  TEXT PRIMARY KEY REFERENCES citation_entries (id),
    key    BLOB,
    sealed BLOB NOT NULL,
    at     BIGINT NOT NULL              -- the entry's
);
INSERT INTO citation_bodies (entry, sealed, at) SELECT id, sealed, at FROM citation_entries
    WHERE customer IN (SELECT id FROM customers WHERE erased = 0);
CREATE INDEX citation_bodies_at ON citation_bodies (at);
ALTER TABLE citation_entries DROP COLUMN sealed;

-- What the public tree holds of an entry. The index is given once, and nothing else ever
-- changes.
CREATE TABLE log_leaves (
    serial INTEGER PRIMARY KEY AUTOINCREMENT,
    entry  TEXT NOT NULL UNIQUE REFERENCES citation_entries (id),
    nonce  BLOB NOT NULL,             -- of the head's commitment
    leaf   TEXT NOT NULL,             -- empty: it is made when the index is given
    idx    BIGINT UNIQUE                -- in the tree; NULL: not yet
);
CREATE INDEX log_leaves_next ON log_leaves (serial) WHERE idx IS NULL;
INSERT INTO log_leaves (entry, nonce, leaf) SELECT id, '', '' FROM citation_entries ORDER BY position;

-- The hashes of the tree, as C2SP tlog-tiles.
CREATE TABLE log_tiles (
    level  INTEGER NOT NULL,
    number BIGINT NOT NULL,
    hashes BLOB NOT NULL,             -- 32 bytes each, up to 256
    PRIMARY KEY (level, number)
);

-- The tree as it stands: its row is the lock of whoever adds to it.
CREATE TABLE log_head (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    size         BIGINT NOT NULL,
    checkpoint   BLOB NOT NULL,       -- signed
    cosigned     BIGINT NOT NULL DEFAULT -1,  -- the size that witnesses have signed
    cosigned_at  BIGINT NOT NULL DEFAULT 0,
    cosignatures TEXT NOT NULL DEFAULT ''   -- the checkpoint of that size with the signatures of witnesses
);

-- +goose StatementBegin
CREATE TRIGGER log_leaves_no_update BEFORE UPDATE ON log_leaves
WHEN OLD.idx IS NOT NULL OR NEW.serial <> OLD.serial OR NEW.entry <> OLD.entry
    OR OLD.leaf <> '' AND (NEW.leaf <> OLD.leaf OR NEW.nonce <> OLD.nonce)
BEGIN SELECT RAISE(ABORT, 'the citation log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_leaves_no_delete BEFORE DELETE ON log_leaves
BEGIN SELECT RAISE(ABORT, 'the citation log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_leaves_no_replace BEFORE INSERT ON log_leaves
WHEN EXISTS (SELECT 1 FROM log_leaves WHERE entry = NEW.entry OR serial = NEW.serial OR idx = NEW.idx)
BEGIN SELECT RAISE(ABORT, 'the citation log is append-only'); END;
-- +goose StatementEnd

-- +goose Down
SELECT 'there is no way back';
