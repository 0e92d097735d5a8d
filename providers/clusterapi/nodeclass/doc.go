// SPDX-License-Identifier: Apache-2.0

// Package nodeclass says whether a ClusterAPINodeClass is ready, and tells users what is
// wrong with its MachineDeployments (CAPI-016, CAPI-020, CAPI-060, CAPI-120).
//
// It decides the condition MachineDeploymentsReady, from the cache of the management
// cluster; the controller around it is that of
// [karpenter.sh/core/cloudprovider/kit/nodeclass/resolution]. What can be had at a moment is
// not its question: see package stock.
//
// Start reading at resolver.go.
package nodeclass
