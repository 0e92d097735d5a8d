// SPDX-License-Identifier: Apache-2.0

package userdata_test

import (
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/userdata"
)

// AWS-088, CP-111: user data that cannot be merged are told before any machine is
// launched.
func TestCheck(t *testing.T) {
	const nodeConfig = "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n"
	for _, tc := range []struct{ reason, family, custom, says string }{
		{"nothing", v1.AMIFamilyAL2, " \n", ""},
		{"a script", v1.AMIFamilyAL2, "#!/bin/sh\n", ""},
		{"an archive without boundary", v1.AMIFamilyAL2, "MIME-Version: 1.0\nContent-Type: multipart/mixed\n\nx", "boundary"},
		{"an archive without a part", v1.AMIFamilyAL2023, "Content-Type: multipart/mixed; boundary=\"b\"\n\nx", "part 1"},
		{"an archive whose end is missing is made up for", v1.AMIFamilyAL2, "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n", ""},
		{"a NodeConfig", v1.AMIFamilyAL2023, nodeConfig, ""},
		{"a mapping that is no NodeConfig", v1.AMIFamilyAL2023, "a: b\n", "apiVersion"},
		{"a NodeConfig of another kind", v1.AMIFamilyAL2023, "apiVersion: node.eks.aws/v1alpha1\nkind: Pod\n", "NodeConfig"},
		{"a NodeConfig with a slip", v1.AMIFamilyAL2023, nodeConfig + "spec: [\n", "part 1"},
		{"two documents, of which nodeadm reads one", v1.AMIFamilyAL2023, nodeConfig + "---\n" + nodeConfig, "second document"},
		{"a NodeConfig with a slip, in an archive", v1.AMIFamilyAL2023, "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: application/node.eks.aws\n\nspec: [\n--b--\n", "part 1"},
		{"one that is encoded is left to nodeadm", v1.AMIFamilyAL2023, "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: application/node.eks.aws\nContent-Transfer-Encoding: base64\n\nYQ==\n--b--\n", ""},
		{"a script of one line that is a mapping too", v1.AMIFamilyAL2023, "#!/bin/sh\necho a: b\n", ""},
		{"a script that is no YAML", v1.AMIFamilyAL2023, "#!/bin/sh\nset -x\necho a: b\n", ""},
		{"a cloud-config, which is a mapping too", v1.AMIFamilyAL2023, "#cloud-config\nruncmd: []\n", ""},
		{"TOML", v1.AMIFamilyBottlerocket, "[settings]\n", ""},
		{"no TOML", v1.AMIFamilyBottlerocket, "[settings\n", "line 1"},
		{"settings that are no table", v1.AMIFamilyBottlerocket, "settings = 1\n", "settings"},
		{"Kubernetes that is no table", v1.AMIFamilyBottlerocket, "settings.kubernetes = 1\n", "settings.kubernetes"},
		{"labels that are no table", v1.AMIFamilyBottlerocket, "settings.kubernetes.node-labels = 1\n", "node-labels"},
		{"commands that are no table", v1.AMIFamilyBottlerocket, "settings.bootstrap-commands = 1\n", "bootstrap-commands"},
		{"taints are replaced, whatever they were", v1.AMIFamilyBottlerocket, "settings.kubernetes.node-taints = 1\n", ""},
		{"unknown settings are dropped, not refused", v1.AMIFamilyBottlerocket, "settings.kubernetes.unheard-of = 1\n", ""},
		{"commands", v1.AMIFamilyWindows2022, "Write-Host 1", ""},
		{"commands in tags", v1.AMIFamilyWindows2022, " <PowerShell>\nWrite-Host 1\n</powershell>\n", ""},
		{"commands that end our block", v1.AMIFamilyWindows2022, "a\n</powershell>\n<persist>true</persist>", "</powershell>"},
		{"half a tag", v1.AMIFamilyWindows2022, "<powershell>", "<powershell>"},
		{"whatever Custom images read", v1.AMIFamilyCustom, "[", ""},
		{"no family", "AL1", "", "family"},
	} {
		t.Run("AWS-088 "+tc.family+": "+tc.reason, func(t *testing.T) {
			err := userdata.Check(tc.family, tc.custom)
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
		})
	}
}

// AWS-163, AWS-164: what kind of part user data become.
func TestParts(t *testing.T) {
	const shell, config, cloud = "text/x-shellscript", "application/node.eks.aws", "text/cloud-config"
	for _, tc := range []struct {
		family, custom string
		types          []string
		first          string
	}{
		{v1.AMIFamilyAL2, "a: b", []string{shell, shell}, "a: b"},
		{v1.AMIFamilyAL2, "\n #!/bin/sh\r\necho\r\n", []string{shell, shell}, "#!/bin/sh\necho"},
		{v1.AMIFamilyAL2, "  content-type: text/x-include-url\n\nhttps://example.com\n", []string{"text/x-include-url", shell}, "https://example.com"},
		{v1.AMIFamilyAL2023, "#!/bin/sh\necho a: b", []string{shell, config}, "#!/bin/sh\necho a: b"},
		{v1.AMIFamilyAL2023, "echo a", []string{shell, config}, "echo a"},
		{v1.AMIFamilyAL2023, "# only a comment", []string{shell, config}, "# only a comment"},
		{v1.AMIFamilyAL2023, "\n#cloud-config\na: b", []string{cloud, config}, "#cloud-config\na: b"},
		{v1.AMIFamilyAL2023, "# mine\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig", []string{config, config}, "# mine\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig"},
		{v1.AMIFamilyAL2023, "", []string{config}, ""},
	} {
		in := input(t, tc.family)
		in.Custom = tc.custom
		text := decoded(t, in)
		types, bodies := parts(t, text)
		if !slices.Equal(types, tc.types) || tc.first != "" && bodies[0] != tc.first || strings.Contains(text, "\r") {
			t.Errorf("%s with %q: parts %q, first %q", tc.family, tc.custom, types, bodies[0])
		}
	}
}

// AWS-167: tags of the user's own are not doubled.
func TestPowerShellTags(t *testing.T) {
	in := input(t, v1.AMIFamilyWindows2022)
	in.Custom = "Write-Host 1"
	want := decoded(t, in)
	in.Custom = "<powershell>\r\nWrite-Host 1\n</powershell>\n"
	if got := decoded(t, in); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// AWS-165: what is dropped is told.
func TestDropped(t *testing.T) {
	for _, tc := range []struct {
		family, custom string
		want           []string
	}{
		{v1.AMIFamilyBottlerocket, file(t, "user.toml"), []string{"node-ip", "unheard-of"}},
		{v1.AMIFamilyBottlerocket, "", nil},
		{v1.AMIFamilyBottlerocket, "[", nil},
		{v1.AMIFamilyAL2023, file(t, "user.toml"), nil},
	} {
		if got := userdata.Dropped(tc.family, tc.custom); !slices.Equal(got, tc.want) {
			t.Errorf("dropped %q, want %q", got, tc.want)
		}
	}
}

// AWS-164: without a service CIDR the NodeClass is not ready; other families need
// none (AWS-005).
func TestNoServiceCIDR(t *testing.T) {
	for _, family := range append(linux(), v1.AMIFamilyWindows2022, v1.AMIFamilyCustom) {
		in := input(t, family)
		in.Cluster.ServiceCIDR = ""
		_, err := userdata.Render(in)
		if needs := family == v1.AMIFamilyAL2023; cloudprovider.IsNodeClassNotReadyError(err) != needs || (err != nil) != needs {
			t.Errorf("%s: %v", family, err)
		}
	}
}
