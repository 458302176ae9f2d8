package agreement

import (
	_ "embed" // the reference document
	"slices"
)

//go:embed reference/in-jp-2022.yaml
var reference []byte

// Reference returns the text of the reference agreement, the India-Japan
// memorandum of 19 March 2022 in this project's own wording. It has no keys:
// WithKeys puts them in.
func Reference() []byte { return slices.Clone(reference) }
