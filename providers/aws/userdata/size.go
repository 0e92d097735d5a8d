// SPDX-License-Identifier: Apache-2.0

package userdata

import "encoding/base64"

const (
	// LimitBytes is how large user data may be before base64. EC2 enforces it; no
	// user data are refused here (AWS-169).
	LimitBytes = 16_384
	// WarnBytes is the size from which a log line warns.
	WarnBytes = 14_745
)

// Size returns how many bytes rendered user data have before base64, and whether
// that is near the limit or beyond it.
func Size(rendered string) (bytes int, warn bool) {
	data, err := base64.StdEncoding.DecodeString(rendered)
	if err != nil {
		bytes = base64.StdEncoding.DecodedLen(len(rendered))
	} else {
		bytes = len(data)
	}
	return bytes, bytes >= WarnBytes
}
