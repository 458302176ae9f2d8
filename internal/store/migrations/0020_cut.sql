-- +goose Up

-- What officers took out of an object by hand, so that nothing else of this
-- side's says it to the partner. It stays at home and goes with the version it
-- was taken out of. hash is of id: what the words are not to be said beside,
-- the source or what was made of it.
CREATE TABLE cut (
    domain BIGINT NOT NULL,
    hash   BIGINT NOT NULL,
    source BIGINT NOT NULL,
    n      BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    id     TEXT   NOT NULL,
    word   TEXT   NOT NULL,
    PRIMARY KEY (domain, hash, source, n)
) /* table */;

-- +goose Down
SELECT 1;
