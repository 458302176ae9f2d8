-- +goose Up

-- An industry member's sponsor is another organisation, '' for none; look says
-- that the sponsor sees what the member contributes before it goes. aliases are
-- other names and domains it is known by, each on a line.
ALTER TABLE organisation ADD COLUMN sponsor TEXT NOT NULL DEFAULT '';
ALTER TABLE organisation ADD COLUMN look BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE organisation ADD COLUMN aliases TEXT NOT NULL DEFAULT '';

-- +goose Down
SELECT 1;
