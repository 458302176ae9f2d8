-- +goose Up

-- Requests for assistance as lists need them: a view over objects, kept in the
-- transaction that stores each. object is the newest version of what is asked;
-- received is the time of the receipt, 0 before; due is when a first word is
-- hoped for, 0 when nobody said, and target how long that was; word is when the
-- first word was said, 0 before. rank orders the lists: what waits by when, and
-- then what does not, newest first.
CREATE TABLE assistance (
    domain    BIGINT NOT NULL,
    id        TEXT   NOT NULL,
    agreement TEXT   NOT NULL,
    asker     TEXT   NOT NULL,
    asked     TEXT   NOT NULL,
    police    BOOLEAN NOT NULL,
    kind      TEXT   NOT NULL,
    urgency   TEXT   NOT NULL,
    object    BIGINT NOT NULL,
    sent      BIGINT NOT NULL,
    received  BIGINT NOT NULL,
    due       BIGINT NOT NULL,
    target    BIGINT NOT NULL,
    word      BIGINT NOT NULL,
    state     TEXT   NOT NULL,
    refused   TEXT   NOT NULL,
    open      BOOLEAN NOT NULL,
    rank      BIGINT NOT NULL,
    changed   BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX assistance_rank ON assistance (domain, open, rank, id);
CREATE INDEX assistance_object ON assistance (domain, object);
CREATE INDEX assistance_received ON assistance (domain, received, asker);

-- What each side did about a request, in its own order: where the object is.
CREATE TABLE assistance_step (
    domain  BIGINT NOT NULL,
    request TEXT   NOT NULL,
    side    TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    person  TEXT   NOT NULL,
    PRIMARY KEY (domain, request, side, n)
) /* table */;

-- +goose Down
SELECT 1;
