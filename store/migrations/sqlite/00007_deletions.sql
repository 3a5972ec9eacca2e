-- +goose Up
-- What of a customer's was deleted here, and why; never what it said. Rows are only
-- ever added, and go with the proofs.
CREATE TABLE deletions (
    id       TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    site     TEXT NOT NULL,
    customer TEXT NOT NULL REFERENCES customers (id),
    category TEXT NOT NULL,
    what     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    count    BIGINT NOT NULL
);
CREATE INDEX deletions_customer ON deletions (customer, at);

-- +goose Down
SELECT 'there is no way back';
