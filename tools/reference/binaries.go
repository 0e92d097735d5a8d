// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics/families"
	"karpenter.sh/core/operator/options"
	kwokv1alpha1 "karpenter.sh/kwok/apis/v1alpha1"
	kwokcatalogue "karpenter.sh/kwok/catalogue"
	kwokoptions "karpenter.sh/kwok/options"
	kwokprovider "karpenter.sh/kwok/provider"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	awsoptions "karpenter.sh/providers/aws/options"
	awssignals "karpenter.sh/providers/aws/signals"
	capiv1alpha1 "karpenter.sh/providers/clusterapi/apis/v1alpha1"
	capioptions "karpenter.sh/providers/clusterapi/options"
	capisignals "karpenter.sh/providers/clusterapi/signals"
	proxmoxv1alpha1 "karpenter.sh/providers/proxmox/apis/v1alpha1"
	proxmoxoptions "karpenter.sh/providers/proxmox/options"
	proxmoxsignals "karpenter.sh/providers/proxmox/signals"
)

// binary is a controller binary, as far as the reference shows it.
type binary struct {
	families.Binary
	// name of the program, title of its provider.
	name, title string
	// settings are those that the provider adds.
	settings []options.Setting
	// events are those that the provider adds.
	events []events.Kind
}

// binaries lists the controller binaries. A provider that is missing here is missing in
// the reference.
func binaries() ([]binary, error) {
	kwok, err := kwokBinary()
	if err != nil {
		return nil, fmt.Errorf("describing the provider kwok: %w", err)
	}
	aws, err := awsBinary()
	if err != nil {
		return nil, fmt.Errorf("describing the provider aws: %w", err)
	}
	clusterAPI, err := clusterAPIBinary()
	if err != nil {
		return nil, fmt.Errorf("describing the provider clusterapi: %w", err)
	}
	proxmox, err := proxmoxBinary()
	if err != nil {
		return nil, fmt.Errorf("describing the provider proxmox: %w", err)
	}
	return []binary{kwok, aws, clusterAPI, proxmox}, nil
}

func kwokBinary() (binary, error) {
	onSale, err := kwokcatalogue.Load("")
	if err != nil {
		return binary{}, err
	}
	provider, err := kwokprovider.New(kwokprovider.Options{Catalogue: onSale, Clock: clock.RealClock{}})
	if err != nil {
		return binary{}, err
	}
	words, err := vocabulary.New(provider.Vocabulary())
	return binary{
		name: "karpenter-kwok", title: "kwok", settings: options.Settings(new(kwokoptions.Options).Declare),
		Binary: families.Binary{
			Vocabulary: words, NodeClasses: []schema.GroupKind{{Group: kwokv1alpha1.Group, Kind: "KWOKNodeClass"}},
		},
	}, err
}

func awsBinary() (binary, error) {
	words, err := vocabulary.New(awsv1.Vocabulary())
	return binary{
		name: "karpenter-aws", title: "AWS", settings: options.Settings(new(awsoptions.Options).Declare), events: awssignals.Events(),
		Binary: families.Binary{
			Vocabulary: words, NodeClasses: []schema.GroupKind{{Group: awsv1.Group, Kind: "EC2NodeClass"}},
			Own: []families.Group{families.Kit(), awssignals.Families()},
		},
	}, err
}

func clusterAPIBinary() (binary, error) {
	words, err := vocabulary.New(capiv1alpha1.Vocabulary())
	return binary{
		name: "karpenter-clusterapi", title: "Cluster API", settings: options.Settings(new(capioptions.Options).Declare), events: capisignals.Events(),
		Binary: families.Binary{
			Vocabulary: words, NodeClasses: []schema.GroupKind{{Group: capiv1alpha1.Group, Kind: capiv1alpha1.Kind}},
			Own: []families.Group{capisignals.Families()},
		},
	}, err
}

func proxmoxBinary() (binary, error) {
	words, err := vocabulary.New(proxmoxv1alpha1.Vocabulary())
	return binary{
		name: "karpenter-proxmox", title: "Proxmox VE", settings: options.Settings(new(proxmoxoptions.Options).Declare), events: proxmoxsignals.Events(),
		Binary: families.Binary{
			Vocabulary: words, NodeClasses: []schema.GroupKind{{Group: proxmoxv1alpha1.Group, Kind: proxmoxv1alpha1.NodeClassKind}},
		},
	}, err
}
