// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/question"
	"karpenter.sh/kwok/catalogue"
	"karpenter.sh/kwok/provider"
	"karpenter.sh/test/internal/manifests"
	"karpenter.sh/test/internal/timeline"
)

// atOnce is what a plan for all pods of a case costs that is made in one go.
type atOnce struct {
	timeline.Bill
	// Took is how long the engine thought, in this process.
	Took time.Duration
}

// plan asks the engine about all pods of a case and an empty cluster, with the
// benchmark's pool and the provider's own instance types.
func plan(c Case) (atOnce, error) {
	sold, err := catalogue.Load("")
	if err != nil {
		return atOnce{}, err
	}
	cloud, err := provider.New(provider.Options{Catalogue: sold, Clock: clock.RealClock{}})
	if err != nil {
		return atOnce{}, fmt.Errorf("make the provider of fake nodes: %w", err)
	}
	words, err := cloudprovider.VocabularyOf(cloud)
	if err != nil {
		return atOnce{}, err
	}
	asked, err := ask(c, sold, words)
	if err != nil {
		return atOnce{}, fmt.Errorf("ask for a plan of all pods: %w", err)
	}
	start := time.Now()
	input := asked.Input()
	input.Repack = place.RepackSteps
	answer := place.Solve(input)
	if len(answer.Unplaced) > 0 {
		return atOnce{}, fmt.Errorf("a plan of all pods leaves %d without a node: %s", len(answer.Unplaced), answer.Unplaced[0].Why)
	}
	out := atOnce{Took: time.Since(start), Bill: timeline.Bill{Nodes: len(answer.Bins), Pods: c.Pods}}
	for i := range answer.Bins {
		out.Dollars += answer.Bins[i].Price
	}
	return out, nil
}

// ask puts the question together as a round of provisioning does.
func ask(c Case, sold *catalogue.Catalogue, words *vocabulary.Vocabulary) (*question.Question, error) {
	pool, err := nodePool()
	if err != nil {
		return nil, err
	}
	empty, err := cluster.New(cluster.Options{
		Clock: clock.RealClock{}, Compiler: intake.New(intake.Options{Vocabulary: words}),
		Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		return nil, err
	}
	b := question.New(question.Options{
		Snapshot: empty.Snapshot(), Namespaces: map[string]map[string]string{namespace: nil}, Storage: storage.NewRules(words),
	})
	for _, pod := range c.pods("plan", nil) {
		if err := b.Waiting(pod, nil); err != nil {
			return nil, fmt.Errorf("pod %s: %w", pod.Name, err)
		}
	}
	if _, err := b.Pool(pool, sold.Types); err != nil {
		return nil, fmt.Errorf("NodePool %s: %w", pool.Name, err)
	}
	return b.Build(), nil
}

// nodePool is the benchmark's pool.
func nodePool() (*v1.NodePool, error) {
	objects, err := manifests.Decode(manifest)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if o.GetKind() != "NodePool" {
			continue
		}
		text, err := o.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("read the NodePool: %w", err)
		}
		pool := &v1.NodePool{}
		if err := json.Unmarshal(text, pool); err != nil {
			return nil, fmt.Errorf("read the NodePool: %w", err)
		}
		return pool, nil
	}
	return nil, fmt.Errorf("the manifest has no NodePool")
}
