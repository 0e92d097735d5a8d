// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/flowcontrol"

	"karpenter.sh/core/operator/options"
)

// clusterConfig finds the cluster: KUBECONFIG if it is set, else the
// credentials of the pod, else the file in the home directory (OPS-046).
func clusterConfig() (*rest.Config, error) {
	if paths := os.Getenv(clientcmd.RecommendedConfigPathEnvVar); paths != "" {
		return fileConfig(filepath.SplitList(paths))
	}
	config, err := rest.InClusterConfig()
	if err == nil {
		return config, nil
	}
	if !errors.Is(err, rest.ErrNotInCluster) {
		return nil, fmt.Errorf("reading the credentials of the pod: %w", err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, fmt.Errorf("no cluster: KUBECONFIG is not set, this is not a pod, and there is no home directory: %w", err)
	}
	return fileConfig([]string{filepath.Join(home, clientcmd.RecommendedHomeDir, clientcmd.RecommendedFileName)})
}

func fileConfig(paths []string) (*rest.Config, error) {
	if !slices.ContainsFunc(paths, exists) { // the library would look elsewhere
		return nil, fmt.Errorf("reading the cluster from %q: %w", paths, errNoFile)
	}
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: paths}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the cluster from %q: %w", paths, err)
	}
	return config, nil
}

// errNoFile says that none of the files is there.
var errNoFile = errors.New("the file does not exist")

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// mainClientConfig is that of the client which all controllers share.
func mainClientConfig(o options.Options, b build) (*rest.Config, error) {
	config, err := clusterConfig()
	if err != nil {
		return nil, err
	}
	config.UserAgent = "karpenter/" + b.version
	config.RateLimiter = limiter(o)
	return config, nil
}

// limiter is one for all kinds: left to itself, the library would make one for
// each (OPS-013, OPS-014).
func limiter(o options.Options) flowcontrol.RateLimiter {
	qps, burst := float32(o.KubeClientQPS), o.KubeClientBurst
	if qps < 0 {
		return flowcontrol.NewFakeAlwaysRateLimiter()
	}
	if qps == 0 {
		qps = rest.DefaultQPS
	}
	if burst <= 0 {
		burst = rest.DefaultBurst
	}
	return flowcontrol.NewTokenBucketRateLimiter(qps, burst)
}
