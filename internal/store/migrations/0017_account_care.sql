-- +goose Up

-- Whose hands an account has been in. tended is when somebody last changed it,
-- or what opens it, who manages an organisation and not the node; 0 when nobody
-- did. renewed is when everything that opened it was taken back because it got
-- out of those hands; 0 when that never happened. Of accounts that are there
-- already nobody knows: those of organisations count as tended.
CREATE TABLE account_care (
    account TEXT   NOT NULL PRIMARY KEY,
    tended  BIGINT NOT NULL,
    renewed BIGINT NOT NULL
) /* table */;
INSERT INTO account_care (account, tended, renewed) SELECT name, created, 0 FROM account WHERE org <> '';

-- What crossed on a channel, added up: bytes of the shipments, and how many
-- items their receiver had already. Of receipts that came before this table
-- the latter is part of what was taken.
CREATE TABLE channel_total (
    domain    BIGINT NOT NULL,
    channel   BIGINT NOT NULL,
    direction TEXT   NOT NULL,
    bytes     BIGINT NOT NULL,
    already   BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, direction)
) /* clustered */;
INSERT INTO channel_total (domain, channel, direction, bytes, already)
    SELECT domain, channel, direction, CAST(SUM(bytes) AS BIGINT), 0 FROM shipment GROUP BY domain, channel, direction;

-- Why items were not taken, as the receipts say, and the newest shipment with
-- one. id is a digest of what stands in the row.
CREATE TABLE untaken (
    domain    BIGINT NOT NULL,
    channel   BIGINT NOT NULL,
    id        BYTEA  NOT NULL,
    direction TEXT   NOT NULL,
    outcome   TEXT   NOT NULL,
    clause    TEXT   NOT NULL,
    code      TEXT   NOT NULL,
    text      TEXT   NOT NULL,
    items     BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, id)
) /* table */;
CREATE INDEX untaken_at ON untaken (domain, channel, at);

-- The processes that work on this store and what each has running, in the form
-- of act/health. It is told now and then; a process not heard of for long has
-- ended.
CREATE TABLE process (
    id      TEXT   NOT NULL PRIMARY KEY,
    host    TEXT   NOT NULL,
    started BIGINT NOT NULL,
    seen    BIGINT NOT NULL,
    jobs    BYTEA  NOT NULL
) /* table */;
