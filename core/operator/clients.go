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

	"karpenter.sh/core/operator/election"
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

// Clients says how this process speaks with API servers.
type Clients struct {
	agent string
	// qps and burst are the user's; see limiter.
	qps, burst int
	// fence is nil without election.
	fence *election.Fence
}

func newClients(o options.Options, b build) Clients {
	return Clients{agent: "karpenter/" + b.version, qps: o.KubeClientQPS, burst: o.KubeClientBurst}
}

// Config returns what the clients of another cluster are to be made from: a copy of a
// configuration, with the name of this process, a rate limit of its own that is set as the
// main one is, and the fence of leader election (OPS-013, OPS-047, OPS-059). Do not pass the
// manager's own configuration: it has name, limit and fence already. The zero Clients has no
// fence, and the library's limit.
func (c Clients) Config(config *rest.Config) *rest.Config {
	out := c.unfenced(config)
	if c.fence != nil {
		out.Wrap(c.fence.Wrap)
	}
	return out
}

func (c Clients) unfenced(config *rest.Config) *rest.Config {
	out := rest.CopyConfig(config)
	out.UserAgent = c.agent
	out.RateLimiter = limiter(c.qps, c.burst)
	return out
}

// limiter is one for all kinds: left to itself, the library would make one for
// each (OPS-013, OPS-014).
func limiter(perSecond, burst int) flowcontrol.RateLimiter {
	qps := float32(perSecond)
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
