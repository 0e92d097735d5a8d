// SPDX-License-Identifier: Apache-2.0

// Package serve brings a simulated cloud onto the network: TLS with a throw-away
// certificate authority, on loopback unless it is told otherwise.
//
// # What it holds
//
// [NewAuthority] makes a certificate authority; [Start] serves a handler with it, and
// [StartAt] does so on an address that others than this machine may reach.
//
// # What it never does
//
// It keeps no key on disk.
package serve

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Authority signs the certificate of one server.
type Authority struct {
	// PEM is the authority's own certificate, which clients trust.
	PEM []byte

	certificate tls.Certificate
}

// lifetime is how long certificates are good for.
const lifetime = 30 * 24 * time.Hour

// NewAuthority makes an authority and a certificate for loopback and for more hosts, each
// a name or an IP address.
func NewAuthority(now time.Time, hosts ...string) (*Authority, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the authority's key: %w", err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cloudsim authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, fmt.Errorf("make the authority's certificate: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the server's key: %w", err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "*.localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, fmt.Errorf("make the server's certificate: %w", err)
	}
	return &Authority{
		PEM:         pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
		certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
	}, nil
}

// Server is a handler that is being served.
type Server struct {
	// URL is where.
	URL string

	server *http.Server
	done   chan error
}

// Start serves a handler on a loopback port; 0 chooses one. With an authority it
// speaks TLS, without plain HTTP.
func Start(port int, handler http.Handler, authority *Authority) (*Server, error) {
	return StartAt(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), handler, authority)
}

// StartAt is Start on an address, given as host:port.
func StartAt(address string, handler http.Handler, authority *Authority) (*Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	s := &Server{
		URL:  "http://" + listener.Addr().String(),
		done: make(chan error, 1),
		server: &http.Server{
			Handler: handler, ReadHeaderTimeout: 10 * time.Second,
			ErrorLog: log.New(io.Discard, "", 0), // clients that hang up are no news
		},
	}
	if authority != nil {
		s.URL = "https://" + listener.Addr().String()
		s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{authority.certificate}, MinVersion: tls.VersionTLS12}
	}
	go func() {
		if authority != nil {
			s.done <- s.server.ServeTLS(listener, "", "")
			return
		}
		s.done <- s.server.Serve(listener)
	}()
	return s, nil
}

// Close ends the server and its connections, and waits for that.
func (s *Server) Close() error {
	err := s.server.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		return errors.Join(err, served)
	}
	return err
}
