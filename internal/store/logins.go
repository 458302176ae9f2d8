package store

// Failures counts the failed logins of one subject (an account, an address, or
// an account at an address). Last is the time of the newest.
type Failures struct{ Count, Last int64 }

// LoginFailures returns the failures of subject that are not older than since.
func (t *Tx) LoginFailures(subject string, since int64) (Failures, error) {
	var f Failures
	_, err := t.Get([]any{&f.Count, &f.Last},
		"SELECT count, last FROM login_failure WHERE subject = $1 AND last >= $2", subject, since)
	return f, err
}

// CountLogin counts one more failure of subject, now. Failures that all
// happened before since are forgotten first.
func (t *Tx) CountLogin(subject string, since int64) error {
	_, err := t.Exec(`
		INSERT INTO login_failure (subject, count, last) VALUES ($1, 1, $2)
		ON CONFLICT (subject) DO UPDATE SET
			count = CASE WHEN login_failure.last < $3 THEN 1 ELSE login_failure.count + 1 END,
			last = $2`, subject, t.now, since)
	return err
}

// ForgiveLogin takes n failures off subject's count.
func (t *Tx) ForgiveLogin(subject string, n int64) error {
	if _, err := t.Exec("UPDATE login_failure SET count = count - $2 WHERE subject = $1", subject, n); err != nil {
		return err
	}
	_, err := t.Exec("DELETE FROM login_failure WHERE subject = $1 AND count <= 0", subject)
	return err
}

// ForgetLogins removes up to 100 subjects whose failures are all older than
// since, so that the table does not grow with what attackers type.
func (t *Tx) ForgetLogins(since int64) error {
	_, err := t.Exec(`
		DELETE FROM login_failure WHERE subject IN
		(SELECT subject FROM login_failure WHERE last < $1 ORDER BY last LIMIT 100)`, since)
	return err
}
