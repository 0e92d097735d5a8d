// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/providers/aws/cluster"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/internal/simtest"
)

// server is an API server that tells its version.
type server struct {
	major, minor string
	err          error
}

func (s *server) ServerVersionWithContext(context.Context) (*version.Info, error) {
	return &version.Info{Major: s.major, Minor: s.minor}, s.err
}

// world is an account with a cluster and the way to it.
type world struct {
	*simtest.Account
	opts   cluster.Options
	server *server
	log    strings.Builder
}

func newWorld(t *testing.T, dns string) *world {
	t.Helper()
	a := simtest.New(t)
	w := &world{Account: a, server: &server{major: "1", minor: "34+"}}
	kube := fake.NewClientBuilder()
	if dns != "" {
		kube = kube.WithObjects(&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-dns"}, Spec: corev1.ServiceSpec{ClusterIP: dns},
		})
	}
	w.opts = cluster.Options{
		Name: simtest.Cluster, EKS: eks.NewFromConfig(a.Config), Server: w.server, Reader: kube.Build(),
		REST: &rest.Config{TLSClientConfig: rest.TLSClientConfig{CAData: []byte("authority")}},
		Log:  funcr.New(func(_, args string) { w.log.WriteString(args + "\n") }, funcr.Options{}),
	}
	return w
}

func (w *world) discover(t *testing.T) *cluster.Cluster {
	t.Helper()
	c, err := cluster.Discover(t.Context(), w.opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// AWS-002 (4), (7), (8), AWS-004: what is found, and by whom.
func TestDiscover(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "10.100.0.10")
	c := w.discover(t)
	if c.Name() != simtest.Cluster || c.Endpoint() != w.Setup.Cluster.Endpoint || c.Version() != "1.34" {
		t.Errorf("%s at %s has version %s", c.Name(), c.Endpoint(), c.Version())
	}
	if want := base64.StdEncoding.EncodeToString([]byte("authority")); c.CABundle() != want {
		t.Errorf("the authority is %q", c.CABundle())
	}
	w.opts.Endpoint, w.opts.CABundle, w.opts.REST = "https://given", "Y2E=", nil
	calls := w.Calls("eks:DescribeCluster")
	c = w.discover(t)
	if c.Endpoint() != "https://given" || c.CABundle() != "Y2E=" || w.Calls("eks:DescribeCluster") != calls {
		t.Errorf("what is set is not taken: %s, %s, %d calls", c.Endpoint(), c.CABundle(), w.Calls("eks:DescribeCluster")-calls)
	}
}

// AWS-002 (8): the authority is read from the file that the controller uses.
func TestAuthorityInFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, []byte("in a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.opts.REST = &rest.Config{TLSClientConfig: rest.TLSClientConfig{CAFile: file}}
	if got := w.discover(t).CABundle(); got != base64.StdEncoding.EncodeToString([]byte("in a file")) {
		t.Errorf("the authority is %q", got)
	}
	w.opts.REST.CAFile += ".gone"
	if _, err := cluster.Discover(t.Context(), w.opts); err == nil {
		t.Error("a file that cannot be read is no error")
	}
}

// unreadable is a cluster of which nothing can be read.
type unreadable struct{ client.Reader }

func (unreadable) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errors.New("forbidden")
}

// AWS-002 (5), AWS-003: the DNS address, and the family that it says.
func TestDNS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		clusterIP, want string
		ipv6            bool
	}{
		"IPv4": {"10.100.0.10", "10.100.0.10", false}, "IPv6": {"fd00::a", "fd00::a", true},
		"headless": {"None", "invalid IP", false}, "missing": {"", "invalid IP", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t, c.clusterIP).discover(t)
			if got.DNS().String() != c.want || got.IPv6() != c.ipv6 {
				t.Errorf("DNS at %v, IPv6 %t", got.DNS(), got.IPv6())
			}
		})
	}
	w := newWorld(t, "10.100.0.10")
	w.opts.Reader = unreadable{}
	if c := w.discover(t); c.DNS().IsValid() {
		t.Errorf("DNS at %v", c.DNS())
	}
}

// AWS-002: every failure but that of DNS ends the start.
func TestFailuresOfStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.FailOnce("eks:DescribeCluster", "AccessDeniedException", "no")
	if _, err := cluster.Discover(t.Context(), w.opts); !failure.IsUnauthorized(err) || !strings.Contains(err.Error(), "--cluster-endpoint") {
		t.Errorf("without endpoint: %v", err)
	}
	w.server.err = errors.New("no answer")
	if _, err := cluster.Discover(t.Context(), w.opts); !errors.Is(err, w.server.err) {
		t.Errorf("without version: %v", err)
	}
	w.server.err, w.server.minor = nil, "x"
	if _, err := cluster.Discover(t.Context(), w.opts); err == nil {
		t.Error("a version that is none is no error")
	}
	w.opts.EKS = answers{&types.Cluster{Name: aws.String("c1")}}
	if _, err := cluster.Discover(t.Context(), w.opts); err == nil || !strings.Contains(err.Error(), "no endpoint yet") {
		t.Errorf("a cluster that is being made: %v", err)
	}
}

