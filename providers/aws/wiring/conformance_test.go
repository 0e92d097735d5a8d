// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"fmt"
	"testing"

	"karpenter.sh/core/cloudprovider/conformance"
	v1 "karpenter.sh/providers/aws/apis/v1"

	karpv1 "karpenter.sh/core/apis/v1"
)

// harness brings the provider as the binary builds it, in the simulated account.
func harness() conformance.Harness {
	return conformance.Harness{
		Start: func(t testing.TB) conformance.Cloud { return newWorld(t).cloud() },
		Lacks: map[conformance.Capability]string{
			"Overlays":  "CP-077: the layer of overlays is not there yet",
			"Overrides": "AWS-201: the resources of a machine are those of its type, whichever offering it is bought by",
		},
	}
}

// CP-301, CP-303 to CP-308, CP-311 to CP-349, and by them AWS-091, AWS-124, AWS-131,
// AWS-232, AWS-280, AWS-292, AWS-293, AWS-295, AWS-320 to AWS-326, AWS-352, AWS-376,
// AWS-377, AWS-387 to AWS-389, AWS-431, AWS-441, AWS-445
func TestConformance(t *testing.T) {
	skipped := conformance.Run(t, harness())
	if len(skipped) != 2 { // KIT-203: what does not run is known
		t.Errorf("not run: %d rows: %v", len(skipped), skipped)
	}
}

func (w *world) cloud() conformance.Cloud {
	return conformance.Cloud{
		Provider:     w.front,
		NodeClass:    karpv1.NodeClassReference{Group: v1.Kind().Group, Kind: v1.Kind().Kind, Name: "default"},
		Machines:     w.machines(),
		NodeClasses:  w.nodeClasses(),
		Faults:       w.faults(),
		Stock:        w.stock(),
		Catalogue:    &conformance.Catalogue{RemoveType: w.removeType},
		Edits:        w.edits(),
		Hash:         w.hashing(),
		Drift:        w.drifts(),
		Scopes:       w.scopes(),
		Truncation:   w.truncation(),
		Templates:    &conformance.Templates{Vanish: func(testing.TB) { w.Cloud.DropLaunchTemplates() }},
		Batching:     w.batching(),
		Boot:         &conformance.Boot{Node: w.node},
		Ending:       w.ending(),
		Collection:   w.collection(),
		Tags:         w.tags(),
		Reservations: w.reservations(),
		Interruption: w.interruption(),
		Prices:       w.prices(),
		Secrets: &conformance.Secrets{
			Values: []string{secretOfTheTest, w.secretKey()},
			Output: func() string { return w.output.String() + fmt.Sprint(w.events.Events()) },
		},
		Accounts: &conformance.Accounts{OtherID: "aws:///eu-central-1a/i-0123456789abcdef0"},
	}
}

// secretKey is the one that requests are signed with.
func (w *world) secretKey() string {
	credentials, err := w.Config.Credentials.Retrieve(w.t.Context())
	w.must(err)
	return credentials.SecretAccessKey
}
