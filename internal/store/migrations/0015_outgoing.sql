-- +goose Up

-- What this node sends on to programs outside: webhooks (kind hook), the home
-- log to a SIEM (kind siem). settings is what people set, cursor where it goes
-- on, health what the last attempts found; each is canonical JSON. due is when
-- it may be tried next, failing since when it fails, 0 for not.
CREATE TABLE sender (
    domain      BIGINT  NOT NULL,
    kind        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    paused      BOOLEAN NOT NULL,
    settings    BYTEA   NOT NULL,
    created     BIGINT  NOT NULL,
    due         BIGINT  NOT NULL,
    failures    BIGINT  NOT NULL,
    failing     BIGINT  NOT NULL,
    cursor      BYTEA   NOT NULL,
    health      BYTEA   NOT NULL,
    lease_owner TEXT    NOT NULL,
    lease_until BIGINT  NOT NULL,
    PRIMARY KEY (domain, kind, name)
) /* table */;

-- +goose Down
SELECT 1;