// AWS-004: refreshes every 5 min, keeps the version after failures, and tells of a
// version that is not supported once.
func TestVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	c := w.discover(t)
	loop := cluster.NewController(c)
	round := func() error {
		result, err := loop.Reconcile(t.Context())
		if err == nil && result.RequeueAfter != cluster.Every {
			t.Errorf("the next round is in %v", result.RequeueAfter)
		}
		return err
	}
	for _, step := range []struct {
		minor, want string
		logs        int
	}{
		{"35", "1.35", 0}, {"36-gke.1", "1.36", 0}, {"37", "1.37", 1}, {"37+", "1.37", 1}, {"25", "1.25", 2}, {"26", "1.26", 2}, {"37", "1.37", 3},
	} {
		w.server.minor = step.minor
		if err := round(); err != nil || c.Version() != step.want {
			t.Errorf("version %s of %q, %v", c.Version(), step.minor, err)
		}
		if got := strings.Count(w.log.String(), "not supported"); got != step.logs {
			t.Errorf("%d logs after %s", got, step.minor)
		}
	}
	w.server.err = errors.New("no answer")
	if err := round(); !errors.Is(err, w.server.err) || c.Version() != "1.37" {
		t.Errorf("after a failure: %s, %v", c.Version(), err)
	}
}

// AWS-001, AWS-004: with an EKS control plane the version is the one EKS tells.
func TestVersionOfEKS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.opts.EKSVersion, w.opts.Server = true, nil
	w.Setup.Cluster.Version = "1.34"
	c := w.discover(t)
	if c.Version() != "1.34" {
		t.Errorf("the version is %s", c.Version())
	}
	before := w.Calls("eks:DescribeCluster")
	if err := c.Refresh(t.Context()); err != nil || w.Calls("eks:DescribeCluster") != before+1 {
		t.Errorf("a refresh makes %d calls, %v", w.Calls("eks:DescribeCluster")-before, err)
	}
	w.Fail("eks:DescribeCluster", "ServerException", "")
	if err := c.Refresh(t.Context()); err == nil || c.Version() != "1.34" {
		t.Errorf("after a failure: %s, %v", c.Version(), err)
	}
}

// answers is an EKS that says the same always.
type answers struct{ cluster *types.Cluster }

func (a answers) DescribeCluster(context.Context, *eks.DescribeClusterInput, ...func(*eks.Options)) (*eks.DescribeClusterOutput, error) {
	return &eks.DescribeClusterOutput{Cluster: a.cluster}, nil
}

// AWS-005: the service range is asked for when it is needed, once for all who need it,
// again after a failure, and never after it is known.
func TestServiceCIDR(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.opts.Endpoint = "https://given"
	c := w.discover(t)
	if got := w.Calls("eks:DescribeCluster"); got != 0 {
		t.Fatalf("%d calls before anybody needs it", got)
	}
	w.FailOnce("eks:DescribeCluster", "ServerException", "")
	if _, err := c.ServiceCIDR(t.Context()); !failure.IsServerFault(err) {
		t.Errorf("the failure is %v", err)
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if got, err := c.ServiceCIDR(t.Context()); err != nil || got != w.Setup.Cluster.CIDR {
				t.Errorf("the range is %s, %v", got, err)
			}
		})
	}
	wait.Wait()
	w.Fail("eks:DescribeCluster", "ServerException", "")
	if got, err := c.ServiceCIDR(t.Context()); err != nil || got != w.Setup.Cluster.CIDR {
		t.Errorf("the range is %s, %v", got, err)
	}
	if arn, err := c.ARN(t.Context()); err != nil || arn != "arn:aws:eks:us-west-2:111122223333:cluster/c1" {
		t.Errorf("the ARN is %s, %v", arn, err)
	}
	if got := w.Calls("eks:DescribeCluster"); got != 2 {
		t.Errorf("%d calls, not one that failed and one", got)
	}
}

// AWS-005: an IPv6 cluster has an IPv6 range; an answer without any is not kept.
func TestServiceCIDRv6(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.opts.Endpoint = "https://given"
	told := &types.Cluster{Endpoint: aws.String("https://e"), KubernetesNetworkConfig: &types.KubernetesNetworkConfigResponse{}}
	w.opts.EKS, w.opts.Log = answers{told}, logr.Discard()
	c := w.discover(t)
	if _, err := c.ServiceCIDR(t.Context()); err == nil {
		t.Error("no range is no error")
	}
	told.KubernetesNetworkConfig.ServiceIpv6Cidr = aws.String("fd00:1::/108")
	if got, err := c.ServiceCIDR(t.Context()); err != nil || got != "fd00:1::/108" {
		t.Errorf("the range is %s, %v", got, err)
	}
}
