// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

// Harness is how the suite drives a provider.
type Harness struct {
	// Start returns the provider on an empty cloud, with one NodeClass that is
	// ready. What it starts ends with the test.
	Start func(t testing.TB) Cloud
	// Lacks names the capabilities that the provider has not, each with the
	// requirement that excuses it. Every other is declared by being left out here,
	// and must be brought whole (KIT-201, KIT-202).
	Lacks map[Capability]string
	// Differs names, by the ID of a row, the requirement of the provider's own
	// specification that rules it differently. Such rows are left out.
	Differs map[string]string
}

// Cloud is a provider with its cloud, by capabilities. One that is lacking is nil;
// of one that is there every function is set.
type Cloud struct {
	Provider cloudprovider.CloudProvider
	// NodeClass refers to the NodeClass that is ready.
	NodeClass v1.NodeClassReference

	// The floor.
	Machines    *Machines
	NodeClasses *NodeClasses
	Faults      *Faults
	Stock       *Stock
	Catalogue   *Catalogue

	// The others.
	Edits        *Edits
	Hash         *Hash
	Drift        *Drift
	Overlays     *Overlays
	Overrides    *Overrides
	Scopes       *Scopes
	Truncation   *Truncation
	Templates    *Templates
	Batching     *Batching
	Boot         *Boot
	Ending       *Ending
	Collection   *Collection
	Tags         *Tags
	Reservations *Reservations
	Interruption *Interruption
	Prices       *Prices
	Secrets      *Secrets
	Accounts     *Accounts
}

// Machines is what happens to machines.
type Machines struct {
	// Count is how many run or terminate in the cloud.
	Count func() int
	// CloudCalls counts the calls made to the cloud so far.
	CloudCalls func() int
	// Launches counts the launches asked of the cloud so far, also in vain.
	Launches func() int
	// Terminations counts the terminations asked of the cloud so far.
	Terminations func() int
	// ForeignID is a provider ID of another provider.
	ForeignID string
	// FinishTermination lets machines under termination go.
	FinishTermination func(t testing.TB)
	// AddForeign adds a machine that is not of this cluster.
	AddForeign func(t testing.TB)
	// FillPages launches machines until List needs more than one page, and makes
	// the second page fail from now on.
	FillPages func(t testing.TB)
	// Restart starts the provider anew on the same cloud, with cold caches.
	Restart func(t testing.TB)
}

// NodeClasses is what happens to the NodeClass.
type NodeClasses struct {
	// Remove deletes it.
	Remove func(t testing.TB)
	// Terminate gives it a deletion timestamp.
	Terminate func(t testing.TB)
	// BreakLookup makes reading it fail, other than by its being absent.
	BreakLookup func(t testing.TB)
	// SetReady sets its condition Ready, observed at its present generation.
	SetReady func(t testing.TB, is metav1.ConditionStatus, message string)
	// EventReasons lists the reasons of the events published so far.
	EventReasons func() []string
}

// Fault is a way in which a cloud fails for a while.
type Fault string

// The faults.
const (
	Throttled   Fault = "throttled"
	ServerFault Fault = "server fault"
)

// Faults make the cloud fail.
type Faults struct {
	// Break makes every call to the cloud fail, other than by something being
	// absent.
	Break func(t testing.TB)
	// FailLaunches makes launches fail in this way until Mend.
	FailLaunches func(t testing.TB, fault Fault)
	// Mend ends FailLaunches.
	Mend func(t testing.TB)
}

// Stock is what the cloud has.
type Stock struct {
	// SellOut makes the next launches of an offering fail for lack of capacity.
	SellOut func(t testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering)
	// Restock ends SellOut.
	Restock func(t testing.TB)
	// UnavailableFor is how long an offering found sold out stays unavailable; 0 if
	// it is back at once.
	UnavailableFor time.Duration
	// Step lets time pass.
	Step func(d time.Duration)
}

// Catalogue is what the cloud sells.
type Catalogue struct {
	// RemoveType ends the sale of a type.
	RemoveType func(t testing.TB, name string)
}

// Edits are changes of the spec that restrict what is on sale.
type Edits struct {
	// Edit changes the spec of the NodeClass so that a zone of the catalogue is no
	// longer usable, without renewing the condition Ready, and returns the zone.
	Edit func(t testing.TB) string
	// Resolve finds out what the edited spec means, if what is on sale depends on that
	// (CP-100).
	Resolve func(t testing.TB)
}

// HashEdit is a change of the spec.
type HashEdit struct {
	// Name of the field, or of what is done to it.
	Name string
	// Apply changes the NodeClass, which stays ready and is stamped anew.
	Apply func(t testing.TB)
	// Drifts tells whether the hash changes.
	Drifts bool
}

// Hash is the static hash of the NodeClass.
type Hash struct {
	// Keys are the annotations of hash and version.
	HashKey, VersionKey string
	// Stamped returns the annotations of the NodeClass.
	Stamped func(t testing.TB) map[string]string
	// Edits to try, each on top of those before it: every static field, the order of
	// a list, an unset field, a selector.
	Edits []HashEdit
	// Upgrade changes the built-in version of the hash, runs the controller with
	// these NodeClaims stored, and returns them as they are stored then.
	Upgrade func(t testing.TB, claims ...*v1.NodeClaim) []*v1.NodeClaim
}

// DriftCase is a reason for drift.
type DriftCase struct {
	Reason cloudprovider.DriftReason
	// Needs lets there be machines that can drift so, and returns what a NodeClaim must
	// ask for to get one; nil: any can.
	Needs func(t testing.TB) []v1.NodeSelectorRequirementWithMinValues
	// Provoke changes what a machine is compared with; Revert takes it back.
	Provoke, Revert func(t testing.TB, claim *v1.NodeClaim)
}

