// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// SIM-060: mistakes are one line.
func TestMistakes(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	busy := fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
	setup := filepath.Join(t.TempDir(), "setup.json")
	if err := os.WriteFile(setup, []byte(`{"colour": "red"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for says, arguments := range map[string][]string{
		`no cloud is called "mars", only: aws, proxmox`: {"-cloud", "mars"},
		"address already in use":                        {"-port", busy},
		"unexpected argument":                           {"now"},
		"colour":                                        {"-setup", setup},
		"read the setup":                                {"-setup", setup + "x"},
		"read the kubeconfig":                           {"-kubeconfig", setup + "x"},
		`"a" is no label`:                               {"-kubeconfig", setup, "-kwok-labels", "a"},
	} {
		err := run(context.Background(), arguments, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", arguments, err)
		}
	}
	var help bytes.Buffer
	if err := run(context.Background(), []string{"-help"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-cloud") {
		t.Errorf("help: %v\n%s", err, help.String())
	}
}

// writer tells when something was written.
type writer struct {
	text    bytes.Buffer
	written chan struct{}
}

func (w *writer) Write(p []byte) (int, error) {
	defer close(w.written)
	return w.text.Write(p)
}

// SIM-060: it serves until it is interrupted, and says where.
func TestServes(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir, out, done := t.TempDir(), &writer{written: make(chan struct{})}, make(chan error, 1)
	go func() { done <- run(ctx, []string{"-dir", dir}, out) }()
	select {
	case <-out.written:
	case err := <-done:
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	text := out.text.String()
	if string(written) != text {
		t.Error("the file says something else")
	}
	for _, want := range []string{"export AWS_ENDPOINT_URL='https://127.0.0.1:", "export AWS_CA_BUNDLE='" + filepath.Join(dir, "ca.pem") + "'", "CLOUDSIM_CONTROL='http://127.0.0.1:"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// SIM-001: clients that are not on this machine are told the name they know, and the
// certificate is good for it.
func TestServesOthers(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir, out, done := t.TempDir(), &writer{written: make(chan struct{})}, make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-dir", dir, "-listen", "localhost", "-host", "host.example.org"}, out)
	}()
	select {
	case <-out.written:
	case err := <-done:
		t.Fatal(err)
	}
	text := out.text.String()
	_, after, found := strings.Cut(text, "export AWS_ENDPOINT_URL='https://host.example.org:")
	port, _, _ := strings.Cut(after, "'")
	if !found || !strings.Contains(text, "CLOUDSIM_CONTROL='http://127.0.0.1:") {
		t.Errorf("the environment is\n%s", text)
	}
	bundle, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(bundle)
	connection, err := tls.Dial("tcp", "localhost:"+port, &tls.Config{RootCAs: pool, ServerName: "host.example.org"})
	if err != nil {
		t.Error(err)
	} else if err := connection.Close(); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
