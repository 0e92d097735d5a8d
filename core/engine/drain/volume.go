// SPDX-License-Identifier: Apache-2.0

package drain

import "time"

// Attachment is a volume attached to the node.
type Attachment struct {
	Name string
	// Volume is the name of the persistent volume; empty for an inline volume,
	// which nobody waits for.
	Volume string
}

// Detachment is the state of the node's volumes.
type Detachment int

// The states of the volumes of a drained node.
const (
	// Detached: no volume is waited for.
	Detached Detachment = iota
	// AwaitingDetachment: volumes are still attached.
	AwaitingDetachment
	// DetachmentAbandoned: volumes are still attached, and the deadline is past.
	DetachmentAbandoned
)

// BlockingAttachments returns the attachments to wait for, in the order given:
// those of persistent volumes that no remaining pod is entitled to keep.
// keep holds the volumes used by pods that draining leaves on the node.
func BlockingAttachments(attachments []Attachment, keep map[string]bool) []Attachment {
	var blocking []Attachment
	for _, a := range attachments {
		if a.Volume != "" && !keep[a.Volume] {
			blocking = append(blocking, a)
		}
	}
	return blocking
}

// JudgeDetachment tells whether to go on waiting for the blocking attachments
// (LIF-171).
func JudgeDetachment(blocking int, deadline, now time.Time) Detachment {
	switch {
	case blocking == 0:
		return Detached
	case !deadline.IsZero() && now.After(deadline):
		return DetachmentAbandoned
	}
	return AwaitingDetachment
}
