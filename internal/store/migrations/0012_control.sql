-- +goose Up

-- When a label begins or ends to mean what it says: the end of an embargo, an
-- expiry. A row goes when what it asks for is done, so that of several
-- processes one does it.
CREATE TABLE turn (
    domain BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    label  BIGINT NOT NULL,
    PRIMARY KEY (domain, at, label)
) /* clustered */;

-- When single versions lapse: what says of itself until when it is valid, or
-- came under an agreement that says so of its kind. A row goes with the event.
CREATE TABLE lapse (
    domain BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    object BIGINT NOT NULL,
    PRIMARY KEY (domain, at, object)
) /* clustered */;

-- Sessions in which only what everybody in the room may see is shown. who is
-- JSON of act/session. It is no session's once ended is set.
CREATE TABLE meeting (
    session TEXT   NOT NULL,
    began   BIGINT NOT NULL,
    account TEXT   NOT NULL,
    who     BYTEA  NOT NULL,
    until   BIGINT NOT NULL,
    ended   BIGINT NOT NULL,
    PRIMARY KEY (session, began)
) /* table */;
CREATE INDEX meeting_until ON meeting (until);

-- What one person asked to erase and another carried out. state is asked, done
-- or refused; backups is what still held it then, JSON of act/erasure.
CREATE TABLE erasure (
    domain  BIGINT NOT NULL,
    id      TEXT   NOT NULL,
    object  TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    state   TEXT   NOT NULL,
    asked   BIGINT NOT NULL,
    asker   TEXT   NOT NULL,
    decided BIGINT NOT NULL,
    decider TEXT   NOT NULL,
    copies  BIGINT NOT NULL,
    backups BYTEA  NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX erasure_state ON erasure (domain, state, asked);

-- Backups made, and until when each is kept: 0 is not known.
CREATE TABLE backup_made (
    id    TEXT   NOT NULL PRIMARY KEY,
    at    BIGINT NOT NULL,
    place TEXT   NOT NULL,
    until BIGINT NOT NULL,
    gone  BIGINT NOT NULL
) /* table */;

-- +goose Down
SELECT 1;
