-- +goose Up

-- Until when data is preserved, and until when the asker would have it kept
-- when that is longer; 0 for neither.
ALTER TABLE assistance ADD COLUMN kept BIGINT NOT NULL DEFAULT 0;
ALTER TABLE assistance ADD COLUMN renewal BIGINT NOT NULL DEFAULT 0;

-- Who had which evidence when: each side's list about a request, in its own
-- order. digest is that of the object, which the next one names.
CREATE TABLE custody (
    domain  BIGINT NOT NULL,
    request TEXT   NOT NULL,
    side    TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    object  BIGINT NOT NULL,
    digest  BYTEA  NOT NULL,
    person  TEXT   NOT NULL,
    PRIMARY KEY (domain, request, side, n)
) /* table */;

-- What passed between the technical and the law-enforcement compartment of one
-- side, side: version is the object that passed, police where it came from.
-- answer is the originator's, where another side is: '' while it waits, given
-- or refused; given from the beginning where it is the side's own.
CREATE TABLE passage (
    domain    BIGINT NOT NULL,
    id        TEXT   NOT NULL,
    request   TEXT   NOT NULL,
    agreement TEXT   NOT NULL,
    side      TEXT   NOT NULL,
    police    BOOLEAN NOT NULL,
    version   BIGINT NOT NULL,
    object    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    person    TEXT   NOT NULL,
    answer    TEXT   NOT NULL,
    answered  BIGINT NOT NULL,
    PRIMARY KEY (domain, id)
) /* table */;
CREATE INDEX passage_at ON passage (domain, at);
CREATE INDEX passage_request ON passage (domain, request);

-- +goose Down
SELECT 1;
