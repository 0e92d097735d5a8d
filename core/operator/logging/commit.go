// SPDX-License-Identifier: Apache-2.0

package logging

import "runtime/debug"

// commitLength is how much of a revision tells it apart.
const commitLength = 7

// Commit returns the revision that a binary was built from, shortened and
// marked if the tree was modified; empty if the build does not say (OPS-075).
func Commit(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	var revision, dirty string
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			revision = setting.Value[:min(commitLength, len(setting.Value))]
		case setting.Key == "vcs.modified" && setting.Value == "true":
			dirty = "-dirty"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + dirty
}
