// SPDX-License-Identifier: Apache-2.0

// Chartgen writes the parts of a Helm chart that follow from others: values.yaml,
// values.schema.json and README.md from annotated values, and the custom resource
// definitions from those of the API. It is run from the root of the repository.
//
//	go run ./tools/chartgen -chart charts/kwok/karpenter \
//	  -values charts/karpenter-common/common-values.yaml,charts/kwok/karpenter/provider-values.yaml \
//	  -crds core/apis/crds,kwok/apis/crds -crds-to crds
//
// Of values and definitions with one name the last counts, so a provider's come
// after the core's. With -crds-to templates the definitions become templates, which
// Helm upgrades.
//
// A comment in front of a value that begins with -- says what the value means and
// makes a row of the README. A comment @schema, followed by a flow mapping, adds to
// what the schema says of it. By itself the schema takes the type from the default,
// lets a map that is not empty have no other keys, and lets an empty one have any.
//
// It is not a Helm: it renders nothing and knows no cluster. Running it twice
// changes nothing. Start reading at [run].
package main
