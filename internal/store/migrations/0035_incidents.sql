-- +goose Up

-- What belongs to an incident: its own versions, contributions, wordings and
-- own notes, whoever they are of. type is the object's when it came in.
CREATE TABLE incident_part (
    domain   BIGINT NOT NULL,
    incident TEXT   NOT NULL,
    object   BIGINT NOT NULL,
    type     TEXT   NOT NULL,
    PRIMARY KEY (domain, incident, object)
) /* table */;
CREATE INDEX incident_part_type ON incident_part (domain, type, object);

-- Duties to report an incident at home, and the reports that were made. Nothing
-- of them is in any object.
CREATE TABLE incident_clock (
    domain   BIGINT NOT NULL,
    incident TEXT   NOT NULL,
    clock    TEXT   NOT NULL,
    started  BIGINT NOT NULL,
    person   TEXT   NOT NULL,
    PRIMARY KEY (domain, incident, clock)
) /* table */;
CREATE TABLE incident_report (
    domain   BIGINT NOT NULL,
    incident TEXT   NOT NULL,
    clock    TEXT   NOT NULL,
    step     TEXT   NOT NULL,
    made     BIGINT NOT NULL,
    person   TEXT   NOT NULL,
    PRIMARY KEY (domain, incident, clock, step)
) /* table */;

-- Who proposes a wording of an attribution, and who approves it.
CREATE TABLE incident_approval (
    domain  BIGINT NOT NULL,
    wording TEXT   NOT NULL,
    person  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    author  BOOLEAN NOT NULL,
    PRIMARY KEY (domain, wording, person)
) /* table */;

-- +goose Down
SELECT 1;
