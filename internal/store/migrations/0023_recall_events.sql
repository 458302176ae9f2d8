-- +goose Up

-- In which order versions were withheld, for programs outside that are told of
-- it: 0 for what was before, which nobody is told of any more.
ALTER TABLE recalled ADD COLUMN n BIGINT NOT NULL DEFAULT 0;
CREATE INDEX recalled_n ON recalled (domain, n);

-- What a spill's notice says, as people wrote it: one text a recall, agreement
-- and language.
CREATE TABLE recall_notice (
    domain    BIGINT NOT NULL,
    recall    TEXT   NOT NULL,
    agreement TEXT   NOT NULL,
    lang      TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    account   TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (domain, recall, agreement, lang)
) /* table */;

-- +goose Down
SELECT 1;
