-- +goose Up
-- Since when reservations count that somebody lets lapse.
ALTER TABLE seats ADD COLUMN lapses_from BIGINT NOT NULL DEFAULT 0;

-- +goose Down
SELECT 'there is no way back';
