-- +goose Up
-- Who may choose for a customer, and by which law.
ALTER TABLE customers ADD COLUMN age_band TEXT COLLATE "C" NOT NULL DEFAULT '';     -- child, teen or adult; empty: unknown
ALTER TABLE customers ADD COLUMN jurisdiction TEXT COLLATE "C" NOT NULL DEFAULT ''; -- empty: the site's
ALTER TABLE sites ADD COLUMN jurisdiction TEXT COLLATE "C" NOT NULL DEFAULT '';     -- empty: the policy's first
-- The key that the site's pages hold: it may only narrow what is allowed.
ALTER TABLE sites ADD COLUMN browser_key TEXT COLLATE "C";                          -- SHA-256; NULL: none was made
CREATE UNIQUE INDEX sites_browser_key ON sites (browser_key);

-- The customer's epoch when the conversation was resolved last: what was chosen for
-- it until then is over, also if it goes on.
ALTER TABLE conversations ADD COLUMN ended BIGINT NOT NULL DEFAULT 0;
UPDATE conversations SET ended = (SELECT epoch FROM customers c WHERE c.id = conversations.customer) WHERE state = 'resolved';

-- +goose Down
SELECT 'there is no way back';
