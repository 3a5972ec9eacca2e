-- +goose Up
-- Whether a customer was shown what was used: yes, no, unsure; empty: they did not say.
ALTER TABLE ratings ADD COLUMN shown TEXT COLLATE "C" NOT NULL DEFAULT '';

-- +goose Down
SELECT 'there is no way back';
