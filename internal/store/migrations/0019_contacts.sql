-- +goose Up

-- Whom to ask, on both sides: the newest version of each record of a contact.
-- What it says is in the object.
CREATE TABLE contact (
    domain    BIGINT NOT NULL,
    id        TEXT   NOT NULL,
    agreement TEXT   NOT NULL,
    side      TEXT   NOT NULL,
    object    BIGINT NOT NULL,
    version   BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX contact_agreement ON contact (domain, agreement);

-- Who holds a post of this side, and with which roles of the account; ended is
-- 0 while somebody does.
CREATE TABLE contact_holder (
    domain  BIGINT NOT NULL,
    contact TEXT   NOT NULL,
    since   BIGINT NOT NULL,
    account TEXT   NOT NULL,
    roles   TEXT   NOT NULL,
    made_by TEXT   NOT NULL,
    ended   BIGINT NOT NULL,
    end_by  TEXT   NOT NULL,
    PRIMARY KEY (domain, contact, since)
) /* table */;
CREATE INDEX contact_holder_account ON contact_holder (domain, account, ended);

-- Fingerprints that people here heard out of band: the first person, and the
-- second, "" before. Of this side's contacts the key goes into the record then.
CREATE TABLE contact_key (
    domain       BIGINT NOT NULL,
    contact      TEXT   NOT NULL,
    fingerprint  TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    expires      TEXT   NOT NULL,
    first        TEXT   NOT NULL,
    first_at     BIGINT NOT NULL,
    first_means  TEXT   NOT NULL,
    second       TEXT   NOT NULL,
    second_at    BIGINT NOT NULL,
    second_means TEXT   NOT NULL,
    PRIMARY KEY (domain, contact, fingerprint)
) /* table */;

-- Communication checks: way is asked (of the partner's contact) or received.
-- Times are 0 until they come. person is who asked, or who answered: it stays
-- at home, as reason does.
CREATE TABLE contact_check (
    domain    BIGINT  NOT NULL,
    id        TEXT    NOT NULL,
    agreement TEXT    NOT NULL,
    contact   TEXT    NOT NULL,
    way       TEXT    NOT NULL,
    scheduled BOOLEAN NOT NULL,
    sent      BIGINT  NOT NULL,
    due       BIGINT  NOT NULL,
    answered  BIGINT  NOT NULL,
    waived    BIGINT  NOT NULL,
    person    TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    object    BIGINT  NOT NULL,
    note      BYTEA   NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX contact_check_contact ON contact_check (domain, contact, sent);

-- +goose Down
SELECT 1;
