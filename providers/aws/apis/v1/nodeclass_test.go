// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// API-177: objects of which fields cannot be read, as ones from before a rule was,
// neither hide the others of a list nor lose the rest of what they say.
func TestUnreadable(t *testing.T) {
	const list = `{"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClassList", "items": [
		{"metadata": {"name": "size"}, "spec": {"role": "r", "blockDeviceMappings": [{"deviceName": "a", "ebs": {"volumeSize": "1x"}}, {"deviceName": "b"}]}},
		{"metadata": {"name": "types"}, "spec": {"role": 1, "tags": {"a": "b", "c": 2}, "amiSelectorTerms": [{"alias": "al2023@latest"}, {"id": 3}]}},
		{"metadata": {"name": "laborious"}, "spec": {"role": "r", "blockDeviceMappings": [{"ebs": {"volumeSize": "1e-999999999"}}]}},
		{"metadata": {"name": "time"}, "spec": {"role": "r"}, "status": {"capacityReservations": [{"id": "cr-1", "endTime": "soon"}]}},
		{"metadata": {"name": "good"}, "spec": {"role": "r"}}
	]}`
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	decoded, err := runtime.Decode(serializer.NewCodecFactory(scheme).UniversalDeserializer(), []byte(list))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"size": "spec.blockDeviceMappings[0].ebs.volumeSize", "types": "spec.amiSelectorTerms[1].id spec.role spec.tags[c]",
		"laborious": "spec.blockDeviceMappings[0].ebs.volumeSize", "time": "status.capacityReservations[0].endTime", "good": "",
	}
	items := decoded.(*v1.EC2NodeClassList).Items
	if len(items) != len(want) {
		t.Fatalf("%d NodeClasses", len(items))
	}
	for _, c := range items {
		var fields []string
		for _, problem := range c.Unreadable {
			fields = append(fields, problem.Field)
		}
		if got := strings.Join(fields, " "); got != want[c.Name] {
			t.Errorf("%s: %s cannot be read, want %s", c.Name, got, want[c.Name])
		}
	}
	if devices := items[0].Spec.BlockDeviceMappings; len(devices) != 2 || *devices[0].DeviceName != "a" || *devices[1].DeviceName != "b" || items[0].Spec.Role != "r" {
		t.Errorf("the rest was not read: %+v", items[0].Spec)
	}
	if tags := items[1].Spec.Tags; len(tags) != 1 || tags["a"] != "b" {
		t.Errorf("the rest was not read: %v", tags)
	}
}

// AWS-013, AWS-014
func TestFamily(t *testing.T) {
	alias := func(text string) []v1.AMISelectorTerm { return []v1.AMISelectorTerm{{}, {Alias: text}} }
	for _, tt := range []struct {
		reason, family string
		terms          []v1.AMISelectorTerm
		want           string
		failure        string
	}{
		{"AWS-014 amiFamily", "Custom", alias("al2@latest"), "Custom", ""},
		{"AWS-014 amiFamily alone", "AL2", nil, "AL2", ""},
		{"AWS-014 amiFamily with an alias that cannot be read", "Custom", alias("x"), "Custom", ""},
		{"AWS-014 alias", "", alias("al2@latest"), "AL2", ""},
		{"AWS-014 alias al2023", "", alias("al2023@v1"), "AL2023", ""},
		{"AWS-014 alias bottlerocket", "", alias("bottlerocket@1.2"), "Bottlerocket", ""},
		{"AWS-014 alias windows2019", "", alias("windows2019@latest"), "Windows2019", ""},
		{"AWS-014 alias windows2022", "", alias("windows2022@latest"), "Windows2022", ""},
		{"AWS-014 alias windows2025", "", alias("windows2025@latest"), "Windows2025", ""},
		{"AWS-014 neither", "", nil, "", "spec.amiFamily"},
		{"AWS-014 no version", "", alias("al2023@"), "", `"al2023@"`},
		{"AWS-014 no family", "", alias("@latest"), "", `"@latest"`},
		{"AWS-014 neither family nor version", "", alias("@"), "", `"@"`},
		{"AWS-014 unknown family", "", alias("custom@latest"), "", `"custom@latest"`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			c := nodeClass(func(s *v1.EC2NodeClassSpec) {
				s.AMISelectorTerms = tt.terms
				if tt.family != "" {
					s.AMIFamily = &tt.family
				}
			})
			got, err := c.Family()
			if got != tt.want || (err == nil) != (tt.failure == "") || (err != nil && !strings.Contains(err.Error(), tt.failure)) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// AWS-014: nothing that may be stored ends the process.
func FuzzNodeClass(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `{"spec": null}`, `{"spec": {"amiSelectorTerms": [{"alias": "@@"}], "kubelet": []}}`,
		`{"spec": {"amiFamily": "AL2", "kubelet": {"a": {"b": [1]}}, "blockDeviceMappings": [null, {"ebs": {"volumeSize": "1Gi"}}], "networkInterfaces": [null]}}`,
		`{"spec": {"amiFamily": "", "tags": {"kubernetes.io/cluster/x": "owned"}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := &v1.EC2NodeClass{}
		if json.Unmarshal([]byte(text), c) != nil {
			return
		}
		hash, err := c.Hash("")
		if err != nil && hash != "" {
			t.Errorf("hash %s though %v", hash, err)
		}
		_, _, _ = c.Alias()
		_ = c.RestrictedTags()
		if tags := v1.Tags(c, "test", ""); tags[v1.TagOwnedBy("test")] != v1.TagOwned {
			t.Errorf("tags %v", tags)
		}
		written, err := json.Marshal(c)
		if err != nil || len(c.Unreadable) > 0 {
			return
		}
		again := &v1.EC2NodeClass{}
		if err := json.Unmarshal(written, again); err != nil {
			t.Fatalf("%s is written as %s: %v", text, written, err)
		}
		if after, err := again.Hash(""); after != hash {
			t.Errorf("hash %s, then %s, %v", hash, after, err)
		}
	})
}
