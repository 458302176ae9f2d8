package observe

import "strconv"

// number prints an integral number without an exponent.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
