-- +goose Up
-- Files of before migrations have these tables already.
CREATE TABLE IF NOT EXISTS keys (
    customer   TEXT NOT NULL,
    generation INTEGER NOT NULL,
    wrapped    BLOB NOT NULL,           -- by the master key
    created    BIGINT NOT NULL,
    PRIMARY KEY (customer, generation)
);
CREATE TABLE IF NOT EXISTS house (
    name    TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
);

-- Whose keys were destroyed: they are destroyed again after a restore.
CREATE TABLE erasures (
    customer   TEXT NOT NULL,           -- keyed hash
    generation INTEGER NOT NULL,        -- up to this one
    at         BIGINT NOT NULL,
    PRIMARY KEY (customer, generation)
);

-- +goose Down
SELECT 'the first version has nothing to go back to';
