// Package node wires one node together: its store, acts and listeners. It
// holds no rules of its own.
package node

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
)

// Config is the file node.yaml of a data directory. Every field but Side has a
// good zero value. Unknown fields are errors.
type Config struct {
	// Side is the side this node serves, as its agreements name it.
	Side ident.Side `yaml:"side"`
	// Codes are the side's other names in releasable-to lists, such as IND.
	Codes []string `yaml:"codes,omitempty"`
	// Classification holds the highest level of each national scheme that the
	// node may hold, such as [IN-R]; default nothing classified. What is above it
	// is refused wherever it comes in, and nobody here is cleared for it.
	Classification []string `yaml:"classification,omitempty"`
	// Title names the node to readers; default "Twoseas node of <side>".
	Title string `yaml:"title,omitempty"`
	// Contact is told to TAXII clients, such as an e-mail address.
	Contact string `yaml:"contact,omitempty"`
	// Store is a postgres:// URL, or a path of an SQLite file; default
	// twoseas.db in the data directory.
	Store string `yaml:"store,omitempty"`
	// Listen is where people and their tools connect; default 127.0.0.1:8443.
	Listen string `yaml:"listen,omitempty"`
	// PublicURL is how clients reach Listen, when it is not https://<Listen>,
	// such as the address of a proxy in front. TAXII clients are told it.
	PublicURL string `yaml:"public_url,omitempty"`
	// PeerListen is where partners' nodes connect; default 127.0.0.1:8444.
	PeerListen string `yaml:"peer_listen,omitempty"`
	// PeerURL is the address partners are told, when it is another than
	// https://<PeerListen>, such as the one of a firewall in front.
	PeerURL string `yaml:"peer_url,omitempty"`
	// Certificate and Key are PEM files for Listen; default a self-made pair.
	Certificate string `yaml:"certificate,omitempty"`
	Key         string `yaml:"key,omitempty"`
	// HTTP serves Listen without TLS, for a proxy on the same machine that
	// ends TLS. Any other address than loopback needs BehindProxy.
	HTTP bool `yaml:"http,omitempty"`
	// BehindProxy says that every connection to Listen comes from a proxy of
	// one's own, which adds the client's address to X-Forwarded-For.
	BehindProxy bool `yaml:"behind_proxy,omitempty"`
	// MaxContentLength bounds what a TAXII client may post, in bytes; default
	// 100 MiB.
	MaxContentLength int64 `yaml:"max_content_length,omitempty"`
	// MISPVersion is the version of MISP that is told to clients of the MISP
	// interface; a MISP synchronises with one of its own major and minor version.
	// Default 2.5.12.
	MISPVersion string `yaml:"misp_version,omitempty"`
	// MaxUpload bounds what a person may upload to be imported, in bytes;
	// default 256 MiB. The command line takes files of any size.
	MaxUpload int64 `yaml:"max_upload,omitempty"`
	// MaxBundles bounds the files of the exchange by file that are uploaded and
	// not yet imported, in bytes together; default 16 GiB. The command line takes
	// files of any size.
	MaxBundles int64 `yaml:"max_bundles,omitempty"`
	// BundleFolder is where such files lie while they are fetched and imported
	// with the browser; default bundles in the data directory. Processes that
	// share a store share it.
	BundleFolder string `yaml:"bundle_folder,omitempty"`
	// FeedFolders are absolute paths of folders that feeds may read below,
	// besides the folder feeds of the data directory.
	FeedFolders []string `yaml:"feed_folders,omitempty"`
	// HookPrivate lets webhooks go to addresses of private networks and of this
	// machine, to this machine over plain HTTP too.
	HookPrivate bool `yaml:"hook_private,omitempty"`
	// SIEM are the places that the home log is sent to, over TLS.
	SIEM []SIEM `yaml:"siem,omitempty"`
	// Mail is the mail server that people are told through that something waits
	// for them; without it nobody is written to.
	Mail *Mail `yaml:"mail,omitempty"`
	// OneFactor lets a password alone open accounts that have no second factor.
	// Without it people set one up at their first sign-in. Meant for
	// demonstrations.
	OneFactor bool `yaml:"one_factor,omitempty"`
	// SessionIdle and SessionLife bound how long people stay signed in unused
	// and at all; default 30m and 12h.
	SessionIdle time.Duration `yaml:"session_idle,omitempty"`
	SessionLife time.Duration `yaml:"session_life,omitempty"`
	// SignOn is an OpenID Connect provider that people may sign in with.
	SignOn *SignOn `yaml:"sign_on,omitempty"`
}

// SignOn is an OpenID Connect provider. The provider must know
// <PublicURL>/sign-in/provider/back as a redirect address.
type SignOn struct {
	Name     string `yaml:"name,omitempty"` // on the button; default the issuer
	Issuer   string `yaml:"issuer"`
	ClientID string `yaml:"client_id"`
	// SecretFile holds the client's secret; without it the client is public and
	// proves itself by PKCE alone.
	SecretFile string `yaml:"secret_file,omitempty"`
}

// SIEM is a place that the home log is sent to as syslog over TLS (RFC 5425).
type SIEM struct {
	// Name tells it from others; where it goes on is kept under it.
	Name    string `yaml:"name"`
	Address string `yaml:"address"` // host:port, such as siem.cert.example:6514
	// Format is rfc5424, structured data, or cef; default rfc5424.
	Format string `yaml:"format,omitempty"`
	// CA is a PEM file that the server's certificate must come from; default the
	// system's authorities. Certificate and Key are PEM files to show it.
	CA          string `yaml:"ca,omitempty"`
	Certificate string `yaml:"certificate,omitempty"`
	Key         string `yaml:"key,omitempty"`
}

