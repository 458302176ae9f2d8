package node

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"twoseas/internal/edge/auth"
)

// door is how people and programs get in.
func (n *Node) door() (*auth.Auth, error) {
	provider, err := n.provider()
	if err != nil {
		return nil, err
	}
	return auth.New(n.People, n.Config.BehindProxy).WithDoors(auth.Doors{
		Sessions: n.Sessions, Side: n.Config.Side, PublicURL: n.Config.PublicURL, Title: n.Config.Title, Provider: provider,
	}), nil
}

// provider is the single sign-on of the configuration, nil without.
func (n *Node) provider() (*auth.Provider, error) {
	c := n.Config.SignOn
	if c == nil {
		return nil, nil
	}
	out := auth.ProviderConfig{Name: c.Name, Issuer: c.Issuer, ClientID: c.ClientID, Clock: n.Clock}
	if c.SecretFile != "" {
		name := c.SecretFile
		if !filepath.IsAbs(name) {
			name = filepath.Join(n.Dir, name)
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("the secret of the single sign-on: %w", err)
		}
		out.ClientSecret = string(bytes.TrimSpace(raw))
	}
	return auth.NewProvider(out), nil
}

// LinkURL is the address of a one-time link with this secret, which stands in
// the query since logs hold paths. This machine is called by its name in it:
// authenticators do not know addresses.
func (n *Node) LinkURL(secret string) string { return n.DeskURL() + "/welcome?link=" + secret }

// DeskURL is how a browser reaches the desk.
func (n *Node) DeskURL() string {
	if n.Config.PublicURL != "" {
		return strings.TrimRight(n.Config.PublicURL, "/")
	}
	scheme, at := "https://", n.Config.Listen
	if n.Config.HTTP {
		scheme = "http://"
	}
	if _, port, err := net.SplitHostPort(at); err == nil && isLoopback(at) {
		at = net.JoinHostPort("localhost", port)
	}
	return scheme + at
}
