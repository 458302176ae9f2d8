-- +goose Up

-- What people are told: that something waits for them, never what. person is an
-- account, or '' where only an address is known. cause and step say what it is
-- about and how far that has come: each is told once. at is when it is to be
-- told, due by when something is asked for, 0 for no time. mail is the message
-- it went in, '' while it waits, '-' when nobody is written to about it.
CREATE TABLE notice (
    domain  BIGINT  NOT NULL,
    id      BIGINT  NOT NULL,
    person  TEXT    NOT NULL,
    address TEXT    NOT NULL,
    cause   TEXT    NOT NULL,
    step    TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    urgent  BOOLEAN NOT NULL,
    page    TEXT    NOT NULL,
    at      BIGINT  NOT NULL,
    due     BIGINT  NOT NULL,
    mail    TEXT    NOT NULL,
    created BIGINT  NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE UNIQUE INDEX notice_step ON notice (domain, person, address, cause, step);
CREATE INDEX notice_waiting ON notice (domain, mail, at);
CREATE INDEX notice_person ON notice (domain, person, id);
CREATE INDEX notice_cause ON notice (domain, cause);

-- Of what waits for a person and is counted: how much was there at the last
-- look, and how often it was told.
CREATE TABLE notice_mark (
    domain BIGINT NOT NULL,
    person TEXT   NOT NULL,
    cause  TEXT   NOT NULL,
    waits  BIGINT NOT NULL,
    told   BIGINT NOT NULL,
    PRIMARY KEY (domain, person, cause)
) /* clustered */;

-- Messages to people. id is the left part of the Message-ID. unsure says that a
-- process was lost while it had the message, which may have left then.
CREATE TABLE mail (
    domain      BIGINT  NOT NULL,
    id          TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    urgent      BOOLEAN NOT NULL,
    state       TEXT    NOT NULL,
    created     BIGINT  NOT NULL,
    due         BIGINT  NOT NULL,
    attempts    BIGINT  NOT NULL,
    problem     TEXT    NOT NULL,
    ended       BIGINT  NOT NULL,
    sealed      BOOLEAN NOT NULL,
    unsure      BOOLEAN NOT NULL,
    lease_owner TEXT    NOT NULL,
    lease_until BIGINT  NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX mail_due ON mail (domain, state, due);
CREATE INDEX mail_person ON mail (domain, person, created);

-- How a person wants to be told. It belongs to no domain, as the person does.
-- Quiet hours are minutes of the day in the person's zone; -1 for none.
CREATE TABLE notice_wish (
    person     TEXT    NOT NULL PRIMARY KEY,
    mail       BOOLEAN NOT NULL,
    language   TEXT    NOT NULL,
    zone       TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    quiet_from BIGINT  NOT NULL,
    quiet_to   BIGINT  NOT NULL
) /* table */;

-- The OpenPGP key that messages to a person are encrypted with, once the person
-- has shown to hold it.
CREATE TABLE notice_key (
    person      TEXT   NOT NULL PRIMARY KEY,
    armored     TEXT   NOT NULL,
    fingerprint TEXT   NOT NULL,
    expires     BIGINT NOT NULL,
    added       BIGINT NOT NULL,
    verified    BIGINT NOT NULL
) /* table */;

-- The address under which a person's calendar is read: its SHA-256 only.
CREATE TABLE calendar_address (
    hash    BYTEA  NOT NULL PRIMARY KEY,
    person  TEXT   NOT NULL,
    created BIGINT NOT NULL,
    used    BIGINT NOT NULL
) /* table */;
CREATE UNIQUE INDEX calendar_address_person ON calendar_address (person);

-- What stands in calendars: times and kinds, never content. reader is "any",
-- "may " and an act, or "account " and a name.
CREATE TABLE calendar_entry (
    domain    BIGINT  NOT NULL,
    uid       TEXT    NOT NULL,
    reader    TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    page      TEXT    NOT NULL,
    starts    BIGINT  NOT NULL,
    ends      BIGINT  NOT NULL,
    whole_day BOOLEAN NOT NULL,
    zone      TEXT    NOT NULL,
    sequence  BIGINT  NOT NULL,
    cancelled BOOLEAN NOT NULL,
    changed   BIGINT  NOT NULL,
    PRIMARY KEY (domain, uid)
) /* table */;
