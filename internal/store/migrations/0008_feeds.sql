-- +goose Up

-- Sources outside that this node takes from or sends to on a schedule. settings
-- is what people set, cursor where the next run goes on, health what the last
-- runs found; each is canonical JSON. due is when it is to run next. Credentials
-- are secrets.
CREATE TABLE feed (
    domain      BIGINT  NOT NULL,
    name        TEXT    NOT NULL,
    paused      BOOLEAN NOT NULL,
    settings    BYTEA   NOT NULL,
    created     BIGINT  NOT NULL,
    due         BIGINT  NOT NULL,
    failures    BIGINT  NOT NULL,
    cursor      BYTEA   NOT NULL,
    health      BYTEA   NOT NULL,
    lease_owner TEXT    NOT NULL,
    lease_until BIGINT  NOT NULL,
    PRIMARY KEY (domain, name)
) /* table */;
CREATE INDEX feed_due ON feed (domain, due);

-- +goose Down
SELECT 1;
