package request

import (
	"twoseas/internal/format/cacao"
	"twoseas/internal/law/request"
)

// playable returns nil unless a request brings a playbook that is none; both
// nodes look. Nothing of it is ever carried out.
func playable(q request.Asked) error {
	if q.Playbook == "" {
		return nil
	}
	_, err := cacao.Parse([]byte(q.Playbook))
	return err
}

// Playbook returns what a request brings to be shown, nil without one.
func (d Detail) Playbook() (*cacao.Playbook, error) {
	if d.Asks.Playbook == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	p, err := cacao.Parse([]byte(d.Asks.Playbook))
	return &p, err
}
