-- +goose Up

-- Requests to pass on what belongs to another side: asked of the partner that
-- it came from, or by the partner that got it from here. parent is the
-- partner's request on whose account this side asks on. answer, redact and
-- until are what was answered; notes holds the signed answers of everybody in
-- the chain, the first originator's first.
CREATE TABLE onward (
    domain    BIGINT NOT NULL,
    id        TEXT   NOT NULL,
    way       TEXT   NOT NULL,
    agreement TEXT   NOT NULL,
    audience  TEXT   NOT NULL,
    asker     TEXT   NOT NULL,
    parent    TEXT   NOT NULL,
    purpose   TEXT   NOT NULL,
    redact    TEXT   NOT NULL,
    until     BIGINT NOT NULL,
    needed    BIGINT NOT NULL,
    state     TEXT   NOT NULL,
    answer    TEXT   NOT NULL,
    answer_redact TEXT NOT NULL,
    answer_until BIGINT NOT NULL,
    reason    TEXT   NOT NULL,
    person    TEXT   NOT NULL,
    notes     BYTEA  NOT NULL,
    at        BIGINT NOT NULL,
    answered  BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX onward_state ON onward (domain, state, at);
CREATE INDEX onward_parent ON onward (domain, parent);

-- What a request is about: the version here, and the item of the shipment on
-- the channel to the other node that it crossed in.
CREATE TABLE onward_item (
    domain   BIGINT NOT NULL,
    onward   TEXT   NOT NULL,
    n        BIGINT NOT NULL,
    object   BIGINT NOT NULL,
    shipment BIGINT NOT NULL,
    position BIGINT NOT NULL,
    leaf     BYTEA  NOT NULL,
    PRIMARY KEY (domain, onward, n)
) /* table */;
CREATE INDEX onward_item_object ON onward_item (domain, object);

-- What officers said of a partner's request.
CREATE TABLE onward_vote (
    domain  BIGINT NOT NULL,
    onward  TEXT   NOT NULL,
    officer TEXT   NOT NULL,
    answer  TEXT   NOT NULL,
    redact  TEXT   NOT NULL,
    until   BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, onward, officer)
) /* table */;

-- What shows that a third side's object, which a partner passed on, may be
-- here. verified is empty when no key of the originator is known here.
CREATE TABLE onward_evidence (
    domain    BIGINT NOT NULL,
    id        TEXT   NOT NULL,
    agreement TEXT   NOT NULL,
    object    TEXT   NOT NULL,
    body      BYTEA  NOT NULL,
    origin    TEXT   NOT NULL,
    verified  TEXT   NOT NULL,
    whole     BOOLEAN NOT NULL,
    until     BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX onward_evidence_object ON onward_evidence (domain, object, agreement);

-- Own objects kept back from a partner because they refer to a third side's.
CREATE TABLE kept_back (
    domain  BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    names   TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, object)
) /* table */;
CREATE INDEX kept_back_names ON kept_back (domain, names);

-- Numbered, signed lists of the members of a compartment, each side's own.
-- person is who made it, at home; the note says the rest.
CREATE TABLE member_list (
    domain      BIGINT NOT NULL,
    agreement   TEXT   NOT NULL,
    compartment TEXT   NOT NULL,
    side        TEXT   NOT NULL,
    number      BIGINT NOT NULL,
    note        BYTEA  NOT NULL,
    person      TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (domain, agreement, compartment, side, number)
) /* table */;

-- The lists that what a shipment carried to a compartment rested on.
CREATE TABLE shipment_epoch (
    domain      BIGINT NOT NULL,
    channel     BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    compartment TEXT   NOT NULL,
    own         BIGINT NOT NULL,
    partner     BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, number, compartment)
) /* table */;

-- +goose Down
SELECT 1;
