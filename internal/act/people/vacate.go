package people

import (
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Vacate takes from the account called name, inside the transaction in which a
// person leaves a post, what went with it: the roles gone, every session, every
// token, the calendar's address and any one-time link. Where no role is left the account is closed and
// whatever else opened it is taken back, so that opening it again takes a new
// link. The caller sees to the right to do it, and calls Forget once the
// transaction is done.
func (p *People) Vacate(tx *store.Tx, by Actor, name string, gone []Role) (closed bool, err error) {
	row, err := tx.Account(name)
	if err != nil {
		return false, err
	}
	var left []string
	for r := range strings.SplitSeq(row.Roles, ",") {
		if !slices.Contains(gone, Role(r)) {
			left = append(left, r)
		}
	}
	sessions, err := tx.EndSessions(name, "")
	if err != nil {
		return false, err
	}
	tokens, err := tx.Tokens(name)
	if err != nil {
		return false, err
	}
	for _, k := range tokens {
		if err := tx.RemoveToken(k.ID); err != nil {
			return false, err
		}
	}
	if err := tx.DropLinks(name); err != nil {
		return false, err
	}
	if err := tx.RevokeCalendarAddress(name); err != nil && !fault.Is(err, fault.NotFound) {
		return false, err
	}
	if closed = len(left) == 0; closed {
		if err := p.takeBack(tx, by, name, row.Password != ""); err != nil {
			return false, err
		}
		row.Disabled, row.Password = true, ""
	} else {
		row.Roles = strings.Join(left, ",")
	}
	if err := tx.UpdateAccount(row); err != nil {
		return false, err
	}
	tx.Notify(store.TopicConfig)
	if p.journal == nil {
		return closed, nil
	}
	fields := []string{"account", name, "closed", strconv.FormatBool(closed), "sessions", strconv.FormatInt(sessions, 10), "tokens", strconv.Itoa(len(tokens))}
	if len(gone) > 0 {
		fields = append(fields, "roles", roleText(gone, ","))
	}
	return closed, p.journal(tx, by, "vacate account", fields...)
}
