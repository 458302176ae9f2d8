package store

// RecallNotice is what people wrote to a partner about a recall.
type RecallNotice struct {
	Recall, Agreement, Lang string
	Body, Account           string
	At                      int64
}

// RecallNotice returns a notice; ok is false when nobody wrote one.
func (t *Tx) RecallNotice(recall, agreement, lang string) (n RecallNotice, ok bool, err error) {
	n = RecallNotice{Recall: recall, Agreement: agreement, Lang: lang}
	ok, err = t.Get([]any{&n.Body, &n.Account, &n.At},
		"SELECT body, account, at FROM recall_notice WHERE domain = $1 AND recall = $2 AND agreement = $3 AND lang = $4", t.domain, recall, agreement, lang)
	return n, ok, err
}

// SaveRecallNotice stores a notice in place of the one before; an empty body
// removes it.
func (t *Tx) SaveRecallNotice(n RecallNotice) error {
	if _, err := t.Exec("DELETE FROM recall_notice WHERE domain = $1 AND recall = $2 AND agreement = $3 AND lang = $4", t.domain, n.Recall, n.Agreement, n.Lang); err != nil || n.Body == "" {
		return err
	}
	_, err := t.Exec("INSERT INTO recall_notice (domain, recall, agreement, lang, body, account, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		t.domain, n.Recall, n.Agreement, n.Lang, n.Body, n.Account, t.now)
	return err
}
