-- +goose Up
-- The space that the index searches in: vectors of others are not compared with it.
CREATE TABLE embedding (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    space TEXT COLLATE "C" NOT NULL,
    at    BIGINT NOT NULL
);

-- Vectors of company knowledge, by space: a new one is filled beside the old.
CREATE TABLE knowledge_vectors (
    site    TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    space   TEXT COLLATE "C" NOT NULL,
    vectors BYTEA NOT NULL,
    PRIMARY KEY (site, id, space),
    FOREIGN KEY (site, id) REFERENCES knowledge (site, id)
);

-- Vectors of personal passages, sealed like their terms; an empty space is none yet.
ALTER TABLE passages ADD COLUMN space TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE passages ADD COLUMN vector BYTEA;

-- +goose Down
SELECT 'there is no way back';
