-- +goose Up
-- What an index on another server may hold of customers, by a keyed hash that says
-- nothing about them: it stays until it is known to be gone, also after an erasure. The
-- row without a tenant names the collection there.
CREATE TABLE outside (
    tenant   TEXT NOT NULL,
    category TEXT NOT NULL,
    entered  BIGINT NOT NULL,           -- the last version that was written
    writers  BIGINT NOT NULL DEFAULT 0, -- who write now, or did not say that they ended
    until    BIGINT NOT NULL DEFAULT 0, -- when none of these can be at it any more
    before   BIGINT NOT NULL DEFAULT 0, -- earlier versions have to go; 0: none
    PRIMARY KEY (tenant, category)
);
CREATE INDEX outside_due ON outside (tenant, category) WHERE before > 0;

-- +goose Down
SELECT 'there is no way back';
