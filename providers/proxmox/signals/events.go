// SPDX-License-Identifier: Apache-2.0

package signals

import "karpenter.sh/core/events"

// TemplateImagesForgotten is the reason of the event that a ProxmoxTemplate ends, and nobody
// can tell all of its images.
const TemplateImagesForgotten = "TemplateImagesForgotten"

// Events lists what the provider publishes, without what the core and the kit publish.
func Events() []events.Kind {
	return []events.Kind{
		{Reason: TemplateImagesForgotten, Type: events.Warning, Objects: []string{"ProxmoxTemplate"}, When: "The template is deleted, and its annotation that says which images were downloaded cannot be read: images that only it told of stay."},
	}
}
