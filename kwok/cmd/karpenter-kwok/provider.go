// SPDX-License-Identifier: Apache-2.0

package main

import (
	"karpenter.sh/core/operator"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/catalogue"
	"karpenter.sh/kwok/controllers/garbagecollection"
	"karpenter.sh/kwok/controllers/recovery"
	"karpenter.sh/kwok/options"
	"karpenter.sh/kwok/provider"
)

// newProvider builds the provider of fake nodes and its controllers.
func newProvider(o options.Options, s operator.Setup) (operator.Provider, error) {
	onSale, err := catalogue.Load(o.InstanceTypesFilePath)
	if err != nil {
		return operator.Provider{}, err
	}
	for _, ignored := range onSale.Ignored {
		s.Manager.GetLogger().Info("ignoring a part of the instance types", "part", ignored)
	}
	client := s.Manager.GetClient()
	cloud, err := provider.New(provider.Options{
		Client: client, Live: s.Manager.GetAPIReader(), Catalogue: onSale,
		Clock: s.Clock, Events: s.Recorder, InjectFailures: o.EnableFailureInjection,
	})
	if err != nil {
		return operator.Provider{}, err
	}
	return operator.Provider{
		CloudProvider: cloud,
		Catalogue:     cloud.Catalogue,
		Controllers: []operator.Controller{
			cloud,
			&recovery.Controller{Client: client, Resumer: cloud},
			garbagecollection.New(garbagecollection.Options{Client: client, Live: s.Manager.GetAPIReader(), Machines: cloud, Clock: s.Clock}),
			operator.NodeClassStatus[*v1alpha1.KWOKNodeClass](s),
		},
	}, nil
}
