// SPDX-License-Identifier: Apache-2.0

// Package options holds the settings that the provider of Cluster API adds to the core's
// (section 2 of its chapter). It decides names, defaults and what is valid, and reads
// nothing: what the management cluster is, is found out by package management.
//
// It imports the core's options, and what the core does by default.
package options

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"time"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/operator/options"
)

// Options are the provider's settings. All may be left out: then the management cluster
// is the workload cluster, and all of it is in scope.
type Options struct {
	// Kubeconfig is the file that names the management cluster; it goes before URL.
	Kubeconfig string
	// URL of the API server of the management cluster.
	URL string
	// Token is the bearer token for URL. Whoever renews it starts the process again, or names
	// a token file in a kubeconfig instead.
	Token string
	// CertificateAuthority of URL: PEM, or base64 of PEM.
	CertificateAuthority string
	// SkipTLSVerify trusts whoever answers at URL. Default false.
	SkipTLSVerify bool
	// ClusterName is the only cluster whose Machines are used; empty: any.
	ClusterName string
	// Namespace is the only one that is read; empty: all.
	Namespace string
	// LaunchTimeout is how long a Machine may take to get its provider ID, from 5 to 14
	// minutes. Default 5 minutes.
	LaunchTimeout time.Duration
}

// Declare adds the settings to the flags of a binary.
func (o *Options) Declare(s *options.Set) {
	s.String(&o.Kubeconfig, options.Option[string]{
		Name: "cluster-api-kubeconfig", Env: "CLUSTER_API_KUBECONFIG",
		Usage: "Kubeconfig file of the management cluster. Empty means that a URL is given, or that it is the cluster of the nodes.",
	})
	s.String(&o.URL, options.Option[string]{
		Name: "cluster-api-url", Env: "CLUSTER_API_URL", Check: options.AbsoluteURL,
		Usage: "URL of the API server of the management cluster, if no kubeconfig file is given.",
	})
	s.String(&o.Token, options.Option[string]{
		Name: "cluster-api-token", Env: "CLUSTER_API_TOKEN",
		Usage: "Bearer token for the URL of the management cluster. It is read at the start only; a token file that a kubeconfig names is read again.",
	})
	s.String(&o.CertificateAuthority, options.Option[string]{
		Name: "cluster-api-certificate-authority-data", Env: "CLUSTER_API_CERTIFICATE_AUTHORITY_DATA", Check: authority,
		Usage: "Certificate authority for the URL of the management cluster: PEM, or PEM in base64.",
	})
	s.Bool(&o.SkipTLSVerify, options.Option[bool]{
		Name: "cluster-api-skip-tls-verify", Env: "CLUSTER_API_SKIP_TLS_VERIFY",
		Usage: "Trust whoever answers at the URL of the management cluster. Not together with a certificate authority.",
	})
	s.String(&o.ClusterName, options.Option[string]{
		Name: "cluster-api-cluster-name", Env: "CLUSTER_API_CLUSTER_NAME",
		Usage: "Use Machines and MachineDeployments of this cluster only. Empty means any.",
	})
	s.String(&o.Namespace, options.Option[string]{
		Name: "cluster-api-namespace", Env: "CLUSTER_API_NAMESPACE",
		Usage: "Read this namespace of the management cluster only. Empty means all.",
	})
	s.Duration(&o.LaunchTimeout, options.Option[time.Duration]{
		Name: "cluster-api-launch-timeout", Env: "CLUSTER_API_LAUNCH_TIMEOUT", Default: cloudprovider.DefaultLaunchTimeout, Check: launchTimeout,
		Usage: "How long a Machine may take to get its provider ID, from 5m to 14m. Its Node must have registered 15m after the NodeClaim was made.",
	})
}

// ErrAuthority says that a certificate authority cannot be read.
var ErrAuthority = errors.New("must be certificates in PEM, or those in base64")

// Authority returns a certificate authority as PEM; nil if none is given.
func Authority(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	pem := []byte(text)
	if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
		pem = decoded
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, ErrAuthority
	}
	return pem, nil
}

// longestLaunch leaves a minute for the Node to register, within the core's 15 minutes.
const longestLaunch = 14 * time.Minute

// ErrLaunchTimeout says that a launch timeout is not among those that make sense.
var ErrLaunchTimeout = errors.New("must be from 5m to 14m")

func launchTimeout(d time.Duration) error {
	if d < cloudprovider.DefaultLaunchTimeout || d > longestLaunch {
		return ErrLaunchTimeout
	}
	return nil
}

func authority(text string) error {
	_, err := Authority(text)
	return err
}
