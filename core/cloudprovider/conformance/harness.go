// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

// Harness is how the suite drives a provider.
type Harness struct {
	// Start returns the provider on an empty cloud, with one NodeClass that is
	// ready. What it starts ends with the test.
	Start func(t *testing.T) Cloud
	// Differs names, by the ID of a row, the requirement of the provider's own
	// specification that rules it differently. Such rows are skipped.
	Differs map[string]string
}

// Cloud is a provider with its cloud. Functions that are nil leave out the rows
// that need them.
type Cloud struct {
	Provider cloudprovider.CloudProvider
	// NodeClass refers to the NodeClass that is ready.
	NodeClass v1.NodeClassReference

	// Machines counts the machines that run or terminate in the cloud.
	Machines func() int
	// CloudCalls counts the calls made to the cloud so far.
	CloudCalls func() int
	// Launches counts the launches asked of the cloud so far, also in vain.
	Launches func() int
	// EventReasons lists the reasons of the events published so far.
	EventReasons func() []string
	// ForeignID is a provider ID of another provider.
	ForeignID string

	// RemoveNodeClass deletes the NodeClass.
	RemoveNodeClass func(t *testing.T)
	// TerminateNodeClass gives the NodeClass a deletion timestamp.
	TerminateNodeClass func(t *testing.T)
	// BreakNodeClassLookup makes reading the NodeClass fail, other than by its
	// being absent.
	BreakNodeClassLookup func(t *testing.T)
	// SetReady sets the condition Ready of the NodeClass, observed at its present
	// generation.
	SetReady func(t *testing.T, is metav1.ConditionStatus, message string)
	// EditNodeClass changes the spec of the NodeClass so that a zone of the
	// catalogue is no longer usable, without renewing the condition Ready, and
	// returns the zone.
	EditNodeClass func(t *testing.T) string
	// SellOut makes the next launches of an offering fail for lack of capacity.
	SellOut func(t *testing.T, it *cloudprovider.InstanceType, o *cloudprovider.Offering)
	// UnavailableFor is how long an offering found sold out stays unavailable.
	UnavailableFor time.Duration
	// Restock ends SellOut.
	Restock func(t *testing.T)
	// Step lets time pass.
	Step func(d time.Duration)
	// FinishTermination lets machines under termination go.
	FinishTermination func(t *testing.T)
	// BreakCloud makes every call to the cloud fail, other than by something
	// being absent.
	BreakCloud func(t *testing.T)
	// AddForeignMachine adds a machine that is not of this cluster.
	AddForeignMachine func(t *testing.T)
	// FillPages launches machines until List needs more than one page, and makes
	// the second page fail from now on.
	FillPages func(t *testing.T)
	// RemoveInstanceType ends the sale of a type.
	RemoveInstanceType func(t *testing.T, name string)
}
