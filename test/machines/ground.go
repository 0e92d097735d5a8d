// SPDX-License-Identifier: Apache-2.0

package machines

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/machines/v1alpha1"
)

// bootstrapSecret holds the bootstrap data of all hosts, which none reads.
const bootstrapSecret = "bootstrap"

// Ground is what the MachineDeployments of one workload cluster stand on.
type Ground struct {
	// Namespace of its objects in the management cluster.
	Namespace string
	// Cluster is its name.
	Cluster string
}

// Objects are those of the ground, in the order to create them. The kubeconfig leads to
// the workload cluster; it must need no other file.
func (g Ground) Objects(kubeconfig []byte) ([]client.Object, error) {
	endpoint, err := endpointOf(kubeconfig)
	if err != nil {
		return nil, err
	}
	secret := func(name string, data map[string][]byte) *corev1.Secret {
		meta := g.meta(name)
		meta.Labels = map[string]string{clusterv1.ClusterNameLabel: g.Cluster}
		return &corev1.Secret{ObjectMeta: meta, Type: clusterv1.ClusterSecretType, Data: data}
	}
	return []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: g.Namespace}},
		secret(kubeconfigName(g.Cluster), map[string][]byte{kubeconfigKey: kubeconfig}),
		secret(bootstrapSecret, map[string][]byte{"value": []byte("#cloud-config\n")}),
		&v1alpha1.FakeControlPlane{ObjectMeta: g.meta(g.Cluster)},
		&clusterv1.Cluster{ObjectMeta: g.meta(g.Cluster), Spec: clusterv1.ClusterSpec{
			ControlPlaneEndpoint: endpoint,
			ControlPlaneRef:      clusterv1.ContractVersionedObjectReference{APIGroup: v1alpha1.Group, Kind: "FakeControlPlane", Name: g.Cluster},
		}},
	}, nil
}

func (g Ground) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: g.Namespace}
}

// Kubeconfig reads a kubeconfig file, with the contents of the files that it names: a Secret
// has no other ones.
func Kubeconfig(path string) ([]byte, error) {
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %q: %w", path, err)
	}
	if err := errors.Join(clientcmdapi.MinifyConfig(config), clientcmdapi.FlattenConfig(config)); err != nil {
		return nil, fmt.Errorf("read what kubeconfig %q names: %w", path, err)
	}
	return clientcmd.Write(*config)
}

// endpointOf is where a kubeconfig leads to.
func endpointOf(kubeconfig []byte) (clusterv1.APIEndpoint, error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return clusterv1.APIEndpoint{}, fmt.Errorf("parse the kubeconfig of the workload cluster: %w", err)
	}
	host, err := url.Parse(config.Host)
	if err != nil {
		return clusterv1.APIEndpoint{}, fmt.Errorf("find the endpoint of the workload cluster: %w", err)
	}
	port, err := strconv.ParseInt(host.Port(), 10, 32)
	if err != nil {
		return clusterv1.APIEndpoint{}, fmt.Errorf("find the endpoint of the workload cluster: %q names no port: %w", config.Host, err)
	}
	return clusterv1.APIEndpoint{Host: host.Hostname(), Port: int32(port)}, nil
}
