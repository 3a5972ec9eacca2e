-- +goose Up
-- A customer's passages in the order in which they are read: with the category in its
-- place a planner without statistics reads all of a site instead.
CREATE INDEX passages_owner ON passages (customer, site, id);
DROP INDEX passages_customer;

-- What is sealed of a passage is written in another way: the next question of its
-- customer makes it again.
DELETE FROM passages;
UPDATE records SET indexed = FALSE WHERE indexed;

-- +goose Down
SELECT 'there is no way back';
