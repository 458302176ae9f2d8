-- +goose Up

-- Every page of an officer asks which questions wait for one.
CREATE INDEX matching_state ON matching (domain, state, at);
