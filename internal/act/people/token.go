package people

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// A token reads tws_<id>_<secret>: 8 and 32 random bytes in hexadecimal. The
// prefix lets scanners for lost secrets find it.
const (
	tokenPrefix = "tws_"
	tokenID     = 8
	tokenSecret = 32
)

// The life of a token.
const (
	DefaultTokenLife = 365 * 24 * time.Hour
	maxTokenLife     = 5 * DefaultTokenLife
	maxTokenNote     = 200 // characters
)

// Token is an API token of an account, without its secret.
type Token struct {
	ID, Account, Note string
	Created, Expires  time.Time
}

// IssueToken makes a token that opens account for life (0 means
// DefaultTokenLife) and returns it; only its SHA-256 is kept. Returns
// fault.Denied unless by may Administer, or Manage the account's organisation,
// or is the account itself and shows no token (a lost one must not beget
// others); fault.NotFound; fault.Invalid.
func (p *People) IssueToken(ctx context.Context, by Actor, account, note string, life time.Duration) (string, error) {
	account, err := ParseName(account)
	if err != nil {
		return "", err
	}
	own := by.Name == account && !by.system
	if own && by.Token != "" && !by.can(Administer) {
		return "", by.May(Administer)
	}
	if !own {
		if err := by.May(Manage); err != nil {
			return "", err
		}
	}
	if life == 0 {
		life = DefaultTokenLife
	}
	if life < time.Minute || life > maxTokenLife {
		return "", fault.Errorf(fault.Invalid, "a token lives from a minute to %d days", maxTokenLife/(24*time.Hour))
	}
	if !utf8.ValidString(note) || utf8.RuneCountInString(note) > maxTokenNote || strings.ContainsFunc(note, unicode.IsControl) {
		return "", fault.Errorf(fault.Invalid, "the token's note: want at most %d printable characters", maxTokenNote)
	}
	var raw [tokenID + tokenSecret]byte
	if _, err := io.ReadFull(p.rand, raw[:]); err != nil {
		return "", fmt.Errorf("draw a token: %w", err)
	}
	id, secret := hex.EncodeToString(raw[:tokenID]), hex.EncodeToString(raw[tokenID:])
	sum := sha256.Sum256([]byte(secret))
	row := store.Token{
		ID: id, Account: account, Note: note, Hash: sum[:],
		Expires: p.clock.Now().Add(life).UnixMicro(),
	}
	e := entry{by, "issue token", []string{"account", account, "token", id}}
	err = p.change(ctx, p.store, e, func(tx *store.Tx) error {
		owner, err := tx.Account(account)
		if err != nil {
			return err
		}
		if !own {
			if err := mayHandle(by, owner); err != nil {
				return err
			}
			if err := Tend(tx, by, account); err != nil {
				return err
			}
		}
		return tx.AddToken(row)
	})
	if err != nil {
		return "", err
	}
	return tokenPrefix + id + "_" + secret, nil
}

// RevokeToken makes the token with the given id worthless, for whoever may
// Administer or Manage the account's organisation and for the account itself.
// To everybody else it is fault.NotFound.
func (p *People) RevokeToken(ctx context.Context, by Actor, id string) error {
	return p.change(ctx, p.store, entry{by, "revoke token", []string{"token", id}}, func(tx *store.Tx) error {
		k, err := tx.Token(id)
		if err != nil {
			return err
		}
		owner, err := tx.Account(k.Account)
		if err != nil {
			return err
		}
		if (by.Name == "" || k.Account != by.Name) && mayHandle(by, owner) != nil {
			return fault.Errorf(fault.NotFound, "there is no token %q", id)
		}
		return tx.RemoveToken(id)
	})
}

// RevokeOwnToken is RevokeToken of a token of by's own, whatever else by may.
func (p *People) RevokeOwnToken(ctx context.Context, by Actor, id string) error {
	by.Roles, by.system = nil, false
	return p.RevokeToken(ctx, by, id)
}

// Tokens returns the tokens of account, or of all accounts when it is "",
// oldest first. Returns fault.Denied unless by may Administer or Audit; whoever
// Get shows the account sees its tokens too.
func (p *People) Tokens(ctx context.Context, by Actor, account string) ([]Token, error) {
	if err := mayEither(by, Administer, Audit); err != nil {
		if account == "" {
			return nil, err
		}
		if _, err := p.Get(ctx, by, account); err != nil {
			return nil, err
		}
	}
	var out []Token
	err := p.store.Query(ctx, func(tx *store.Tx) error {
		rows, err := tx.Tokens(account)
		for _, k := range rows {
			out = append(out, Token{
				ID: k.ID, Account: k.Account, Note: k.Note,
				Created: time.UnixMicro(k.Created).UTC(), Expires: time.UnixMicro(k.Expires).UTC(),
			})
		}
		return err
	})
	return out, err
}

// LoginToken returns who shows the token. It returns fault.Denied when the
// token is not one, unknown, expired or revoked or its account is disabled,
// and does not say which. Failures are not counted: nobody guesses 256 bits.
func (p *People) LoginToken(ctx context.Context, token string) (Actor, error) {
	id, secret, ok := cutToken(token)
	if !ok {
		return Actor{}, badToken()
	}
	key, sum := loginKey{name: id, token: true}, sha256.Sum256([]byte(secret))
	if l, ok := p.cached(ctx, key, sum); ok {
		return l.actor, nil
	}
	l, err := p.verifyToken(ctx, id, sum)
	if err != nil {
		return Actor{}, err
	}
	p.logins.put(key, l)
	return l.actor, nil
}

func (p *People) verifyToken(ctx context.Context, id string, sum [sha256.Size]byte) (login, error) {
	epoch, now := p.epoch.Load(), p.clock.Now()
	var k store.Token
	var row store.Account
	err := p.store.Read(ctx, func(tx *store.Tx) error {
		var err error
		if k, err = tx.Token(id); err != nil {
			return err
		}
		row, err = tx.Account(k.Account)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return login{}, err
	}
	if err != nil || subtle.ConstantTimeCompare(k.Hash, sum[:]) != 1 || now.UnixMicro() >= k.Expires || shut(row) {
		return login{}, badToken()
	}
	return login{
		actor: actorOf(row, id), proof: sum, epoch: epoch,
		from: now.UnixMicro(), until: min(now.Add(ttl).UnixMicro(), k.Expires),
	}, nil
}

func badToken() error {
	return fault.New(fault.Denied, "the token is not valid: unknown, expired or revoked")
}

// cutToken takes a token apart without looking at what the parts hold.
func cutToken(token string) (string, string, bool) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(rest) != 2*tokenID+1+2*tokenSecret || rest[2*tokenID] != '_' {
		return "", "", false
	}
	return rest[:2*tokenID], rest[2*tokenID+1:], true
}
