// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/operator/election"
	"karpenter.sh/core/operator/options"
)

// shared is what controllers are built from.
type shared struct {
	manager    manager.Manager
	options    options.Options
	recorder   events.Recorder
	registerer prometheus.Registerer
	nodeClaims *metrics.NodeClaims
	clock      clock.WithTicker
	// words is what core and provider know about labels and resources.
	words *vocabulary.Vocabulary
	// provider is the outermost layer.
	provider cloudprovider.CloudProvider
	// managed are the kinds of NodeClass that make an object ours.
	managed cloudprovider.NodeClassKinds
	// extra are the controllers of the provider.
	extra []Controller
	// onSale is how many instance types the provider has; -1 if that is not known
	// before a pool is.
	onSale int
}

// share puts the layers around the provider and checks what it brings. Without
// election there is no fence.
func share(ctx context.Context, s Setup, p Provider, fence *election.Fence) (*shared, error) {
	words, err := cloudprovider.VocabularyOf(p.CloudProvider)
	if err != nil {
		return nil, err
	}
	onSale, err := checkCatalogue(ctx, p, words)
	if err != nil {
		return nil, err
	}
	layered, err := cloudprovider.Instrument(p.CloudProvider, cloudprovider.Instrumentation{
		Registerer: s.Registerer,
		Controller: callerOf,
		Clock:      s.Clock,
	})
	if err != nil {
		return nil, err
	}
	if fence != nil { // outside of the metrics: what it refuses is no failure of the provider
		layered = fence.Provider(layered)
	}
	managed, err := cloudprovider.NodeClassKindsOf(p.CloudProvider.SupportedNodeClasses(), s.Manager.GetScheme())
	if err != nil {
		return nil, err
	}
	return &shared{
		manager: s.Manager, options: s.Options, recorder: s.Recorder, registerer: s.Registerer,
		nodeClaims: s.NodeClaims, clock: s.Clock,
		words: words, provider: layered, managed: managed, extra: p.Controllers, onSale: onSale,
	}, nil
}

// checkCatalogue stops the start if instance types demand labels that are not
// well-known, which no pool could ever use (CP-006). It returns how many there
// are; -1 if that is not known.
func checkCatalogue(ctx context.Context, p Provider, words *vocabulary.Vocabulary) (int, error) {
	if p.Catalogue == nil {
		return -1, nil
	}
	types, err := p.Catalogue(ctx)
	if err != nil {
		return -1, fmt.Errorf("reading the catalogue of provider %q: %w", p.CloudProvider.Name(), err)
	}
	if err := cloudprovider.CheckKeys(types, words.IsWellKnown); err != nil {
		return -1, fmt.Errorf("checking the catalogue of provider %q: %w", p.CloudProvider.Name(), err)
	}
	return len(types), nil
}
