// SPDX-License-Identifier: Apache-2.0

package lifecycle

import "unicode/utf8"

// maxErrorText is the length in bytes from which on error texts are cut.
const maxErrorText = 300

// truncate cuts an error text for a condition or event, between two characters
// (LIF-084).
func truncate(text string) string {
	if len(text) < maxErrorText {
		return text
	}
	end := maxErrorText
	for end < len(text) && end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
