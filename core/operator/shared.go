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
	"karpenter.sh/core/operator/options"
)

// shared is what controllers are built from.
type shared struct {
	manager    manager.Manager
	options    options.Options
	recorder   events.Recorder
	registerer prometheus.Registerer
	clock      clock.WithTicker
	// words is what core and provider know about labels and resources.
	words *vocabulary.Vocabulary
	// provider is the outermost layer.
	provider cloudprovider.CloudProvider
	// managed are the kinds of NodeClass that make an object ours.
	managed cloudprovider.NodeClassKinds
	// extra are the controllers of the provider.
	extra []Controller
}

// share puts the layers around the provider and checks what it brings.
func share(ctx context.Context, s Setup, p Provider) (*shared, error) {
	words, err := cloudprovider.VocabularyOf(p.CloudProvider)
	if err != nil {
		return nil, err
	}
	if err := checkCatalogue(ctx, p, words); err != nil {
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
	managed, err := cloudprovider.NodeClassKindsOf(p.CloudProvider.SupportedNodeClasses(), s.Manager.GetScheme())
	if err != nil {
		return nil, err
	}
	return &shared{
		manager: s.Manager, options: s.Options, recorder: s.Recorder, registerer: s.Registerer, clock: s.Clock,
		words: words, provider: layered, managed: managed, extra: p.Controllers,
	}, nil
}

// checkCatalogue stops the start if instance types demand labels that are not
// well-known, which no pool could ever use (CP-006).
func checkCatalogue(ctx context.Context, p Provider, words *vocabulary.Vocabulary) error {
	if p.Catalogue == nil {
		return nil
	}
	types, err := p.Catalogue(ctx)
	if err != nil {
		return fmt.Errorf("reading the catalogue of provider %q: %w", p.CloudProvider.Name(), err)
	}
	if err := cloudprovider.CheckKeys(types, words.IsWellKnown); err != nil {
		return fmt.Errorf("checking the catalogue of provider %q: %w", p.CloudProvider.Name(), err)
	}
	return nil
}
