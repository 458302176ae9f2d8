package ledgers

import (
	"net/http"

	"twoseas/internal/edge/web/page"
)

// verifyingPath is the page on verifying without the node. It names nothing of
// what is stored.
const verifyingPath = "/verifying"

// The commands as they are typed, and what a sound pair of ledgers gives.
const (
	verifyLedgers = `twoseas-verify \
  --key in+8f2c61d4+AbC… \
  --key jp+51d0aa97+XyZ… \
  in.ledger.txt jp.ledger.txt`
	verifyItems = `twoseas-verify \
  --key in+8f2c61d4+AbC… \
  shipment-out-7.subset`
	verifyOutput = `file 1: in.ledger.txt
file 2: jp.ledger.txt
ledger of in under in-jp-2022, live: 12 leaves, sha256:12f763cc…; cosigned by jp up to 12
ledger of jp under in-jp-2022, live: 12 leaves, sha256:84b07d5f…; cosigned by in up to 12
2 logs, 24 leaves, 8 shipments, 8 receipts, 4 agreement signatures, 2 key rotations, consistent`
)

func (p *pages) verifying(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	head := page.Head{Title: q.T("verifying.title"), Lead: q.T("verifying.lead"), Area: "ledger"}
	return p.desk.Render(w, r, head, verifyingPage(q))
}
