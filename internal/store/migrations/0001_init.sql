-- +goose Up

-- Types are PostgreSQL's; store/db rewrites them for SQLite's STRICT tables.
-- Times are microseconds since 1970 in UTC. domain is live or an exercise and
-- part of every key that holds shared matter (invariant 7).

CREATE TABLE domain (
    id   BIGINT NOT NULL PRIMARY KEY,
    name TEXT   NOT NULL UNIQUE
) /* table */;

-- The next number of each sequence; handed out inside the write transaction,
-- so that numbers are in commit order.
CREATE TABLE counter (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
) /* table */;

-- Node-wide facts: side, time of creation.
CREATE TABLE setting (
    name  TEXT  NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
) /* table */;

-- Secret keys, sealed with a key that is not in the store.
CREATE TABLE secret (
    domain BIGINT NOT NULL,
    name   TEXT   NOT NULL,
    sealed BYTEA  NOT NULL,
    PRIMARY KEY (domain, name)
) /* table */;

-- Objects ------------------------------------------------------------------

-- Marking definitions, by whom they came from: what one side defines never
-- says anything about the objects of another.
CREATE TABLE marking (
    domain BIGINT NOT NULL,
    id     TEXT   NOT NULL,
    origin TEXT   NOT NULL,
    body   BYTEA  NOT NULL,
    PRIMARY KEY (domain, id, origin)
) /* table */;

