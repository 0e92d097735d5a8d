// SPDX-License-Identifier: Apache-2.0

package userdata

import (
	"slices"
	"strconv"
	"strings"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// latest is the version of an alias that always names the newest image.
const latest = "latest"

// mountInstanceStorage is the bootstrap command that makes one volume of the
// machine's own disks and puts the data of pods there (AWS-166).
func mountInstanceStorage(imageVersion string) map[string]any {
	bind := []any{"apiclient", "ephemeral-storage", "bind"}
	if !bindsByItself(imageVersion) {
		bind = append(bind, "--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods")
	}
	return map[string]any{
		"commands":  []any{[]any{"apiclient", "ephemeral-storage", "init"}, bind},
		"essential": true,
		"mode":      "always",
	}
}

// bindsByItself reports whether images of a version know which directories to bind:
// those from 1.46 on. An unknown version counts as older.
func bindsByItself(version string) bool {
	if version == latest {
		return true
	}
	major, minor, ok := majorMinor(version)
	return ok && (major > 1 || major == 1 && minor >= 46)
}

// majorMinor reads the first two numbers of a version such as v1.46.0 or 1.46.0.
func majorMinor(version string) (major, minor int, ok bool) {
	numbers := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(numbers) < 2 {
		return 0, 0, false
	}
	major, errMajor := strconv.Atoi(numbers[0])
	minor, errMinor := strconv.Atoi(numbers[1])
	return major, minor, errMajor == nil && errMinor == nil
}

// ImageVersion returns what is known of the version of a NodeClass's Bottlerocket
// images, such as "latest" or "v1.46.0"; empty means nothing. It is that of the
// alias, else of the first that has one of: the names in the image terms, the images
// that terms name by ID, all images that are called bottlerocket (AWS-166).
func ImageVersion(nodeClass *v1.EC2NodeClass) string {
	if alias, found, err := nodeClass.Alias(); found && err == nil {
		return alias.Version
	}
	for _, name := range imageNames(nodeClass) {
		if version := versionIn(name); version != "" {
			return version
		}
	}
	return ""
}

// imageNames are where the version may stand, in the order in which they count.
func imageNames(nodeClass *v1.EC2NodeClass) []string {
	var names, byID, all []string
	for _, term := range nodeClass.Spec.AMISelectorTerms {
		if term.Name != "" {
			names = append(names, term.Name)
		}
		for _, ami := range nodeClass.Status.AMIs {
			if term.ID != "" && term.ID == ami.ID {
				byID = append(byID, ami.Name)
			}
		}
	}
	for _, ami := range nodeClass.Status.AMIs {
		if strings.HasPrefix(ami.Name, "bottlerocket") {
			all = append(all, ami.Name)
		}
	}
	return slices.Concat(names, byID, all)
}

// versionIn returns the first part of a name between dashes that is a version. One
// with a wildcard says too little.
func versionIn(name string) string {
	for part := range strings.SplitSeq(name, "-") {
		if _, _, ok := majorMinor(part); ok && strings.HasPrefix(part, "v") {
			return part
		}
	}
	return ""
}
