-- +goose Up

-- People and how they get in. None of it belongs to a domain: a person is the
-- same person in an exercise.

-- The bodies of one's own side that people belong to; account.org is an id.
CREATE TABLE organisation (
    id      TEXT    NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    sectors TEXT    NOT NULL,
    ceiling TEXT    NOT NULL,
    closed  BOOLEAN NOT NULL,
    created BIGINT  NOT NULL
) /* table */;
INSERT INTO organisation (id, name, kind, sectors, ceiling, closed, created)
    SELECT org, org, 'operator', '', 'TLP:RED+UNMARKED', FALSE, MIN(created) FROM account WHERE org <> '' GROUP BY org;

-- What is known of the person behind an account.
CREATE TABLE person (
    account   TEXT NOT NULL PRIMARY KEY,
    full_name TEXT NOT NULL,
    email     TEXT NOT NULL
) /* table */;
CREATE INDEX person_email ON person (email);

-- hash is the SHA-256 of what the browser holds. stage says what the session
-- is good for.
CREATE TABLE session (
    hash          BYTEA  NOT NULL PRIMARY KEY,
    id            TEXT   NOT NULL,
    account       TEXT   NOT NULL,
    stage         BIGINT NOT NULL,
    method        TEXT   NOT NULL,
    device        TEXT   NOT NULL,
    address       TEXT   NOT NULL,
    created       BIGINT NOT NULL,
    seen          BIGINT NOT NULL,
    authenticated BIGINT NOT NULL
) /* table */;
CREATE UNIQUE INDEX session_id ON session (id);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_seen ON session (seen);

CREATE TABLE passkey (
    id      BYTEA  NOT NULL PRIMARY KEY,
    account TEXT   NOT NULL,
    name    TEXT   NOT NULL,
    data    BYTEA  NOT NULL,
    created BIGINT NOT NULL,
    used    BIGINT NOT NULL
) /* table */;
CREATE INDEX passkey_account ON passkey (account);

-- sealed is the secret in use, pending one that was shown and not confirmed
-- yet; step is the last time step a code was taken of.
CREATE TABLE totp (
    account TEXT   NOT NULL PRIMARY KEY,
    sealed  BYTEA  NOT NULL,
    pending BYTEA  NOT NULL,
    step    BIGINT NOT NULL
) /* table */;

CREATE TABLE recovery (
    account TEXT  NOT NULL,
    hash    BYTEA NOT NULL,
    PRIMARY KEY (account, hash)
) /* table */;

-- One-time links: the first way in, and the way back in.
CREATE TABLE link (
    hash    BYTEA  NOT NULL PRIMARY KEY,
    account TEXT   NOT NULL,
    made_by TEXT   NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
) /* table */;

-- What a sign-in under way has to remember, for one use: a challenge, a state.
CREATE TABLE ceremony (
    hash    BYTEA  NOT NULL PRIMARY KEY,
    kind    TEXT   NOT NULL,
    account TEXT   NOT NULL,
    data    BYTEA  NOT NULL,
    expires BIGINT NOT NULL
) /* table */;
CREATE INDEX ceremony_expires ON ceremony (expires);

-- Accounts as an OpenID Connect provider knows them.
CREATE TABLE identity (
    issuer  TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (issuer, subject)
) /* table */;
CREATE INDEX identity_account ON identity (account);
