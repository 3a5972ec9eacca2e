-- +goose Up
-- What was put off, and is looked for again and again.
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE state = 'snoozed';

-- What an erasure removes.
CREATE INDEX corrections_customer ON corrections (customer) WHERE customer <> '';

-- +goose Down
SELECT 'there is no way back';
