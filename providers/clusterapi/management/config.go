// SPDX-License-Identifier: Apache-2.0

package management

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"karpenter.sh/providers/clusterapi/options"
)

// ErrSettings says that settings contradict each other.
var ErrSettings = errors.New("the settings of the management cluster contradict each other")

// Connection is how to reach the management cluster.
type Connection struct {
	// Config of its API server. It is the caller's, unless Joined.
	Config *rest.Config
	// Joined says that it is the workload cluster, whose configuration this is.
	Joined bool
	// Outdated reports whether the kubeconfig file has changed since it was read; nil
	// without a file.
	Outdated func() bool
}

// Connect reads the settings (CAPI-008). The configuration of the workload cluster is
// returned as it is if nothing else is set, and not changed.
func Connect(o options.Options, workload *rest.Config) (Connection, error) {
	if o.SkipTLSVerify && o.CertificateAuthority != "" {
		return Connection{}, fmt.Errorf("%w: a certificate authority is given, and certificates are not to be verified", ErrSettings)
	}
	switch {
	case o.Kubeconfig != "":
		outdated := changes(o.Kubeconfig) // before it is read, lest a change in between is missed
		config, err := load(o.Kubeconfig)
		if err != nil {
			return Connection{}, fmt.Errorf("reading the management cluster from %q: %w", o.Kubeconfig, err)
		}
		return Connection{Config: config, Outdated: outdated}, nil
	case o.URL != "":
		authority, err := options.Authority(o.CertificateAuthority)
		if err != nil {
			return Connection{}, fmt.Errorf("reading the certificate authority of the management cluster: %w", err)
		}
		return Connection{Config: &rest.Config{
			Host: o.URL, BearerToken: o.Token,
			TLSClientConfig: rest.TLSClientConfig{CAData: authority, Insecure: o.SkipTLSVerify},
		}}, nil
	}
	return Connection{Config: workload, Joined: true}, nil
}

// load reads a kubeconfig file, in which paths are relative to its directory. One that says
// nothing is an error, also in a pod.
func load(path string) (*rest.Config, error) {
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return nil, err
	}
	if err := clientcmd.ResolveLocalPaths(config); err != nil {
		return nil, err
	}
	return clientcmd.NewDefaultClientConfig(*config, &clientcmd.ConfigOverrides{}).ClientConfig()
}

// changes returns what tells whether a kubeconfig file is another one than now. One that
// cannot be read is not: a process that ended for it could not start.
func changes(path string) func() bool {
	read := func() []byte {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		if _, err := load(path); err != nil {
			return nil
		}
		return text
	}
	before := sha256.Sum256(read())
	return func() bool {
		text := read()
		return text != nil && sha256.Sum256(text) != before
	}
}