// Drift is the provider's table of reasons.
type Drift struct {
	Cases []DriftCase
	// Unresolve makes the inputs of the comparison unknown.
	Unresolve func(t testing.TB)
}

// Overlays are prices that differ from the cloud's.
type Overlays struct {
	// Price sets the overlaid price of all offerings of a type for the pool, and
	// marks the NodeClaim as core does.
	Price func(t testing.TB, claim *v1.NodeClaim, typeName string, price float64)
}

// Overrides are offerings whose machines have other resources than their type.
type Overrides struct {
	// Offer puts a type with such an offering, that has more of some resource, on
	// sale and returns its name.
	Offer func(t testing.TB) string
}

// ScopedFault is a capacity error about more than one offering.
type ScopedFault struct {
	// Name such as "spot quota".
	Name string
	// CapacityType of the offering that is asked for; empty: on demand.
	CapacityType string
	// Provoke makes launches of the offering fail with it.
	Provoke func(t testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering)
	// Covers reports whether it says that an offering is unavailable.
	Covers func(it *cloudprovider.InstanceType, o *cloudprovider.Offering) bool
}

// Scopes are the quotas, networks and families of the cloud.
type Scopes struct {
	Faults []ScopedFault
}

// Truncation is a limit to what one launch may list.
type Truncation struct {
	// Limit is how many types a launch may list.
	Limit func() int
	// BestEffort makes the policy of minValues BestEffort instead of Strict.
	BestEffort func(t testing.TB)
}

// Templates are launch templates that the provider keeps in the cloud.
type Templates struct {
	// Vanish deletes them behind the provider's back.
	Vanish func(t testing.TB)
}

// Batching coalesces calls.
type Batching struct {
	// Turn lets the window of a batch end; it is called until all calls have
	// returned.
	Turn func()
	// Fill makes the next launch of many be filled in part: so many machines.
	Fill func(t testing.TB, machines int)
	// Collect makes a round of the collector, with all grace over.
	Collect func(t testing.TB)
}

// Boot is a machine that joins.
type Boot struct {
	// Node waits for the Node that a machine registers, as it registers it.
	Node func(t testing.TB, claim *v1.NodeClaim) *corev1.Node
}

// Ending is the end of a NodeClass.
type Ending struct {
	// Store writes a NodeClaim to the API, Remove takes it away.
	Store, Remove func(t testing.TB, claim *v1.NodeClaim)
	// Delete asks for the deletion of the NodeClass.
	Delete func(t testing.TB)
	// Reconcile runs the termination controller once; its error is not told.
	Reconcile func(t testing.TB)
	// BreakCleanUp makes the clean-up fail; MendCleanUp ends it.
	BreakCleanUp, MendCleanUp func(t testing.TB)
	// Gone reports whether the NodeClass is gone, Owned how many resources the
	// provider still owns for it.
	Gone  func() bool
	Owned func() int
}

// Collection is the collector of machines that no NodeClaim has.
type Collection struct {
	// Store writes a NodeClaim to the API.
	Store func(t testing.TB, claim *v1.NodeClaim)
	// Join lets the machine of a NodeClaim register its Node; Nodes counts Nodes.
	Join  func(t testing.TB, claim *v1.NodeClaim)
	Nodes func(t testing.TB) int
	// Grace is how old an orphan must be.
	Grace time.Duration
	// Collect makes a round.
	Collect func(t testing.TB)
	// During makes a round, in which this happens after the first list.
	During func(t testing.TB, happens func())
}

// Tags are what resources are marked with.
type Tags struct {
	// Restrict puts a tag of ours among the user's tags.
	Restrict func(t testing.TB)
	// Of returns the tags of every resource that was created for a NodeClaim.
	Of func(t testing.TB, claim *v1.NodeClaim) []map[string]string
	// Owner are the keys that each must have.
	Owner []string
}

// Reservations are reserved capacity.
type Reservations struct {
	// Offer puts a type with a reservation for at least two machines on sale and
	// returns its name.
	Offer func(t testing.TB) string
	// SellOut makes the reservation refuse launches.
	SellOut func(t testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering)
}

// NoticeCase is a kind of notice about a machine.
type NoticeCase struct {
	// Kind that is counted.
	Kind string
	// Send makes the cloud say it of a NodeClaim's machine.
	Send func(t testing.TB, claim *v1.NodeClaim)
	// Deletes tells whether the NodeClaim goes; Hurries, whether without draining.
	Deletes, Hurries bool
}

// Interruption is how notices are acted on.
type Interruption struct {
	// Store writes a NodeClaim to the API.
	Store   func(t testing.TB, claim *v1.NodeClaim)
	Notices []NoticeCase
	// Handle runs the controller once.
	Handle func(t testing.TB)
	// Stored returns a NodeClaim as it is stored, or nil.
	Stored func(t testing.TB, name string) *v1.NodeClaim
	// Counted is how many deletions were counted for a kind.
	Counted func(kind string) int
}

// Prices are what the price API of the cloud says.
type Prices struct {
	// StartWithout starts a provider whose price API is down from the start.
	StartWithout func(t testing.TB) Cloud
	// Break makes the price API fail; Refresh asks it for prices.
	Break, Refresh func(t testing.TB)
	// CapacityType is that of offerings whose price nobody but the cloud knows.
	CapacityType string
	// Forget makes the cloud have no price for an offering, and never have had one.
	Forget func(t testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering)
}

// Secrets are what no log and no event may tell.
type Secrets struct {
	// Values are credentials and user data that the provider was given.
	Values []string
	// Output is what was logged and published so far.
	Output func() string
}

// Accounts are those of the cloud that are not ours.
type Accounts struct {
	// OtherID is a provider ID of this cloud that the provider may not ask for.
	OtherID string
}
