package fetch

import "twoseas/internal/base/address"

// Admit is what the guard asks.
var Admit = address.Admit