-- Interned combinations of everything a decision depends on. raw holds the
-- marking references as written, resolved what they mean today.
CREATE TABLE label (
    domain   BIGINT  NOT NULL,
    id       BIGINT  NOT NULL,
    raw      BYTEA   NOT NULL,
    resolved BYTEA   NOT NULL,
    pending  BOOLEAN NOT NULL,
    objects  BIGINT  NOT NULL,
    bytes    BIGINT  NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE UNIQUE INDEX label_raw ON label (domain, raw);

-- Object versions, append-only. idhash is the first eight bytes of the
-- SHA-256 of id: a short key keeps the random index small. several says that
-- there are other versions of the id: one look less for all the rest.
CREATE TABLE object (
    seq      BIGINT  NOT NULL PRIMARY KEY,
    domain   BIGINT  NOT NULL,
    idhash   BIGINT  NOT NULL,
    version  BIGINT  NOT NULL,
    label    BIGINT  NOT NULL,
    received BIGINT  NOT NULL,
    revoked  BOOLEAN NOT NULL,
    several  BOOLEAN NOT NULL,
    id       TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    digest   BYTEA   NOT NULL,
    body     BYTEA   NOT NULL
) /* table */;

-- The three indexes with random keys are tables of their own, in two levels:
-- rows join level 0, which is small, and move on to level 1 many at a time and
-- in order. One by one, each would cost a page of its own in a large store.
CREATE TABLE object_key (
    domain BIGINT NOT NULL,
    level  BIGINT NOT NULL,
    hash   BIGINT NOT NULL, -- object.idhash
    object BIGINT NOT NULL,
    PRIMARY KEY (domain, level, hash, object)
) /* clustered */;
CREATE TABLE observable_key (
    domain     BIGINT NOT NULL,
    level      BIGINT NOT NULL,
    hash       BIGINT NOT NULL, -- observable.keyhash
    observable BIGINT NOT NULL,
    PRIMARY KEY (domain, level, hash, observable)
) /* clustered */;
CREATE TABLE observable_start (
    domain     BIGINT NOT NULL,
    level      BIGINT NOT NULL,
    start      BYTEA  NOT NULL,
    observable BIGINT NOT NULL,
    PRIMARY KEY (domain, level, start, observable)
) /* clustered */;
-- How many rows of each of them are in level 0 and in level 1.
CREATE TABLE level (
    domain  BIGINT NOT NULL,
    name    TEXT   NOT NULL,
    fresh   BIGINT NOT NULL,
    settled BIGINT NOT NULL,
    PRIMARY KEY (domain, name)
) /* table */;

-- Values one can look up, normalised.
CREATE TABLE observable (
    ix      BIGINT NOT NULL PRIMARY KEY,
    domain  BIGINT NOT NULL,
    keyhash BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    value   TEXT   NOT NULL,
    start   BYTEA
) /* table */;

-- Which prefix lengths of networks occur: a lookup asks only for those.
CREATE TABLE prefix_length (
    domain BIGINT NOT NULL,
    family BIGINT NOT NULL,
    bits   BIGINT NOT NULL,
    PRIMARY KEY (domain, family, bits)
) /* clustered */;

-- Redacted objects and what they were made from; this link stays at home.
CREATE TABLE derived (
    domain    BIGINT NOT NULL,
    source    BIGINT NOT NULL,
    redaction TEXT   NOT NULL,
    object    BIGINT NOT NULL,
    PRIMARY KEY (domain, source, redaction)
) /* clustered */;

-- Collections and their readers ---------------------------------------------

CREATE TABLE collection (
    domain      BIGINT NOT NULL,
    id          TEXT   NOT NULL,
    n           BIGINT NOT NULL UNIQUE,
    alias       TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    description TEXT   NOT NULL,
    default_tlp TEXT   NOT NULL,
    ceiling     TEXT   NOT NULL,
    last_added  BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;

-- added is unique and strictly increasing per collection. last is 1 for the
-- newest version, 0 for one replaced by a version with the same label, 2 for
-- one replaced only by versions with other labels (a reader may be cleared for
-- the older and not for the newer).
CREATE TABLE member (
    domain     BIGINT NOT NULL,
    collection BIGINT NOT NULL,
    added      BIGINT NOT NULL,
    object     BIGINT NOT NULL,
    label      BIGINT NOT NULL,
    last       BIGINT NOT NULL,
    type       TEXT   NOT NULL,
    PRIMARY KEY (domain, collection, added)
) /* clustered */;
CREATE INDEX member_object ON member (domain, object, collection);

-- Who may see which labels: readers with the same clearance form a class.
CREATE TABLE clearance (
    domain BIGINT NOT NULL,
    id     BIGINT NOT NULL,
    terms  TEXT   NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE UNIQUE INDEX clearance_terms ON clearance (domain, terms);
CREATE TABLE permit (
    domain BIGINT NOT NULL,
    class  BIGINT NOT NULL,
    label  BIGINT NOT NULL,
    PRIMARY KEY (domain, class, label)
) /* clustered */;

CREATE TABLE account (
    name      TEXT    NOT NULL PRIMARY KEY,
    org       TEXT    NOT NULL,
    roles     TEXT    NOT NULL,
    clearance TEXT    NOT NULL,
    password  TEXT    NOT NULL,
    disabled  BOOLEAN NOT NULL,
    created   BIGINT  NOT NULL
) /* table */;
CREATE TABLE token (
    id      TEXT   NOT NULL PRIMARY KEY,
    account TEXT   NOT NULL,
    note    TEXT   NOT NULL,
    hash    BYTEA  NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
) /* table */;
CREATE TABLE collection_right (
    domain     BIGINT  NOT NULL,
    collection TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    can_read   BOOLEAN NOT NULL,
    can_write  BOOLEAN NOT NULL,
    PRIMARY KEY (domain, collection, account)
) /* table */;
CREATE TABLE login_failure (
    subject TEXT   NOT NULL PRIMARY KEY,
    count   BIGINT NOT NULL,
    last    BIGINT NOT NULL
) /* table */;
CREATE INDEX login_failure_last ON login_failure (last);

-- TAXII status resources, kept for a day.
CREATE TABLE status (
    domain  BIGINT NOT NULL,
    id      TEXT   NOT NULL,
    account TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    body    BYTEA  NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX status_at ON status (at);

-- Agreements -----------------------------------------------------------------

CREATE TABLE agreement (
    domain   BIGINT NOT NULL,
    id       TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    hash     BYTEA  NOT NULL,
    document BYTEA  NOT NULL,
    source   BYTEA  NOT NULL,
    added    BIGINT NOT NULL,
    PRIMARY KEY (domain, id, version)
) /* table */;
CREATE TABLE agreement_signature (
    domain    BIGINT NOT NULL,
    agreement TEXT   NOT NULL,
    version   BIGINT NOT NULL,
    side      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    hash      BYTEA  NOT NULL, -- of what was signed, which need not be what is stored here
    note      BYTEA  NOT NULL,
    told      BOOLEAN NOT NULL DEFAULT FALSE, -- ours: whether the partner has it
    PRIMARY KEY (domain, agreement, version, side)
) /* table */;
CREATE TABLE agreement_event (
    domain    BIGINT NOT NULL,
    agreement TEXT   NOT NULL,
    n         BIGINT NOT NULL,
    event     TEXT   NOT NULL,
    side      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    detail    TEXT   NOT NULL,
    PRIMARY KEY (domain, agreement, n)
) /* table */;

-- Crossing -------------------------------------------------------------------

-- A partner's node: pinned keys and where it answers. next_spki is the TLS key
-- it has announced and not used yet, empty when none, and pinned when it announced
-- one last; tries counts wrong short authentication strings; told is the last
-- key_note of ours that it knows.
CREATE TABLE peer (
    side      TEXT   NOT NULL PRIMARY KEY,
    state     TEXT   NOT NULL,
    url       TEXT   NOT NULL,
    spki      BYTEA  NOT NULL UNIQUE,
    next_spki BYTEA  NOT NULL,
    pinned    BIGINT NOT NULL,
    vkey      TEXT   NOT NULL,
    sas       TEXT   NOT NULL,
    tries     BIGINT NOT NULL,
    told      BIGINT NOT NULL,
    changed   BIGINT NOT NULL
) /* table */;
-- Every verifier key a side (our own too) has had, so that old notes verify for
-- ever; n counts a side's keys. No key serves twice, least of all in two domains.
CREATE TABLE peer_key (
    domain BIGINT NOT NULL,
    side   TEXT   NOT NULL,
    n      BIGINT NOT NULL,
    vkey   TEXT   NOT NULL UNIQUE,
    since  BIGINT NOT NULL,
    PRIMARY KEY (domain, side, n)
) /* table */;
-- Signed notes about this node's own keys that partners must hear of.
CREATE TABLE key_note (
    domain BIGINT NOT NULL,
    n      BIGINT NOT NULL,
    note   BYTEA  NOT NULL,
    PRIMARY KEY (domain, n)
) /* table */;
-- Pairings under way. secret is what this side keeps to itself until the
-- other has committed itself; used is the digest of the message that used an
-- invitation of ours up, empty until then.
CREATE TABLE invitation (
    id      TEXT   NOT NULL PRIMARY KEY,
    secret  BYTEA  NOT NULL,
    used    BYTEA  NOT NULL,
    expires BIGINT NOT NULL,
    state   TEXT   NOT NULL
) /* table */;

-- One channel per agreement and domain; queued is the last release number,
-- shipped the last one that is in a shipment.
CREATE TABLE channel (
    id           BIGINT NOT NULL PRIMARY KEY,
    domain       BIGINT NOT NULL,
    agreement    TEXT   NOT NULL,
    partner      TEXT   NOT NULL,
    queued       BIGINT NOT NULL,
    shipped      BIGINT NOT NULL,
    out_number   BIGINT NOT NULL,
    out_link     BYTEA  NOT NULL,
    in_number    BIGINT NOT NULL,
    in_link      BYTEA  NOT NULL,
    state        TEXT   NOT NULL,
    lease_owner  TEXT   NOT NULL,
    lease_until  BIGINT NOT NULL,
    converged    BYTEA  NOT NULL
) /* table */;
CREATE UNIQUE INDEX channel_agreement ON channel (domain, agreement);

CREATE TABLE release (
    domain   BIGINT NOT NULL,
    channel  BIGINT NOT NULL,
    n        BIGINT NOT NULL,
    object   BIGINT NOT NULL,
    approved BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, n)
) /* clustered */;
CREATE INDEX release_object ON release (domain, object, channel);

-- Items that wait for officers. digest is what they sign: any change voids it.
CREATE TABLE hold (
    domain  BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    digest  BYTEA  NOT NULL,
    needed  BIGINT NOT NULL,
    state   TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, object)
) /* clustered */;
CREATE TABLE approval (
    domain  BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    officer TEXT   NOT NULL,
    digest  BYTEA  NOT NULL,
    verdict TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, object, officer)
) /* table */;

-- direction is out or in. items holds, per position, the object's sequence
-- number, its salt and the number of its wire label in labels. body is the
-- compressed lines of an outgoing shipment until it is answered.
CREATE TABLE shipment (
    domain    BIGINT NOT NULL,
    channel   BIGINT NOT NULL,
    direction TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    link      BYTEA  NOT NULL,
    note      BYTEA  NOT NULL,
    labels    BYTEA  NOT NULL,
    items     BYTEA  NOT NULL,
    body      BYTEA,
    bytes     BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    receipt   BYTEA,
    answered  BIGINT NOT NULL,
    PRIMARY KEY (domain, channel, direction, number)
) /* table */;
CREATE INDEX shipment_open ON shipment (domain, channel, number) WHERE receipt IS NULL;
-- Leaf hashes of items whose salt and object were erased, or never taken.
CREATE TABLE erased (
    domain    BIGINT NOT NULL,
    channel   BIGINT NOT NULL,
    direction TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    position  BIGINT NOT NULL,
    leaf      BYTEA  NOT NULL,
    PRIMARY KEY (domain, channel, direction, number, position)
) /* table */;

-- Ledger: one exchange log per agreement and domain, and a home log.
CREATE TABLE log (
    domain     BIGINT NOT NULL,
    id         BIGINT NOT NULL PRIMARY KEY,
    origin     TEXT   NOT NULL UNIQUE,
    size       BIGINT NOT NULL,
    root       BYTEA  NOT NULL,
    checkpoint BYTEA  NOT NULL,
    cosigned   BIGINT NOT NULL
) /* table */;
CREATE TABLE log_leaf (
    domain BIGINT NOT NULL,
    log    BIGINT NOT NULL,
    ix     BIGINT NOT NULL,
    body   BYTEA  NOT NULL,
    PRIMARY KEY (domain, log, ix)
) /* table */;
CREATE TABLE log_node (
    domain BIGINT NOT NULL,
    log    BIGINT NOT NULL,
    ix     BIGINT NOT NULL,
    hash   BYTEA  NOT NULL,
    PRIMARY KEY (domain, log, ix)
) /* clustered */;
-- Checkpoints of ours that the partner has cosigned.
CREATE TABLE log_cosigned (
    domain BIGINT NOT NULL,
    log    BIGINT NOT NULL,
    size   BIGINT NOT NULL,
    note   BYTEA  NOT NULL,
    PRIMARY KEY (domain, log, size)
) /* table */;
-- The newest checkpoint of each partner's log that we have cosigned.
CREATE TABLE witnessed (
    domain BIGINT NOT NULL,
    origin TEXT   NOT NULL,
    size   BIGINT NOT NULL,
    root   BYTEA  NOT NULL,
    note   BYTEA  NOT NULL,
    PRIMARY KEY (domain, origin)
) /* table */;

-- +goose Down
SELECT 1;
