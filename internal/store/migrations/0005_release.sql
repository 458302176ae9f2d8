-- +goose Up

-- Who brought versions in: the numbers low..high arrived in one batch of an
-- account. What came from a partner or was made by the node has no row.
CREATE TABLE import_batch (
    domain  BIGINT NOT NULL,
    low     BIGINT NOT NULL,
    high    BIGINT NOT NULL,
    account TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, low)
) /* table */;
CREATE INDEX import_batch_account ON import_batch (domain, account, low, high);
CREATE INDEX derived_object ON derived (domain, object);

-- The items of hold that wait or were refused, so that they are counted and
-- listed by label and type without a look at any object.
CREATE TABLE held (
    domain  BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    state   TEXT   NOT NULL,
    label   BIGINT NOT NULL,
    type    TEXT   NOT NULL,
    object  BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, state, label, type, object)
) /* clustered */;
INSERT INTO held (domain, channel, state, label, type, object)
    SELECT h.domain, h.channel, h.state, o.label, o.type, h.object FROM hold h JOIN object o ON o.domain = h.domain AND o.seq = h.object
    WHERE h.state <> 'released' AND o.type <> 'erased';

-- Everything that was said of a held item, in order; approval keeps only each
-- officer's newest word.
CREATE TABLE hold_word (
    domain  BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    officer TEXT   NOT NULL,
    digest  BYTEA  NOT NULL,
    verdict TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, object, n)
) /* table */;
INSERT INTO hold_word (domain, channel, object, n, officer, digest, verdict, reason, at)
    SELECT domain, channel, object, row_number() OVER (PARTITION BY domain, channel, object ORDER BY at, officer),
        officer, digest, verdict, reason, at FROM approval;

-- Emergency releases that another officer looks at afterwards. closed is 0
-- while that has not happened.
CREATE TABLE review (
    domain  BIGINT NOT NULL,
    id      BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    digest  BYTEA  NOT NULL,
    officer TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    given   BIGINT NOT NULL,
    needed  BIGINT NOT NULL,
    opened  BIGINT NOT NULL,
    closer  TEXT   NOT NULL,
    outcome TEXT   NOT NULL,
    finding TEXT   NOT NULL,
    closed  BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX review_closed ON review (domain, closed, id);

-- When what is on a release list joined it: the entries low..high at once.
CREATE TABLE release_batch (
    domain  BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    high    BIGINT NOT NULL,
    low     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, high)
) /* clustered */;

-- What people ask of a shipment, without reading its receipt: the numbers, and
-- for one sent the entries low..high of the release list that it took.
CREATE TABLE shipment_fact (
    domain    BIGINT NOT NULL,
    channel   BIGINT NOT NULL,
    direction TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    items     BIGINT NOT NULL,
    low       BIGINT NOT NULL,
    high      BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, direction, number)
) /* table */;
CREATE INDEX shipment_fact_high ON shipment_fact (domain, channel, direction, high);

-- What crossed, per hour and label: label 0 is what was not taken and so has
-- no object here.
CREATE TABLE flow (
    domain    BIGINT NOT NULL,
    channel   BIGINT NOT NULL,
    direction TEXT   NOT NULL,
    hour      BIGINT NOT NULL,
    label     BIGINT NOT NULL,
    items     BIGINT NOT NULL,
    refused   BIGINT NOT NULL,
    failed    BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, direction, hour, label)
) /* clustered */;

-- How long it took, as a histogram: bucket b counts what took 2^(b/4) seconds
-- or a little less (law of the buckets: store.Bucket).
CREATE TABLE pace (
    domain    BIGINT NOT NULL,
    channel   BIGINT NOT NULL,
    direction TEXT   NOT NULL,
    stage     TEXT   NOT NULL,
    hour      BIGINT NOT NULL,
    label     BIGINT NOT NULL,
    bucket    BIGINT NOT NULL,
    items     BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, direction, stage, hour, label, bucket)
) /* clustered */;

-- Objects the other side has answered, and when first.
CREATE TABLE answered (
    domain    BIGINT NOT NULL,
    channel   BIGINT NOT NULL,
    direction TEXT   NOT NULL,
    object    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, direction, object)
) /* clustered */;

-- How carrying goes on a channel, for every process to show.
CREATE TABLE carriage (
    domain      BIGINT NOT NULL,
    channel     BIGINT NOT NULL,
    tried       BIGINT NOT NULL,
    done        BIGINT NOT NULL,
    failures    BIGINT NOT NULL,
    next        BIGINT NOT NULL,
    problem     TEXT   NOT NULL,
    refused     TEXT   NOT NULL,
    refused_at  BIGINT NOT NULL,
    PRIMARY KEY (domain, channel)
) /* table */;

-- Channels on which a person has paused sending.
CREATE TABLE pause (
    domain  BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    who     TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, channel)
) /* table */;

-- +goose Down
SELECT 1;
