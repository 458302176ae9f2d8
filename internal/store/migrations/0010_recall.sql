-- +goose Up

-- What goes before everything else that waits on a channel, also while a person
-- has paused it: what nodes say to each other about what they shared. number is
-- that of the shipment it left in, 0 while it waits.
CREATE TABLE urgent (
    domain  BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    number  BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, object)
) /* clustered */;
CREATE INDEX urgent_waiting ON urgent (domain, channel, number, object);

-- Acts of calling back: this side's (out), or a partner's that came (in). home is
-- what became of the objects here: withheld, narrowed or kept. carries is the act
-- of another side that this one carries on to a third.
CREATE TABLE recall (
    domain    BIGINT NOT NULL,
    id        TEXT   NOT NULL,
    n         BIGINT NOT NULL,
    direction TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    code      TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    home      TEXT   NOT NULL,
    carries   TEXT   NOT NULL,
    account   TEXT   NOT NULL,
    until     BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    lifted    BIGINT NOT NULL,
    spill     BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE UNIQUE INDEX recall_n ON recall (domain, n);
CREATE INDEX recall_carries ON recall (domain, carries);

-- The messages of an act, each on one channel. answer is what the receiver
-- says it did, by the newest of its answers; open is 1 until that is all.
CREATE TABLE recall_part (
    domain   BIGINT NOT NULL,
    message  TEXT   NOT NULL,
    recall   TEXT   NOT NULL,
    channel  BIGINT NOT NULL,
    part     BIGINT NOT NULL,
    items    BIGINT NOT NULL,
    object   BIGINT NOT NULL,
    open     BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    reply    TEXT   NOT NULL,
    answer   BYTEA  NOT NULL,
    PRIMARY KEY (domain, message)
) /* table */;
CREATE INDEX recall_part_recall ON recall_part (domain, recall, channel, part);
CREATE INDEX recall_part_open ON recall_part (domain, open, at);

-- The ids that a message names, also those that were never here: what comes
-- later is looked up in this.
CREATE TABLE recall_id (
    domain  BIGINT NOT NULL,
    hash    BIGINT NOT NULL,
    message TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    by_id   TEXT   NOT NULL,
    PRIMARY KEY (domain, message, id)
) /* clustered */;
CREATE INDEX recall_id_hash ON recall_id (domain, hash);

-- Versions that are withheld because of a message, and the label they had. A
-- stub is a version of this node's making that stands in for them where
-- readers follow by date.
CREATE TABLE recalled (
    domain  BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    message TEXT   NOT NULL,
    was     BIGINT NOT NULL,
    stub    BIGINT NOT NULL,
    erased  BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, object, message)
) /* clustered */;
CREATE INDEX recalled_message ON recalled (domain, message, object);

-- +goose Down
SELECT 1;
