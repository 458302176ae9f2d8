-- +goose Up

-- Searching ------------------------------------------------------------------

-- What objects are found by, besides values: their type, label, phases, words,
-- and what they refer to. Versions are taken 32,768 numbers at a time, a chunk;
-- members says which versions of the chunk have the term, as store/bits.go
-- writes it. It is written behind intake, always at the newest chunk, and read
-- at one place a term and chunk.
CREATE TABLE posting (
    domain  BIGINT NOT NULL,
    chunk   BIGINT NOT NULL,
    term    BIGINT NOT NULL, -- store.Term
    members BYTEA  NOT NULL,
    PRIMARY KEY (domain, chunk, term)
) /* clustered */;

-- Times of the versions of a chunk, four bytes each in order of number;
-- low and high are the least and greatest.
CREATE TABLE posting_time (
    domain BIGINT NOT NULL,
    name   TEXT   NOT NULL,
    chunk  BIGINT NOT NULL,
    low    BIGINT NOT NULL,
    high   BIGINT NOT NULL,
    data   BYTEA  NOT NULL,
    PRIMARY KEY (domain, name, chunk)
) /* clustered */;

-- How far something that follows behind has come: name is objects, or a
-- channel and direction.
CREATE TABLE followed (
    domain BIGINT NOT NULL,
    name   TEXT   NOT NULL,
    upto   BIGINT NOT NULL,
    PRIMARY KEY (domain, name)
) /* table */;

-- In which shipments an object version crossed.
CREATE TABLE crossing (
    domain    BIGINT NOT NULL,
    object    BIGINT NOT NULL,
    channel   BIGINT NOT NULL,
    direction TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    PRIMARY KEY (domain, object, channel, direction, number)
) /* clustered */;

-- What an account keeps: searches under a name, and how it likes its tables.
CREATE TABLE kept (
    domain  BIGINT NOT NULL,
    account TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    value   TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, account, kind, name)
) /* table */;

-- +goose Down
SELECT 1;
