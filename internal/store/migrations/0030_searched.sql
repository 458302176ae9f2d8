-- +goose Up

-- What people searched for, beside the home log, whose leaf has the digest of
-- salt and words: the words can be erased, and the log verifies without them.
CREATE TABLE searched (
    domain BIGINT NOT NULL,
    ix     BIGINT NOT NULL,
    salt   BYTEA  NOT NULL,
    words  TEXT   NOT NULL,
    PRIMARY KEY (domain, ix)
) /* table */;

-- +goose Down
SELECT 1;
