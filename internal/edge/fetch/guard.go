package fetch

import (
	"context"
	"net/netip"
	"syscall"

	"twoseas/internal/base/address"
	"twoseas/internal/base/fault"
)

// guard refuses connections by the address that is called, once its name is
// resolved, so that no name and no redirect gets around it.
func guard(private bool) func(ctx context.Context, network, at string, _ syscall.RawConn) error {
	return func(_ context.Context, _, at string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(at)
		if err != nil {
			return fault.Errorf(fault.Denied, "%q is not an address to call", at)
		}
		return address.Admit(to.Addr(), private)
	}
}
