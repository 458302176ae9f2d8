-- +goose Up

-- To what a partner wants files encrypted (age), by what it signed last.
CREATE TABLE recipient (
    domain    BIGINT NOT NULL,
    side      TEXT   NOT NULL,
    recipient TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    PRIMARY KEY (domain, side)
) /* table */;

-- Bundles written for a partner (out) and imported from it (in). shipments and
-- receipts say up to which number they are in this bundle or one before it;
-- keys up to which of this node's key notes. Of a bundle imported, witnessed,
-- agreed_out and agreed_in are what the partner said of itself in it.
CREATE TABLE bundle (
    domain     BIGINT NOT NULL,
    agreement  TEXT   NOT NULL,
    direction  TEXT   NOT NULL,
    number     BIGINT NOT NULL,
    link       BYTEA  NOT NULL,
    follows    BIGINT NOT NULL,
    shipments  BIGINT NOT NULL,
    receipts   BIGINT NOT NULL,
    keys       BIGINT NOT NULL,
    items      BIGINT NOT NULL,
    taken      BIGINT NOT NULL,
    witnessed  BIGINT NOT NULL,
    agreed_out BIGINT NOT NULL,
    agreed_in  BIGINT NOT NULL,
    made       BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    people     TEXT   NOT NULL,
    seen       BIGINT NOT NULL,
    PRIMARY KEY (domain, agreement, direction, number)
) /* table */;

-- Who has looked into a bundle before its import, and who wants it imported.
CREATE TABLE bundle_look (
    domain    BIGINT NOT NULL,
    link      BYTEA  NOT NULL,
    person    TEXT   NOT NULL,
    looked    BIGINT NOT NULL,
    confirmed BIGINT NOT NULL,
    PRIMARY KEY (domain, link, person)
) /* table */;

-- Questions of private matching, asked of the partner or by it. request and
-- answer are the signed notes; known is the overlap, -1 while it is not known
-- here.
CREATE TABLE matching (
    domain    BIGINT NOT NULL,
    session   TEXT   NOT NULL,
    agreement TEXT   NOT NULL,
    asker     TEXT   NOT NULL,
    state     TEXT   NOT NULL,
    asked     BIGINT NOT NULL,
    needed    BIGINT NOT NULL,
    request   BYTEA  NOT NULL,
    answer    BYTEA  NOT NULL,
    known     BIGINT NOT NULL,
    person    TEXT   NOT NULL,
    why       TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (domain, session)
) /* table */;
CREATE INDEX matching_day ON matching (domain, agreement, asker, at);

-- What a question needs until it is done: blinded values, one's own values and
-- what unblinds them, the answer.
CREATE TABLE matching_data (
    domain  BIGINT NOT NULL,
    session TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    data    BYTEA  NOT NULL,
    PRIMARY KEY (domain, session, name)
) /* table */;

CREATE TABLE matching_vote (
    domain  BIGINT NOT NULL,
    session TEXT   NOT NULL,
    officer TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, session, officer)
) /* table */;