// Names of what a data directory holds.
const (
	configFile = "node.yaml"
	sealFile   = "seal.key"
	storeFile  = "twoseas.db"
	certFile   = "tls.pem"
	keyFile    = "tls.key"
)

// withDefaults fills what is left out. It may be applied twice: a store's path
// is made absolute.
func (c Config) withDefaults(dir string) Config {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	for i, code := range c.Codes {
		c.Codes[i] = strings.ToLower(code) // as labels have them
	}
	set(&c.Title, "Twoseas node of "+string(c.Side))
	set(&c.Store, filepath.Join(dir, storeFile))
	set(&c.Listen, "127.0.0.1:8443")
	set(&c.PeerListen, "127.0.0.1:8444")
	if c.MaxContentLength == 0 {
		c.MaxContentLength = 100 << 20
	}
	if !strings.Contains(c.Store, "://") && !filepath.IsAbs(c.Store) {
		c.Store = filepath.Join(dir, c.Store)
	}
	return c
}

func (c Config) check() error {
	if _, err := ident.ParseSide(string(c.Side)); err != nil {
		return err
	}
	for _, address := range []string{c.Listen, c.PeerListen} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fault.Errorf(fault.Invalid, "address %q: want host:port, such as 127.0.0.1:8443", address)
		}
	}
	for _, code := range c.Classification {
		if _, ok := marking.LevelOf(code); !ok {
			return fault.Errorf(fault.Invalid, "classification %.40q: want codes of levels, such as IN-R", code)
		}
	}
	if (c.Certificate == "") != (c.Key == "") {
		return fault.New(fault.Invalid, "certificate and key go together")
	}
	if c.HTTP && !c.BehindProxy && !isLoopback(c.Listen) {
		return fault.Errorf(fault.Invalid, "plain HTTP on %s: only loopback addresses are served without TLS, unless --behind-proxy says that a proxy in front ends TLS", c.Listen)
	}
	if c.SessionIdle < 0 || c.SessionLife < 0 || c.SessionLife > 0 && c.SessionLife < time.Minute || c.SessionIdle > 0 && c.SessionIdle < time.Minute {
		return fault.New(fault.Invalid, "session_idle and session_life: want a minute or more, such as 30m")
	}
	if err := checkSIEM(c.SIEM); err != nil {
		return err
	}
	if err := c.Mail.check(); err != nil {
		return err
	}
	if c.SignOn != nil && (!strings.HasPrefix(c.SignOn.Issuer, "https://") || c.SignOn.ClientID == "") {
		return fault.New(fault.Invalid, "sign_on: want an issuer that begins with https:// and a client_id")
	}
	return nil
}

// HighestLevels is Classification as clearances and labels write it.
func (c Config) HighestLevels() string {
	var t marking.Terms
	for _, code := range c.Classification {
		t = marking.Combine(t, marking.Terms{Classification: code})
	}
	return t.Classification
}

// Init makes a new data directory. One that has a node already is
// fault.Conflict and is not touched.
func Init(dir string, c Config) error {
	if err := c.withDefaults(dir).check(); err != nil {
		return err
	}
	if err := ownDirectory(dir); err != nil {
		return err
	}
	raw, err := yaml.Marshal(c)
	if err != nil {
		return err
	}
	seal := make([]byte, 32)
	if _, err := io.ReadFull(rand.Reader, seal); err != nil {
		return err
	}
	if err := create(filepath.Join(dir, configFile), raw, 0o600); err != nil {
		return err
	}
	if err := create(filepath.Join(dir, sealFile), []byte(hex.EncodeToString(seal)+"\n"), 0o600); err != nil {
		return err
	}
	return makeCertificate(filepath.Join(dir, certFile), filepath.Join(dir, keyFile))
}

// ownDirectory makes dir, or takes one that is there, for this user alone: the
// store in it holds everything in the clear.
func ownDirectory(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700) //nolint:gosec // a directory is entered
}

// create writes a file that must not exist.
func create(name string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fault.Errorf(fault.Conflict, "%s exists: the directory has a node already", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Load reads the configuration of a data directory, with its defaults filled
// in.
func Load(dir string) (Config, error) {
	raw, err := os.ReadFile(filepath.Join(dir, configFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fault.Errorf(fault.NotFound, "%s has no node: make one with twoseas init --data-dir %s --side SIDE", dir, dir)
	}
	if err != nil {
		return Config{}, err
	}
	var c Config
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil {
		return Config{}, fault.Errorf(fault.Invalid, "%s: %w", filepath.Join(dir, configFile), err)
	}
	c = c.withDefaults(dir)
	return c, c.check()
}

// readSeal returns the key that seals the secrets in the store.
func readSeal(dir string) (seal [32]byte, err error) {
	name := filepath.Join(dir, sealFile)
	info, err := os.Stat(name)
	if err != nil {
		return seal, fmt.Errorf("the key that seals this node's secrets: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return seal, fault.Errorf(fault.Denied, "%s can be read by others: chmod 600 it", name)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return seal, err
	}
	if n, err := hex.Decode(seal[:], bytes.TrimSpace(raw)); err != nil || n != len(seal) {
		return seal, fault.Errorf(fault.Invalid, "%s does not hold a key", name)
	}
	return seal, nil
}
