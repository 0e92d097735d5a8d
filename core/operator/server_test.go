// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"karpenter.sh/core/apis/crds"
	fakecrds "karpenter.sh/core/cloudprovider/fake/crds"
	"karpenter.sh/core/testkit/binary"
	"karpenter.sh/core/testkit/testserver"
)

// server is an API server for one test.
type server struct {
	env        *envtest.Environment
	client     kubernetes.Interface
	kubeconfig string
}

// startServer starts an API server without any CRD.
func startServer(t *testing.T) *server {
	t.Helper()
	s := &server{env: testserver.Start(t), kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	if err := os.WriteFile(s.kubeconfig, s.env.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.client, err = kubernetes.NewForConfig(s.env.Config); err != nil {
		t.Fatal(err)
	}
	return s
}

// define installs the CRDs that the binary needs, but for those of some kinds.
func (s *server) define(t *testing.T, without ...string) {
	t.Helper()
	definitions, err := crds.Core()
	if err != nil {
		t.Fatal(err)
	}
	nodeClass, err := fakecrds.TestNodeClass()
	if err != nil {
		t.Fatal(err)
	}
	all := slices.DeleteFunc(append(definitions, nodeClass), func(d *apiextensionsv1.CustomResourceDefinition) bool {
		return slices.Contains(without, d.Spec.Names.Kind)
	})
	if _, err := envtest.InstallCRDs(s.env.Config, envtest.CRDInstallOptions{CRDs: all}); err != nil {
		t.Fatal(err)
	}
}

// replica runs the binary against the server.
func (s *server) replica(t *testing.T, set ...string) *binary.Process {
	t.Helper()
	return run(t, nil, append([]string{"KUBECONFIG=" + s.kubeconfig, "LEADER_ELECTION_NAMESPACE=default"}, set...)...)
}
