-- +goose Up

-- What people brought in to be imported: who, what, how far. options, finding
-- and report are JSON of act/importing. The lease says which process works at
-- it; a lost one frees it by letting it run out.
CREATE TABLE upload (
    domain      BIGINT NOT NULL,
    id          TEXT   NOT NULL,
    account     TEXT   NOT NULL,
    class       BIGINT NOT NULL, -- the account's clearance class
    name        TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    options     BYTEA  NOT NULL,
    finding     BYTEA  NOT NULL,
    report      BYTEA  NOT NULL,
    failure     TEXT   NOT NULL,
    size        BIGINT NOT NULL, -- bytes as they came
    chunks      BIGINT NOT NULL,
    done        BIGINT NOT NULL, -- bytes of them that are worked through
    created     BIGINT NOT NULL,
    changed     BIGINT NOT NULL,
    lease_owner TEXT   NOT NULL,
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX upload_account ON upload (domain, account, created);
CREATE INDEX upload_waiting ON upload (domain, changed) WHERE state IN ('examine', 'import');

-- The bytes of an upload until it is imported or given up.
CREATE TABLE upload_chunk (
    domain BIGINT NOT NULL,
    upload TEXT   NOT NULL,
    n      BIGINT NOT NULL,
    body   BYTEA  NOT NULL,
    PRIMARY KEY (domain, upload, n)
) /* table */;

-- Lists of values that are rarely malicious, beside those built in. They say
-- the same in every domain.
CREATE TABLE warning_list (
    name    TEXT   NOT NULL PRIMARY KEY,
    type    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    body    BYTEA  NOT NULL,
    account TEXT   NOT NULL,
    added   BIGINT NOT NULL
) /* table */;
