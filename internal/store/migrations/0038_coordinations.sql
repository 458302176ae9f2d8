-- +goose Up

-- Joint coordinations of a vulnerability as lists need them: a view over
-- objects, kept in the transaction that stores each. object is the newest
-- version of what is coordinated; instant is when both sides have agreed to
-- publish, 0 while they have not; published is when this node did, 0 before,
-- and report the object it published.
CREATE TABLE coordination (
    domain    BIGINT NOT NULL,
    id        TEXT   NOT NULL,
    agreement TEXT   NOT NULL,
    opener    TEXT   NOT NULL,
    partner   TEXT   NOT NULL,
    object    BIGINT NOT NULL,
    opened    BIGINT NOT NULL,
    state     TEXT   NOT NULL,
    live      BOOLEAN NOT NULL,
    instant   BIGINT NOT NULL,
    published BIGINT NOT NULL,
    report    TEXT   NOT NULL,
    changed   BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX coordination_changed ON coordination (domain, live, changed);
CREATE INDEX coordination_due ON coordination (domain, published, instant);

-- What each side did about a coordination, in its own order: where the object
-- is. Step 0 is the opening. received is the time of the receipt for a step of
-- this side, 0 before, and refused why the other node did not take it.
CREATE TABLE coordination_step (
    domain       BIGINT NOT NULL,
    coordination TEXT   NOT NULL,
    side         TEXT   NOT NULL,
    n            BIGINT NOT NULL,
    object       BIGINT NOT NULL,
    person       TEXT   NOT NULL,
    received     BIGINT NOT NULL,
    refused      TEXT   NOT NULL,
    PRIMARY KEY (domain, coordination, side, n)
) /* table */;
CREATE INDEX coordination_step_awaited ON coordination_step (domain, side, received);

-- +goose Down
SELECT 1;
