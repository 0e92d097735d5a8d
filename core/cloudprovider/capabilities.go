// SPDX-License-Identifier: Apache-2.0

package cloudprovider

// Capability is something that a provider may bring beside the methods of
// CloudProvider (KIT-200).
type Capability struct {
	// Name of the interface, function or field by which core finds it.
	Name string
	// In tells where that is.
	In Place
	// For says what core does with it, in a sentence.
	For string
	// Without says what core does when a provider does not bring it.
	Without string
}

// Place is where core looks for a capability.
type Place string

const (
	// OnProvider is an interface that the provider implements; it is found through
	// all layers.
	OnProvider Place = "an interface of the provider"
	// InContract is a method of CloudProvider that may answer nothing.
	InContract Place = "a method of CloudProvider"
	// InBinary is a field of what the provider's main hands to the operator.
	InBinary Place = "a field of operator.Provider or operator.Config"
	// AmongControllers is a controller that the provider adds to its own.
	AmongControllers Place = "a controller in operator.Provider"
)

// Capabilities lists all that a provider may bring, in the order in which a new
// provider meets them.
func Capabilities() []Capability {
	return []Capability{
		{"AddToScheme", InBinary, "The kinds of NodeClass are known to clients and caches.", "Only the core's kinds are known."},
		{"DeclareOptions", InBinary, "The provider has flags of its own.", "There are the core's flags only."},
		{"Lease", InBinary, "Leader election uses another Lease.", "The core's Lease is used."},
		{"Catalogue", InBinary, "Instance types are checked at start for labels that nobody knows (CP-006).", "They are not checked at start."},
		{"Vocabularian", OnProvider, "Labels, resources, aliases and restricted domains of the provider are known (CP-005).", "The core's words are known only."},
		{"RegistrationHooker", OnProvider, "Nodes are held back until the provider's hooks pass (CP-039).", "Nodes register at once."},
		{"Limiter", OnProvider, "Machines that would exceed a limit of the account together are not launched together (CP-130).", "Each machine is tried, whatever others take."},
		{"LaunchTimer", OnProvider, "Launches may take longer, or less long (LIF-009).", "A launch may take 5 minutes."},
		{"Annotator", OnProvider, "Annotations of NodeClaims that are not for Nodes are not copied there (LIF-087).", "All are copied."},
		{"RepairPolicies", InContract, "Nodes with these conditions are replaced (CP-038).", "An empty list disables node repair."},
		{"IsDrifted", InContract, "Machines that are not what their NodeClass asks for are replaced (CP-036).", "An empty reason: nothing drifts."},
		{"NodeClassStatus", AmongControllers, "Conditions of the NodeClass become metrics and events (CP-107).", "There are none."},
		{"nodeclass.status", AmongControllers, "What the NodeClass means in the cloud is resolved (CP-100): kit/nodeclass/resolution.", "Nobody says that a NodeClass is ready."},
		{"nodeclass.hash", AmongControllers, "Static drift is told (CP-104): kit/nodeclass/statichash.", "There is no static drift."},
		{"nodeclass.termination", AmongControllers, "A NodeClass waits for its NodeClaims (CP-106): kit/nodeclass/finalization.", "A NodeClass in use can be deleted."},
		{"instance.garbagecollection", AmongControllers, "Machines without NodeClaim are deleted (CP-117): kit/collect.", "They run until somebody notices."},
		{"nodeclaim.tagging", AmongControllers, "Machines get tags once their node is known (CP-115): kit/tag.", "They have the tags of their launch."},
		{"nodeclaim.inplaceupdate", AmongControllers, "Edits reach machines that run (CP-124): kit/tag.", "Edits replace machines, or reach new ones only."},
		{"interruption", AmongControllers, "What the cloud announces drains nodes in time (CP-120): kit/interruption.", "Machines go without warning."},
		{"providers.instancetype.capacity", AmongControllers, "The memory that nodes report takes the place of the estimate (CP-049): kit/observed.", "The estimate stands."},
	}
}
