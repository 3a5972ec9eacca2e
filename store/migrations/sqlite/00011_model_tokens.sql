-- +goose Up
-- What language models cost a customer's answers on a day of UTC. Only the latest days
-- of each customer are kept.
CREATE TABLE model_tokens (
    customer TEXT NOT NULL REFERENCES customers (id),
    day TEXT NOT NULL, -- 2006-01-02
    tokens BIGINT NOT NULL CHECK (tokens >= 0),
    PRIMARY KEY (customer, day)
);

-- +goose Down
DROP TABLE model_tokens;
