// Package exchange carries shipments between the two nodes of an agreement:
// builds and sends them, takes them in and answers with receipts, compares
// what both sides hold, and proves and erases single items.
//
// Invariants: shipments are numbered and chained per agreement, domain and
// direction; what is applied and the cursor that says so are one transaction,
// so that a shipment is applied exactly once through any crash; every
// shipment and receipt, sent or received, is a leaf of the ledger in the
// transaction that makes it so (invariants 3 and 4).
package exchange

import (
	"cmp"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Exchange is the crossing as one node does it. It is safe for concurrent
// use; that one process at a time sends on a channel is seen to by Deliver's
// lease.
type Exchange struct {
	self     ident.Side
	ring     *keys.Ring
	ledger   *ledger.Ledger
	accords  *accord.Accords
	releases *release.Releases
	intake   *intake.Intake
	rand     io.Reader // salts, ids
	owner    string    // names this process in leases
	leaseFor time.Duration
	handlers map[string]Handler // of control objects, by their type
	voucher  Voucher
	arrivals Arrivals  // nil, or who looks at what came in
	settled  []Settled // who looks at receipts
}

// Config is what an Exchange works with.
type Config struct {
	Self     ident.Side
	Ring     *keys.Ring
	Ledger   *ledger.Ledger
	Accords  *accord.Accords
	Releases *release.Releases
	Intake   *intake.Intake
	Rand     io.Reader
	Owner    string
	// Lease is how long a process that stopped without a word keeps others
	// from sending on its channels; default 20 seconds.
	Lease time.Duration
}

// New returns the Exchange of a node.
func New(c Config) *Exchange {
	return &Exchange{
		self: c.Self, ring: c.Ring, ledger: c.Ledger, accords: c.Accords, releases: c.Releases,
		intake: c.Intake, rand: c.Rand, owner: c.Owner, leaseFor: cmp.Or(c.Lease, 20*time.Second),
	}
}

// Parcel is a shipment on its way: the signed note, and the body's lines
// compressed with zstd.
type Parcel struct {
	Number int64
	Note   []byte
	Body   []byte
}

// versions returns the hashes of the agreement's versions a shipment may rest
// on.
func (x *Exchange) versions(tx *store.Tx, a ident.Agreement) ([]ident.Digest, error) {
	return x.accords.SignedVersions(tx, a)
}

// inChain is the receiving end of a channel.
func (x *Exchange) inChain(tx *store.Tx, ch store.Channel) (shipment.Chain, error) {
	v, err := x.versions(tx, ch.Agreement)
	return shipment.Chain{
		Agreement: ch.Agreement, Versions: v, Domain: tx.Domain(), From: ch.Partner, To: x.self,
		Next: uint64(ch.InNumber) + 1, Last: ch.InLink,
	}, err
}

// outChain is the sending end of a channel.
func (x *Exchange) outChain(tx *store.Tx, ch store.Channel) shipment.Chain {
	return shipment.Chain{
		Agreement: ch.Agreement, Domain: tx.Domain(), From: x.self, To: ch.Partner,
		Next: uint64(ch.OutNumber) + 1, Last: ch.OutLink,
	}
}

// open returns a channel that may carry something.
func open(tx *store.Tx, a ident.Agreement) (store.Channel, error) {
	ch, err := tx.Channel(a)
	if err != nil {
		return ch, err
	}
	if ch.State != store.ChannelOpen {
		return ch, fault.Errorf(fault.Unavailable, "the channel of %s is stopped: %s", a, ch.State)
	}
	return ch, nil
}

// keysOf returns every key whose signature on a shipment or receipt of side
// counts.
func (x *Exchange) keysOf(tx *store.Tx, side ident.Side) ([]note.Verifier, error) {
	return x.ring.Partner(tx, side)
}

// decoder and encoder are made once; both are used with whole buffers only,
// which is safe for concurrent use.
var (
	encoder = must(zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(1<<20)))
	decoder = must(zstd.NewReader(nil, zstd.WithDecoderMaxMemory(shipment.MaxBody+1), zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxWindow(8<<20)))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // fixed options that do not fit together
	}
	return v
}

// MaxParcelBody bounds the compressed body of a parcel: lines that do not
// compress, and a little.
const MaxParcelBody = shipment.MaxBody + 64<<10

// decompress returns the lines of a body, at most shipment.MaxBody bytes.
func decompress(body []byte) ([]byte, error) {
	out, err := decoder.DecodeAll(body, nil)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "the body of the shipment does not decompress: %w", err)
	}
	return out, nil
}
