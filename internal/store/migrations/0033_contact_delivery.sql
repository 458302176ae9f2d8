-- +goose Up

-- When the other side's node took a check in, by its receipt; 0 until it did.
-- The window of the answer begins then, and due moves with it.
ALTER TABLE contact_check ADD COLUMN delivered BIGINT NOT NULL DEFAULT 0;
UPDATE contact_check SET delivered = sent;
CREATE INDEX contact_check_undelivered ON contact_check (domain, agreement) WHERE way = 'asked' AND delivered = 0;

-- +goose Down
SELECT 1;
