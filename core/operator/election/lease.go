// SPDX-License-Identifier: Apache-2.0

package election

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"

	"karpenter.sh/core/metrics/families"
)

// Times of leader election (OPS-055).
const (
	LeaseDuration = 15 * time.Second
	RenewDeadline = 10 * time.Second
	RetryPeriod   = 2 * time.Second
)

// requestTimeout ends one request about the Lease, so that a hung one leaves
// time for another.
const requestTimeout = 5 * time.Second

// namespaceFile is where a pod finds its own namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// Settings are what a provider may change about the Lease (OPS-058).
type Settings struct {
	// Labels are set on the Lease.
	Labels map[string]string
	// Cluster keeps the Lease; nil means the cluster that Karpenter works in.
	Cluster *rest.Config
}

// Options are what an election is made from.
type Options struct {
	// Namespace and Name of the Lease. An empty namespace means the pod's own.
	Namespace, Name string
	// NamespaceFile is where a pod finds its own namespace; empty means where
	// Kubernetes mounts it.
	NamespaceFile string
	// Cluster that Karpenter works in.
	Cluster *rest.Config
	// Settings of the provider.
	Settings Settings
	Clock    clock.Clock
	// Registerer takes the metrics of the election.
	Registerer prometheus.Registerer
}

// Election is how one replica comes to lead.
type Election struct {
	lock   resourcelock.Interface
	fence  *Fence
	events *events
}

// New makes a lock with a client of its own. The error asks for the namespace
// where there is none.
func New(o Options) (*Election, error) {
	namespace, err := o.namespace()
	if err != nil {
		return nil, err
	}
	identity, err := holderIdentity()
	if err != nil {
		return nil, err
	}
	clients, err := kubernetes.NewForConfig(o.client())
	if err != nil {
		return nil, fmt.Errorf("making the client for leader election: %w", err)
	}
	r := families.New(o.Registerer, families.Core()...)
	slow := r.Counter("leader_election_slowpath_total")
	if err := r.Err(); err != nil {
		return nil, err
	}
	e := &Election{events: &events{client: clients.CoreV1(), clock: o.Clock}, fence: NewFence(o.Clock)}
	e.lock = e.fence.Observe(&countedLock{slow: slow.WithLabelValues(o.Name), Interface: &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: o.Name},
		Client:     clients.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity, EventRecorder: e.events},
		Labels:     o.Settings.Labels,
	}})
	return e, nil
}

// Lock is what the manager renews.
func (e *Election) Lock() resourcelock.Interface { return e.lock }

// Guard puts the fence around the clients that are made from a configuration.
func (e *Election) Guard(config *rest.Config) { config.Wrap(e.fence.Wrap) }

// Fence is what keeps a replica that lost the lease from writing.
func (e *Election) Fence() *Fence { return e.fence }

// Flush waits until the events about leadership are sent, but not for longer
// than a retry period.
func (e *Election) Flush() { e.events.flush(RetryPeriod) }

// client is without a rate limit on the client's side.
func (o Options) client() *rest.Config {
	cluster := o.Cluster
	if o.Settings.Cluster != nil {
		cluster = o.Settings.Cluster
	}
	config := rest.CopyConfig(cluster)
	if config.UserAgent == "" {
		config.UserAgent = rest.DefaultKubernetesUserAgent()
	}
	config.UserAgent += "/leader-election"
	config.QPS, config.RateLimiter = -1, nil
	config.Timeout = requestTimeout
	return config
}

// namespace is the one that was set, or the pod's own (OPS-057).
func (o Options) namespace() (string, error) {
	if o.Namespace != "" {
		return o.Namespace, nil
	}
	file := o.NamespaceFile
	if file == "" {
		file = namespaceFile
	}
	namespace, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return "", errors.New("no namespace for leader election: outside of a cluster, set --leader-election-namespace (LEADER_ELECTION_NAMESPACE) or disable leader election")
	}
	if err != nil {
		return "", fmt.Errorf("reading the pod's own namespace: %w", err)
	}
	return strings.TrimSpace(string(namespace)), nil
}

// holderIdentity tells replicas apart, also those on one host (OPS-056).
func holderIdentity() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("reading the host name for leader election: %w", err)
	}
	return host + "_" + uuid.NewString(), nil
}
