-- +goose Up
-- What of a customer's was deleted here, and why; never what it said. Rows are only
-- ever added, and go with the proofs.
CREATE TABLE deletions (
    id       TEXT COLLATE "C" PRIMARY KEY,
    at       BIGINT NOT NULL,
    site     TEXT COLLATE "C" NOT NULL,
    customer TEXT COLLATE "C" NOT NULL REFERENCES customers (id),
    category TEXT COLLATE "C" NOT NULL,
    what     TEXT COLLATE "C" NOT NULL,
    reason   TEXT COLLATE "C" NOT NULL,
    count    BIGINT NOT NULL
);
CREATE INDEX deletions_customer ON deletions (customer, at);

-- +goose Down
SELECT 'there is no way back';
