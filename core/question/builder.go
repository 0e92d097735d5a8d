// SPDX-License-Identifier: Apache-2.0

package question

import (
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
)

// Options are what a question is about.
type Options struct {
	Snapshot *cluster.Snapshot
	// Namespaces are those that exist, with their labels.
	Namespaces map[string]map[string]string
	// DefaultSpread gives pods the cluster's default spread constraints; nil gives
	// none.
	DefaultSpread intake.DefaultSpread
	// Storage reads the claims of pods.
	Storage *storage.Rules
}

// Builder gathers a question. It serves one goroutine.
type Builder struct {
	Options
	round   *intake.Round
	pods    []*corev1.Pod
	leaving []*corev1.Pod
	pools   []Pool
	// standing is where pods run that are counted there, by index into pods.
	standing map[int]string
	// users are the pods so far that have claims of one pod at a time.
	users storage.Users
	// hosts are the hostnames of all nodes, made when first asked for.
	hosts map[string]bool
}

// New begins a question.
func New(o Options) *Builder {
	round := o.Snapshot.Compiler().NewRound(o.Namespaces).WithDefaultSpread(o.DefaultSpread).WithDaemons(o.Snapshot.Daemons())
	return &Builder{Options: o, round: round, standing: map[int]string{}, users: storage.Users{}}
}

// Waiting asks about a pod that runs nowhere. The error tells all that is wrong
// with it and its volumes; such a pod is not part of the question (SCH-030).
func (b *Builder) Waiting(pod *corev1.Pod, claims []storage.Claim) error {
	b.users.Mark(claims)
	err := b.Snapshot.Compiler().ValidatePod(pod)
	if errors.Is(err, intake.ErrRefusesKarpenter) {
		return err
	}
	if err := errors.Join(err, b.Storage.Validate(claims, b.hasHost)); err != nil {
		return err
	}
	return b.add(pod, claims)
}

// Leaving asks about a pod whose node is marked for deletion, or gone. Topology
// rules do not count it where it was (SCH-166). The error says what cannot be understood
// about it; it is not validated, as it runs.
func (b *Builder) Leaving(pod *corev1.Pod, claims []storage.Claim) error {
	b.users.Mark(claims)
	if err := b.add(pod, claims); err != nil {
		return err
	}
	b.leaving = append(b.leaving, pod)
	return nil
}

// Standing prepares to ask about a pod that runs on a state node, by its key, and
// stays there unless the node is left out; see [Question.Without].
func (b *Builder) Standing(pod *corev1.Pod, claims []storage.Claim, node string) error {
	b.users.Mark(claims)
	if err := b.add(pod, claims); err != nil {
		return err
	}
	b.standing[len(b.pods)-1] = node
	return nil
}

// Uses notes the claims of a pod that is not asked about because it will get a
// node anyway.
func (b *Builder) Uses(pod *corev1.Pod, claims []storage.Claim) { b.users.Add(pod, claims) }

func (b *Builder) add(pod *corev1.Pod, claims []storage.Claim) error {
	volumes, err := b.Storage.Volumes(claims)
	if err != nil {
		return err
	}
	if err := b.round.Add(pod, volumes); err != nil {
		return err
	}
	b.users.Add(pod, claims)
	b.pods = append(b.pods, pod)
	return nil
}

// Len returns the number of pods so far.
func (b *Builder) Len() int { return len(b.pods) }

// hasHost reports whether a node of a hostname exists (SCH-131).
func (b *Builder) hasHost(name string) bool {
	if b.hosts == nil {
		b.hosts = map[string]bool{}
		for _, n := range b.Snapshot.Nodes() {
			if n.Node() != nil {
				b.hosts[n.View().Hostname] = true
			}
		}
	}
	return b.hosts[name]
}

// Pool is a NodePool that may launch nodes.
type Pool struct {
	NodePool *v1.NodePool
	// Types are what the provider sells in the pool, in the order of the
	// template's catalogue.
	Types     []*cloudprovider.InstanceType
	Template  *model.Template
	Remaining model.Limits
}

// Pool adds a NodePool with what its provider sells. The error says what cannot be
// understood about it; such a pool is not part of the question (SCH-027).
func (b *Builder) Pool(np *v1.NodePool, types []*cloudprovider.InstanceType) (*model.Template, error) {
	s := b.Snapshot
	template, err := s.Compiler().Template(intake.PoolInput{NodePool: np, Types: types, Daemons: s.Daemons(), Evidence: s.Evidence(np.Name)})
	if err != nil {
		return nil, err
	}
	b.pools = append(b.pools, Pool{
		NodePool: np, Types: types, Template: template,
		Remaining: s.Compiler().PoolLimits(np.Spec.Limits, s.Usage(np.Name)),
	})
	return template, nil
}

// Build ends the gathering. Pools are in the order in which they are wanted
// (SCH-025), pods in the order in which they were added.
func (b *Builder) Build() *Question {
	slices.SortFunc(b.pools, func(a, c Pool) int { return v1.CompareNodePools(a.NodePool, c.NodePool) })
	models, groups := b.round.Build(b.Snapshot.Counter(b.leaving, b.Namespaces))
	q := &Question{Cluster: b.Snapshot, Pods: b.pods, Models: models, Pools: b.pools}
	nodes := b.Snapshot.Targets().Nodes
	q.snapshot = &model.Snapshot{
		Vocabulary: b.Snapshot.Compiler().Vocabulary(), Names: b.Snapshot.Compiler().Names(),
		Nodes: nodes, Index: model.NewIndex(nodes), Groups: groups, Held: b.Snapshot.Held(),
	}
	for i := range b.pools {
		q.snapshot.Pools = append(q.snapshot.Pools, model.Pool{Template: b.pools[i].Template, Remaining: b.pools[i].Remaining})
	}
	q.stand(b.standing)
	return q
}
