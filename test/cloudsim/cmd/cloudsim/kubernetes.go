// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/cloudsim/kube"
)

// deletionGrace is how long after its machine's end a Node is deleted: 40 s until the
// node controller finds it silent, 5 s until the cloud's looks.
const deletionGrace = 45 * time.Second

// newJoiner returns what writes Nodes; nil: nobody does. Writes are not slowed down:
// the cluster has its own limits.
func newJoiner(o options) (*kube.Joiner, error) {
	if o.kubeconfig == "" {
		return nil, nil
	}
	labels, err := parseLabels(o.kwokLabels)
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	config.QPS = -1
	config.UserAgent = "cloudsim"
	c, err := client.New(config, client.Options{Scheme: clientgoscheme.Scheme})
	if err != nil {
		return nil, fmt.Errorf("make a client of %s: %w", o.kubeconfig, err)
	}
	if err := rest.LoadTLSFiles(config); err != nil {
		return nil, fmt.Errorf("read the cluster's authority: %w", err)
	}
	return kube.New(c, kube.Options{Labels: labels, CA: config.CAData, Grace: deletionGrace}), nil
}

// parseLabels reads key=value,….
func parseLabels(text string) (map[string]string, error) {
	labels := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if pair == "" {
			continue
		}
		key, value, found := strings.Cut(pair, "=")
		if !found || len(validation.IsQualifiedName(key)) > 0 || len(validation.IsValidLabelValue(value)) > 0 {
			return nil, fmt.Errorf("-kwok-labels: %q is no label", pair)
		}
		labels[key] = value
	}
	return labels, nil
}
