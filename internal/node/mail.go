package node

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"

	"twoseas/internal/base/fault"
	"twoseas/internal/edge/mail"
)

// Mail is a mail server that takes messages to people (SMTP submission).
type Mail struct {
	Server string `yaml:"server"` // host:port, such as mail.ministry.example:587
	// From is whom messages come from, such as
	// "Twoseas <twoseas@ministry.example>".
	From string `yaml:"from"`
	// TLS is starttls, the default; tls for TLS from the first byte; none for a
	// server on this machine.
	TLS string `yaml:"tls,omitempty"`
	// User and PasswordFile are shown to the server; default nothing.
	User         string `yaml:"user,omitempty"`
	PasswordFile string `yaml:"password_file,omitempty"`
	// CA is a PEM file that the server's certificate must come from; default the
	// system's authorities.
	CA string `yaml:"ca,omitempty"`
	// Hello is what this machine calls itself; default its host name.
	Hello string `yaml:"hello,omitempty"`
}

func (m *Mail) check() error {
	if m == nil {
		return nil
	}
	if (m.User == "") != (m.PasswordFile == "") {
		return fault.New(fault.Invalid, "mail: user and password_file go together")
	}
	_, err := mail.New(m.config())
	return err
}

// config is what needs no file.
func (m *Mail) config() mail.Config {
	return mail.Config{Server: m.Server, From: m.From, Mode: m.TLS, User: m.User, Hello: m.Hello}
}

// mailServer is the mail server of the configuration, nil without.
func (n *Node) mailServer() (*mail.Server, error) {
	m := n.Config.Mail
	if m == nil {
		return nil, nil
	}
	c := m.config()
	c.Clock = n.Clock
	if m.PasswordFile != "" {
		raw, err := os.ReadFile(n.inDir(m.PasswordFile))
		if err != nil {
			return nil, fmt.Errorf("the password for the mail server: %w", err)
		}
		c.Password = string(bytes.TrimRight(raw, "\r\n"))
	}
	if m.CA != "" {
		raw, err := os.ReadFile(n.inDir(m.CA))
		if err != nil {
			return nil, fmt.Errorf("the authority of the mail server: %w", err)
		}
		if c.Roots = x509.NewCertPool(); !c.Roots.AppendCertsFromPEM(raw) {
			return nil, fault.Errorf(fault.Invalid, "mail: %s is not PEM", m.CA)
		}
	}
	return mail.New(c)
}

// noticeHost is the right part of Message-IDs and of ids in calendars: the name
// the desk is reached by.
func (n *Node) noticeHost() string {
	u, err := url.Parse(n.DeskURL())
	if err != nil || u.Hostname() == "" {
		return "twoseas.invalid"
	}
	return u.Hostname()
}
