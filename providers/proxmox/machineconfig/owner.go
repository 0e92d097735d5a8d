// SPDX-License-Identifier: Apache-2.0

package machineconfig

import (
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"

	"karpenter.sh/providers/proxmox/pve"
)

// Owner is what the description of a machine says of whose it is. Values have no comma.
type Owner struct {
	NodeClass, CapacityType, NodePool string
	// Cluster is the identity of the Kubernetes cluster; empty: written by others.
	Cluster string
	// UID is that of the NodeClaim; empty: written by others.
	UID string
	// Image is the identity of the template that it was cloned from; empty: written by
	// others.
	Image string
	// Affinity are the CPUs of the host that an agent there pins the machine to; empty:
	// none does.
	Affinity string
}

// mark is what descriptions of our machines begin with (PVE-065).
const mark = "Karpenter managed instance"

// Description writes an owner. The affinity is last, since it may hold commas.
func (o Owner) Description() string {
	parts := []string{mark, "class=" + o.NodeClass, "capacity-type=" + o.CapacityType, "nodepool=" + o.NodePool, "cluster=" + o.Cluster, "uid=" + o.UID}
	if o.Image != "" {
		parts = append(parts, "image="+o.Image)
	}
	if o.Affinity != "" {
		parts = append(parts, "affinity="+o.Affinity)
	}
	return strings.Join(parts, ", ")
}

// OwnerOf reads the description of a machine; false: it is none of ours.
func OwnerOf(description string) (Owner, bool) {
	rest, ours := strings.CutPrefix(strings.TrimSpace(description), mark)
	if !ours || rest != "" && rest[0] != ',' {
		return Owner{}, false
	}
	rest, affinity, _ := strings.Cut(rest, ", affinity=")
	o := Owner{Affinity: affinity}
	for part := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "class":
			o.NodeClass = value
		case "capacity-type":
			o.CapacityType = value
		case "nodepool":
			o.NodePool = value
		case "cluster":
			o.Cluster = value
		case "uid":
			o.UID = value
		case "image":
			o.Image = value
		}
	}
	return o, true
}

// The marks in the description of a template that Karpenter made (PVE-025).
var (
	hashMark    = regexp.MustCompile(`(?:^|\s)Hash: (\d+)`)
	clusterMark = regexp.MustCompile(`(?:^|\s)Cluster: (\S+)`)
)

// TemplateDescription is that of a template: a text with the hash of what it was made from
// and the cluster that made it.
func TemplateDescription(text, hash, cluster string) string {
	return text + " Hash: " + hash + " Cluster: " + cluster
}

// TemplateMarks reads the hash and the cluster from the description of a template; empty:
// it has none.
func TemplateMarks(description string) (hash, cluster string) {
	if m := hashMark.FindStringSubmatch(description); m != nil {
		hash = m[1]
	}
	if m := clusterMark.FindStringSubmatch(description); m != nil {
		cluster = m[1]
	}
	return hash, cluster
}

// TemplateIdentity is what tells a template from another: the hash that Karpenter wrote,
// else its ID with the hash of how it was made, so that a template which others make anew
// is another one (PVE-033).
func TemplateIdentity(id int, of pve.Options) string {
	if hash, _ := TemplateMarks(of["description"]); hash != "" {
		return hash
	}
	h := fnv.New64()
	_, _ = h.Write([]byte(of["meta"])) // a hash takes everything
	return strconv.Itoa(id) + "-" + strconv.FormatUint(h.Sum64(), 10)
}
