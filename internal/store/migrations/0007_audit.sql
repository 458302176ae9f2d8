-- +goose Up

-- What the acts in the home log say, so that an auditor finds them: one row a
-- leaf, written with it. The leaves are the evidence; this is a table of
-- contents and can be made anew from them.
CREATE TABLE audit (
    domain    BIGINT NOT NULL,
    ix        BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    account   TEXT   NOT NULL,
    act       TEXT   NOT NULL,
    agreement TEXT   NOT NULL,
    PRIMARY KEY (domain, ix)
) /* clustered */;
CREATE INDEX audit_at ON audit (domain, at, ix);
CREATE INDEX audit_account ON audit (domain, account, at, ix);
CREATE INDEX audit_act ON audit (domain, act, at, ix);

-- What an entry names: ids of objects, accounts, collections, agreements.
CREATE TABLE audit_about (
    domain BIGINT NOT NULL,
    about  TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    ix     BIGINT NOT NULL,
    PRIMARY KEY (domain, about, at, ix)
) /* clustered */;

-- Answers to writes that came with an idempotency key, by account and key.
-- request is the digest of what was asked; status is 0 while the first
-- request is under way, which is taken to have been lost after a while.
CREATE TABLE idempotency (
    domain  BIGINT NOT NULL,
    account TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    request BYTEA  NOT NULL,
    status  BIGINT NOT NULL,
    head    TEXT   NOT NULL,
    body    BYTEA  NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, account, name)
) /* table */;
CREATE INDEX idempotency_at ON idempotency (domain, at);

-- +goose Down
SELECT 1;
