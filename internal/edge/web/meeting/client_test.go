package meeting_test

import (
	"crypto/tls"
	"net/http"
)

// insecure is a client that takes the test node's own certificate.
func insecure() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // the node of the test
}
