-- +goose Up
-- When a member of staff said last that they are there, to the minute; 0: never. Who is
-- heard of by NATS alone would be gone with it.
ALTER TABLE seats ADD COLUMN attended BIGINT NOT NULL DEFAULT 0;

-- How long the latest tickets of a queue waited.
CREATE INDEX ticket_events_claimed ON ticket_events (queue, at) WHERE kind = 'claimed';

-- +goose Down
SELECT 'there is no way back';
