// SPDX-License-Identifier: Apache-2.0

package management

import (
	"errors"
	"fmt"

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
}

// Connect reads the settings (CAPI-008). The configuration of the workload cluster is
// returned as it is if nothing else is set, and not changed.
func Connect(o options.Options, workload *rest.Config) (Connection, error) {
	if o.SkipTLSVerify && o.CertificateAuthority != "" {
		return Connection{}, fmt.Errorf("%w: a certificate authority is given, and certificates are not to be verified", ErrSettings)
	}
	switch {
	case o.Kubeconfig != "":
		config, err := clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
		if err != nil {
			return Connection{}, fmt.Errorf("reading the management cluster from %q: %w", o.Kubeconfig, err)
		}
		return Connection{Config: config}, nil
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
