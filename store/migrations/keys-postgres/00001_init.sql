-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION now_micros() RETURNS BIGINT LANGUAGE sql STABLE AS
$$ SELECT (EXTRACT(EPOCH FROM statement_timestamp()) * 1000000)::BIGINT $$;
-- +goose StatementEnd

CREATE TABLE keys (
    customer   TEXT COLLATE "C" NOT NULL,
    generation INTEGER NOT NULL,
    wrapped    BYTEA NOT NULL,           -- by the master key
    created    BIGINT NOT NULL,
    PRIMARY KEY (customer, generation)
);
CREATE TABLE house (
    name    TEXT COLLATE "C" PRIMARY KEY,
    wrapped BYTEA NOT NULL
);

-- Whose keys were destroyed: they are destroyed again after a restore.
CREATE TABLE erasures (
    customer   TEXT COLLATE "C" NOT NULL,           -- keyed hash
    generation INTEGER NOT NULL,        -- up to this one
    at         BIGINT NOT NULL,
    PRIMARY KEY (customer, generation)
);

-- +goose Down
SELECT 'the first version has nothing to go back to';
