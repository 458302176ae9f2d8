package demo

import (
	"path/filepath"

	"twoseas/internal/edge/taxii"
)

// Ready is what a client needs to be pointed at the two nodes.
type Ready struct {
	Nodes []ReadyNode `json:"nodes"`
}

// ReadyNode is one of them.
type ReadyNode struct {
	Side      string     `json:"side"`
	URL       string     `json:"url"`
	CA        string     `json:"ca"` // PEM file to trust; empty over plain HTTP
	Desk      ReadyDesk  `json:"desk"`
	TAXII     ReadyTAXII `json:"taxii"`
	DataDir   string     `json:"data_dir"`
	LedgerDir string     `json:"ledger_dir"` // where exported ledgers are
}

// ReadyDesk is where people sign in, as whom, and with which password.
type ReadyDesk struct {
	URL      string   `json:"url"`
	Accounts []string `json:"accounts"`
	Password string   `json:"password"`
}

// ReadyTAXII is its TAXII server and who may log in.
type ReadyTAXII struct {
	APIRoot     string            `json:"api_root"`
	Discovery   string            `json:"discovery"`
	User        string            `json:"user"`
	Password    string            `json:"password"`
	Token       string            `json:"token"`
	Collections []ReadyCollection `json:"collections"`
}

// ReadyCollection is one collection and what the user may do with it.
type ReadyCollection struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	CanRead  bool   `json:"can_read"`
	CanWrite bool   `json:"can_write"`
}

// Ready returns how both nodes are reached now.
func (d *Demo) Ready() Ready {
	var out Ready
	for _, s := range []*Side{d.In, d.Jp} {
		n := ReadyNode{
			Side: string(s.Config.Side), URL: s.Run.URL, CA: s.CertificateFile(), DataDir: s.Dir, LedgerDir: filepath.Join(s.Dir, ledgerDir),
			Desk: ReadyDesk{URL: s.DeskURL(), Accounts: People(), Password: s.Password},
			TAXII: ReadyTAXII{
				APIRoot: s.Run.URL + taxii.Root, Discovery: s.Run.URL + taxii.Discovery, User: account, Password: s.Password,
				Token: s.Token, Collections: []ReadyCollection{},
			},
		}
		if s.Config.HTTP {
			n.CA = ""
		}
		for _, c := range s.Collections {
			n.TAXII.Collections = append(n.TAXII.Collections, ReadyCollection{ID: c.ID, Title: c.Title, CanRead: true, CanWrite: c.Write})
		}
		out.Nodes = append(out.Nodes, n)
	}
	return out
}
