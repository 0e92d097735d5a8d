// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// base is a spec that is admitted; rows change it.
const base = `
subnetSelectorTerms: [{tags: {karpenter.sh/discovery: test}}]
securityGroupSelectorTerms: [{tags: {karpenter.sh/discovery: test}}]
amiSelectorTerms: [{alias: al2023@latest}]
role: nodes
`

// absent in a row takes a field of base away.
const absent = "absent"

// specOf is base with the fields of a row in place of its own.
func specOf(t *testing.T, change string) map[string]any {
	t.Helper()
	spec, fields := map[string]any{}, map[string]any{}
	for text, into := range map[string]*map[string]any{base: &spec, change: &fields} {
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("reading %s: %v", text, err)
		}
	}
	maps.Copy(spec, fields)
	maps.DeleteFunc(spec, func(_ string, value any) bool { return value == absent })
	return spec
}

func nodeClass(t *testing.T, change string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{Object: map[string]any{"spec": specOf(t, change)}}
	object.SetGroupVersionKind(v1.GroupVersion.WithKind(v1.NodeClassKind))
	object.SetGenerateName("test-")
	return object
}

// refusal tells what an API server has against an object.
type refusal struct{ field, message string }

// rule is an admission rule with specs on both sides of it.
type rule struct {
	reason   string
	accepted []string
	refused  map[string]refusal
}

// Each rule is seen to let through and to refuse, naming the field.
func nodeClassRules(t *testing.T, api client.Client) {
	var rules []rule
	for _, group := range [][]rule{identityRules(), termRules(), reservationRules(), imageRules(), volumeRules(), interfaceRules(), otherRules()} {
		rules = append(rules, group...)
	}
	for _, r := range rules {
		t.Run(r.reason, func(t *testing.T) {
			for _, change := range r.accepted {
				if err := api.Create(t.Context(), nodeClass(t, change), client.DryRunAll, client.FieldValidation("Strict")); err != nil {
					t.Errorf("%s is refused: %v", change, err)
				}
			}
			for change, want := range r.refused {
				err := api.Create(t.Context(), nodeClass(t, change), client.DryRunAll, client.FieldValidation("Strict"))
				checkRefusal(t, change, err, want)
			}
		})
	}
}

func checkRefusal(t *testing.T, change string, err error, want refusal) {
	t.Helper()
	var failure apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &failure) {
		t.Errorf("%s is answered with %v", change, err)
		return
	}
	for _, cause := range failure.Status().Details.Causes {
		if cause.Field == want.field && strings.Contains(cause.Message, want.message) {
			return
		}
	}
	t.Errorf("%s: nothing says %q about %s: %v", change, want.message, want.field, err)
}

func identityRules() []rule {
	const both, form = "exactly one of role and instanceProfile", "instanceProfile must be the name of an instance profile, without the rest of its ARN and without its path"
	return []rule{
		{"AWS-013 exactly one of role and instanceProfile", []string{"role: r", "{role: absent, instanceProfile: p}"}, map[string]refusal{
			"role: absent":                        {"spec", both},
			"{role: r, instanceProfile: p}":       {"spec", both},
			"role: ''":                            {"spec.role", "at least 1 char"},
			"{role: absent, instanceProfile: ''}": {"spec.instanceProfile", "at least 1 char"},
		}},
		{"AWS-436 form of instanceProfile", []string{
			"{role: absent, instanceProfile: a}", "{role: absent, instanceProfile: 'Az09_+=,.@-'}",
			"{role: absent, instanceProfile: '" + strings.Repeat("a", 128) + "'}",
		}, map[string]refusal{
			"{role: absent, instanceProfile: 'arn:aws:iam::123456789012:instance-profile/p'}": {"spec.instanceProfile", form},
			"{role: absent, instanceProfile: /path/p}":                                        {"spec.instanceProfile", form},
			"{role: absent, instanceProfile: path/p}":                                         {"spec.instanceProfile", form},
			"{role: absent, instanceProfile: 'p q'}":                                          {"spec.instanceProfile", form},
			"{role: absent, instanceProfile: é}":                                              {"spec.instanceProfile", form},
			"{role: absent, instanceProfile: \"p\\nq\"}":                                      {"spec.instanceProfile", form},
			"{role: absent, instanceProfile: '" + strings.Repeat("a", 129) + "'}":             {"spec.instanceProfile", "128"},
		}},
		{"AWS-013 tags", []string{"tags: {}", "tags: {Name: x, team: a, empty: ''}", "tags: {karpenter.sh/discovery: test}"}, map[string]refusal{
			"tags: {'': x}":                             {"spec.tags", "empty key"},
			"tags: {eks:eks-cluster-name: x}":           {"spec.tags", "eks:eks-cluster-name"},
			"tags: {karpenter.sh/nodepool: x}":          {"spec.tags", "karpenter.sh/nodepool"},
			"tags: {karpenter.sh/nodeclaim: x}":         {"spec.tags", "karpenter.sh/nodeclaim"},
			"tags: {karpenter.k8s.aws/ec2nodeclass: x}": {"spec.tags", "karpenter.k8s.aws/ec2nodeclass"},
			"tags: {kubernetes.io/cluster: x}":          {"spec.tags", "kubernetes.io/cluster"},
			"tags: {kubernetes.io/cluster/test: owned}": {"spec.tags", "kubernetes.io/cluster"},
		}},
	}
}

func termRules() []rule {
	return []rule{
		{"AWS-011 subnetSelectorTerms", []string{
			"subnetSelectorTerms: [{id: subnet-0a1}]", "subnetSelectorTerms: [{tags: {a: '*'}}, {id: subnet-0a1}]",
			"subnetSelectorTerms: [" + strings.Repeat("{id: subnet-a},", 30) + "]", "subnetSelectorTerms: [{tags: {" + numbered(20) + "}}]",
		}, map[string]refusal{
			"subnetSelectorTerms: absent": {"spec.subnetSelectorTerms", "Required"},
			"subnetSelectorTerms: []":     {"spec.subnetSelectorTerms", "at least 1 item"},
			"subnetSelectorTerms: [" + strings.Repeat("{id: subnet-a},", 31) + "]": {"spec.subnetSelectorTerms", "at most 30 items"},
			"subnetSelectorTerms: [{tags: {" + numbered(21) + "}}]":                {"spec.subnetSelectorTerms[0].tags", "at most 20 items"},
			"subnetSelectorTerms: [{id: vpc-1}]":                                   {"spec.subnetSelectorTerms[0].id", "should match"},
			"subnetSelectorTerms: [{id: x subnet-1}]":                              {"spec.subnetSelectorTerms[0].id", "should match"},
		}},
		{"AWS-013 subnetSelectorTerms", []string{"subnetSelectorTerms: [{tags: {a: b}}, {id: subnet-1, tags: {a: b}}]"}, map[string]refusal{
			"subnetSelectorTerms: [{}]":                           {"spec.subnetSelectorTerms", "needs tags or id"},
			"subnetSelectorTerms: [{tags: {a: b}}, {tags: {}}]":   {"spec.subnetSelectorTerms", "needs tags or id"},
			"subnetSelectorTerms: [{id: subnet-1, tags: {a: b}}]": {"spec.subnetSelectorTerms", "id may not be set together"},
			"subnetSelectorTerms: [{tags: {'': a}}]":              {"spec.subnetSelectorTerms[0].tags", "empty"},
			"subnetSelectorTerms: [{tags: {a: ''}}]":              {"spec.subnetSelectorTerms[0].tags", "empty"},
		}},
		{"AWS-011 securityGroupSelectorTerms", []string{"securityGroupSelectorTerms: [{id: sg-1}, {name: 'my group'}]"}, map[string]refusal{
			"securityGroupSelectorTerms: absent":                                      {"spec.securityGroupSelectorTerms", "Required"},
			"securityGroupSelectorTerms: []":                                          {"spec.securityGroupSelectorTerms", "at least 1 item"},
			"securityGroupSelectorTerms: [" + strings.Repeat("{id: sg-a},", 31) + "]": {"spec.securityGroupSelectorTerms", "at most 30 items"},
			"securityGroupSelectorTerms: [{tags: {" + numbered(21) + "}}]":            {"spec.securityGroupSelectorTerms[0].tags", "at most 20 items"},
			"securityGroupSelectorTerms: [{id: 'sg-A'}]":                              {"spec.securityGroupSelectorTerms[0].id", "should match"},
		}},
		{"AWS-013 securityGroupSelectorTerms", []string{"securityGroupSelectorTerms: [{tags: {a: b}}, {id: sg-1, name: x}, {name: x, tags: {a: b}}]"}, map[string]refusal{
			"securityGroupSelectorTerms: [{}]":                       {"spec.securityGroupSelectorTerms", "needs tags, id or name"},
			"securityGroupSelectorTerms: [{name: ''}]":               {"spec.securityGroupSelectorTerms", "needs tags, id or name"},
			"securityGroupSelectorTerms: [{id: sg-1, name: x}]":      {"spec.securityGroupSelectorTerms", "id may not be set together"},
			"securityGroupSelectorTerms: [{id: sg-1, tags: {a: b}}]": {"spec.securityGroupSelectorTerms", "id may not be set together"},
			"securityGroupSelectorTerms: [{name: x, tags: {a: b}}]":  {"spec.securityGroupSelectorTerms", "name may not be set together"},
			"securityGroupSelectorTerms: [{tags: {'': a}}]":          {"spec.securityGroupSelectorTerms[0].tags", "empty"},
			"securityGroupSelectorTerms: [{tags: {a: ''}}]":          {"spec.securityGroupSelectorTerms[0].tags", "empty"},
		}},
		{"AWS-011 placementGroupSelector", []string{"placementGroupSelector: {name: x}", "placementGroupSelector: {id: pg-1}"}, map[string]refusal{
			"placementGroupSelector: {}":                  {"spec.placementGroupSelector", "exactly one of name and id"},
			"placementGroupSelector: {name: x, id: pg-1}": {"spec.placementGroupSelector", "exactly one of name and id"},
			"placementGroupSelector: {name: ''}":          {"spec.placementGroupSelector.name", "at least 1 char"},
			"placementGroupSelector: {id: x}":             {"spec.placementGroupSelector.id", "should match"},
		}},
	}
}

func reservationRules() []rule {
	const field, mixed = "spec.capacityReservationSelectorTerms", "id may not be set together"
	return []rule{
		{"AWS-011 capacityReservationSelectorTerms", []string{
			"capacityReservationSelectorTerms: [{id: cr-1}, {tags: {a: b}, ownerID: '012345678901'}, {instanceMatchCriteria: open}, {instanceMatchCriteria: targeted, ownerID: '012345678901'}]",
		}, map[string]refusal{
			"capacityReservationSelectorTerms: [{id: cr-A}]":                                {field + "[0].id", "should match"},
			"capacityReservationSelectorTerms: [{tags: {a: b}, ownerID: '1'}]":              {field + "[0].ownerID", "should match"},
			"capacityReservationSelectorTerms: [{instanceMatchCriteria: any}]":              {field + "[0].instanceMatchCriteria", "Unsupported value"},
			"capacityReservationSelectorTerms: [" + strings.Repeat("{id: cr-a},", 31) + "]": {field, "at most 30 items"},
			"capacityReservationSelectorTerms: [{tags: {" + numbered(21) + "}}]":            {field + "[0].tags", "at most 20 items"},
		}},
		{"AWS-013 capacityReservationSelectorTerms", []string{
			"capacityReservationSelectorTerms: null", "capacityReservationSelectorTerms: [{id: cr-1, tags: {a: b}}, {id: cr-1}]",
		}, map[string]refusal{
			"capacityReservationSelectorTerms: []":                                        {field, "left out rather than empty"},
			"capacityReservationSelectorTerms: [{}]":                                      {field, "needs tags, id or instanceMatchCriteria"},
			"capacityReservationSelectorTerms: [{ownerID: '012345678901'}]":               {field, "needs tags, id or instanceMatchCriteria"},
			"capacityReservationSelectorTerms: [{id: cr-1, tags: {a: b}}]":                {field, mixed},
			"capacityReservationSelectorTerms: [{id: cr-1, ownerID: '012345678901'}]":     {field, mixed},
			"capacityReservationSelectorTerms: [{id: cr-1, instanceMatchCriteria: open}]": {field, mixed},
			"capacityReservationSelectorTerms: [{tags: {'': a}}]":                         {field + "[0].tags", "empty"},
			"capacityReservationSelectorTerms: [{tags: {a: ''}}]":                         {field + "[0].tags", "empty"},
		}},
	}
}

func imageRules() []rule {
	const field = "spec.amiSelectorTerms"
	const id, alias = "id may not be set together with alias, tags, name or owner", "alias may not be set together with id, tags, name or owner"
	terms := func(terms string) string { return "{amiFamily: Custom, amiSelectorTerms: [" + terms + "]}" }
	return []rule{
		{"AWS-011 amiSelectorTerms", []string{
			terms("{id: ami-1}, {name: x}, {name: x, owner: self}, {tags: {a: b}, owner: self}, {ssmParameter: /a/b}"), terms(strings.Repeat("{id: ami-a},", 30)),
		}, map[string]refusal{
			"{amiFamily: Custom, amiSelectorTerms: absent}": {field, "Required"},
			terms(""): {field, "at least 1 item"},
			terms(strings.Repeat("{id: ami-a},", 31)):                        {field, "at most 30 items"},
			terms("{id: AMI-1}"):                                             {field + "[0].id", "should match"},
			terms("{tags: {" + numbered(21) + "}}"):                          {field + "[0].tags", "at most 20 items"},
			terms("{alias: 'bottlerocket@" + strings.Repeat("1", 18) + "'}"): {field + "[0].alias", "30"},
		}},
		{"AWS-013 keys of amiSelectorTerms", []string{terms("{id: ami-1, ssmParameter: x}")}, map[string]refusal{
			terms("{}"):                                  {field, "needs tags, id, name, alias or ssmParameter"},
			terms("{owner: self}"):                       {field, "needs tags, id, name, alias or ssmParameter"},
			terms("{name: ''}"):                          {field, "needs tags, id, name, alias or ssmParameter"},
			terms("{ssmParameter: ''}"):                  {field, "needs tags, id, name, alias or ssmParameter"},
			terms("{tags: {}}"):                          {field, "needs tags, id, name, alias or ssmParameter"},
			terms("{id: ami-1, tags: {a: b}}"):           {field, id},
			terms("{id: ami-1, name: x}"):                {field, id},
			terms("{id: ami-1, owner: self}, {name: x}"): {field, id},
			terms("{alias: al2@latest, id: ami-1}"):      {field, id},
			terms("{alias: al2@latest, tags: {a: b}}"):   {field, alias},
			terms("{alias: al2@latest, name: x}"):        {field, alias},
			terms("{alias: al2@latest, owner: self}"):    {field, alias},
			terms("{alias: al2@latest}, {id: ami-1}"):    {field, "must be the only one"},
			terms("{tags: {'': a}}"):                     {field + "[0].tags", "empty"},
			terms("{tags: {a: ''}}"):                     {field + "[0].tags", "empty"},
		}},
		{"AWS-013 alias", []string{
			terms("{alias: al2@latest}"), terms("{alias: al2@v20250101}"), terms("{alias: al2023@v20250101}"), terms("{alias: bottlerocket@1.2.3}"),
			terms("{alias: windows2019@latest}"), terms("{alias: windows2022@latest}"), terms("{alias: windows2025@latest}"),
		}, map[string]refusal{
			terms("{alias: al2023}"):               {field + "[0].alias", "a family and a version"},
			terms("{alias: al2023@}"):              {field + "[0].alias", "a family and a version"},
			terms("{alias: '@latest'}"):            {field + "[0].alias", "a family and a version"},
			terms("{alias: ''}"):                   {field + "[0].alias", "a family and a version"},
			terms("{alias: al-2@latest}"):          {field + "[0].alias", "a family and a version"},
			terms("{alias: AL2023@latest}"):        {field + "[0].alias", "family of an alias must be one of"},
			terms("{alias: ubuntu@latest}"):        {field + "[0].alias", "family of an alias must be one of"},
			terms("{alias: custom@latest}"):        {field + "[0].alias", "family of an alias must be one of"},
			terms("{alias: windows2022@v1}"):       {field + "[0].alias", "must be latest"},
			terms("{alias: windows2022@1@latest}"): {field + "[0].alias", "must be latest"},
		}},
		{"AWS-013 amiFamily", []string{
			"{amiFamily: AL2023, amiSelectorTerms: [{id: ami-1}]}", "{amiFamily: AL2023}", "{amiFamily: Custom}",
			"{amiFamily: AL2, amiSelectorTerms: [{alias: al2@latest}]}", "{amiFamily: Windows2019, amiSelectorTerms: [{alias: windows2019@latest}]}",
			"{amiFamily: Bottlerocket, amiSelectorTerms: [{alias: bottlerocket@latest}]}",
		}, map[string]refusal{
			"{amiSelectorTerms: [{id: ami-1}]}":                                         {field, "amiFamily is required"},
			"{amiFamily: AL2}":                                                          {"spec.amiFamily", "amiFamily must be unset, Custom, or the family of the alias"},
			"{amiFamily: AL2023, amiSelectorTerms: [{alias: al2@latest}]}":              {"spec.amiFamily", "amiFamily must be"},
			"{amiFamily: Windows2019, amiSelectorTerms: [{alias: windows2022@latest}]}": {"spec.amiFamily", "amiFamily must be"},
			"{amiFamily: Ubuntu, amiSelectorTerms: [{id: ami-1}]}":                      {"spec.amiFamily", "Unsupported value"},
			"{amiFamily: '', amiSelectorTerms: [{id: ami-1}]}":                          {"spec.amiFamily", "Unsupported value"},
		}},
	}
}

func volumeRules() []rule {
	const field = "spec.blockDeviceMappings[0].ebs"
	ebs := func(fields string) string {
		return "blockDeviceMappings: [{deviceName: /dev/xvda, ebs: {" + fields + "}}]"
	}
	return []rule{
		{"AWS-012 blockDeviceMappings", []string{
			"blockDeviceMappings: []", "blockDeviceMappings: [{}]", "blockDeviceMappings: [{deviceName: x}]", "blockDeviceMappings: [{ebs: {volumeSize: 1Gi}}]",
			"blockDeviceMappings: [{rootVolume: true}, {rootVolume: false}, {}]", "blockDeviceMappings: [" + strings.Repeat("{},", 50) + "]",
			ebs("deleteOnTermination: false, encrypted: true, iops: 16000, kmsKeyID: k, snapshotID: snap-1, throughput: 1000, volumeInitializationRate: 100, volumeSize: 1Ti, volumeType: gp3"),
		}, map[string]refusal{
			"blockDeviceMappings: [{rootVolume: true}, {}, {rootVolume: true}]": {"spec.blockDeviceMappings", "only one of blockDeviceMappings may be the rootVolume"},
			"blockDeviceMappings: [" + strings.Repeat("{},", 51) + "]":          {"spec.blockDeviceMappings", "at most 50 items"},
			ebs("volumeType: gp3"):                                {field, "ebs needs snapshotID or volumeSize"},
			ebs("volumeSize: 1Gi, volumeType: gp4"):               {field + ".volumeType", "Unsupported value"},
			ebs("volumeSize: 1Gi, iops: x"):                       {field + ".iops", "integer"},
			ebs("snapshotID: s, volumeInitializationRate: 99"):    {field + ".volumeInitializationRate", "greater than or equal to 100"},
			ebs("snapshotID: s, volumeInitializationRate: 301"):   {field + ".volumeInitializationRate", "less than or equal to 300"},
			ebs("volumeSize: 1Gi, volumeInitializationRate: 200"): {field + ".volumeInitializationRate", "needs a snapshotID"},
			ebs("snapshotID: '', volumeInitializationRate: 200"):  {field + ".volumeInitializationRate", "needs a snapshotID"},
		}},
		{"AWS-012 volumeSize", []string{
			ebs("volumeSize: 1Gi"), ebs("volumeSize: 9999Gi"), ebs("volumeSize: 59000Gi"), ebs("volumeSize: 1G"), ebs("volumeSize: 64000G"),
			ebs("volumeSize: 1Ti"), ebs("volumeSize: 19Ti"), ebs("volumeSize: 58Ti"), ebs("volumeSize: 1T"), ebs("volumeSize: 64T"),
		}, map[string]refusal{
			ebs("volumeSize: 0Gi"):     {field + ".volumeSize", "should match"},
			ebs("volumeSize: 59001Gi"): {field + ".volumeSize", "should match"},
			ebs("volumeSize: 64001G"):  {field + ".volumeSize", "should match"},
			ebs("volumeSize: 59Ti"):    {field + ".volumeSize", "should match"},
			ebs("volumeSize: 65T"):     {field + ".volumeSize", "should match"},
			ebs("volumeSize: 100"):     {field + ".volumeSize", "string"},
			ebs("volumeSize: '100'"):   {field + ".volumeSize", "should match"},
			ebs("volumeSize: 100Mi"):   {field + ".volumeSize", "should match"},
			ebs("volumeSize: 1.5Gi"):   {field + ".volumeSize", "should match"},
			ebs("volumeSize: 1e2Gi"):   {field + ".volumeSize", "should match"},
			// Clients read these as 0.
			ebs("volumeSize: Ti"): {field + ".volumeSize", "should match"},
			ebs("volumeSize: T"):  {field + ".volumeSize", "should match"},
		}},
	}
}

func interfaceRules() []rule {
	const field, first, efa = "spec.networkInterfaces", "{networkCardIndex: 0, deviceIndex: 0, interfaceType: interface}", "interfaceType: efa-only"
	list := func(interfaces ...string) string { return "networkInterfaces: [" + strings.Join(interfaces, ",") + "]" }
	return []rule{
		{"AWS-011 networkInterfaces", []string{list(), list(first), list(cards(150)...)}, map[string]refusal{
			list(cards(151)...): {field, "at most 150 items"},
			list(first, "{deviceIndex: 1, interfaceType: interface}"):                       {field + "[1].networkCardIndex", "Required"},
			list(first, "{networkCardIndex: 1, interfaceType: interface}"):                  {field + "[1].deviceIndex", "Required"},
			list(first, "{networkCardIndex: 1, deviceIndex: 1}"):                            {field + "[1].interfaceType", "Required"},
			list(first, "{networkCardIndex: -1, deviceIndex: 1, interfaceType: interface}"): {field + "[1].networkCardIndex", "greater than or equal to 0"},
			list(first, "{networkCardIndex: 1, deviceIndex: -1, interfaceType: interface}"): {field + "[1].deviceIndex", "greater than or equal to 0"},
			list(first, "{networkCardIndex: 1, deviceIndex: 1, interfaceType: efa}"):        {field + "[1].interfaceType", "Unsupported value"},
		}},
		{"AWS-013 networkInterfaces", []string{
			list(first, "{networkCardIndex: 0, deviceIndex: 1, "+efa+"}", "{networkCardIndex: 1, deviceIndex: 1, "+efa+"}"),
		}, map[string]refusal{
			list("{networkCardIndex: 0, deviceIndex: 1, interfaceType: interface}"): {field, "networkCardIndex 0 and deviceIndex 0"},
			list("{networkCardIndex: 0, deviceIndex: 0, " + efa + "}"):              {field, "networkCardIndex 0 and deviceIndex 0"},
			list(first, first): {field, "same networkCardIndex and deviceIndex"},
			list(first, "{networkCardIndex: 0, deviceIndex: 0, "+efa+"}"):                                                   {field, "same networkCardIndex and deviceIndex"},
			list(first, "{networkCardIndex: 1, deviceIndex: 1, "+efa+"}", "{networkCardIndex: 1, deviceIndex: 2, "+efa+"}"): {field, "one of interfaceType efa-only for each networkCardIndex"},
		}},
	}
}

func otherRules() []rule {
	return []rule{
		{"AWS-011 scalars", []string{
			"{associatePublicIPAddress: false, ipPrefixCount: 0, userData: x, instanceStorePolicy: RAID0, detailedMonitoring: true, context: c}",
		}, map[string]refusal{
			"associatePublicIPAddress: 'true'": {"spec.associatePublicIPAddress", "boolean"},
			"ipPrefixCount: -1":                {"spec.ipPrefixCount", "greater than or equal to 0"},
			"userData: 1":                      {"spec.userData", "string"},
			"instanceStorePolicy: RAID1":       {"spec.instanceStorePolicy", "Unsupported value"},
			"detailedMonitoring: 1":            {"spec.detailedMonitoring", "boolean"},
			"context: 1":                       {"spec.context", "string"},
			"kubelet: x":                       {"spec.kubelet", "object"},
			"kubelet: []":                      {"spec.kubelet", "object"},
		}},
		{"AWS-011 metadataOptions", []string{
			"metadataOptions: {}", "metadataOptions: {httpEndpoint: disabled, httpProtocolIPv6: enabled, httpPutResponseHopLimit: 64, httpTokens: optional}",
		}, map[string]refusal{
			"metadataOptions: {httpEndpoint: 'on'}":          {"spec.metadataOptions.httpEndpoint", "Unsupported value"},
			"metadataOptions: {httpProtocolIPv6: required}":  {"spec.metadataOptions.httpProtocolIPv6", "Unsupported value"},
			"metadataOptions: {httpPutResponseHopLimit: 0}":  {"spec.metadataOptions.httpPutResponseHopLimit", "greater than or equal to 1"},
			"metadataOptions: {httpPutResponseHopLimit: 65}": {"spec.metadataOptions.httpPutResponseHopLimit", "less than or equal to 64"},
			"metadataOptions: {httpTokens: enabled}":         {"spec.metadataOptions.httpTokens", "Unsupported value"},
		}},
		{"AWS-011 connectionTracking", []string{
			"connectionTracking: {tcpEstablishedTimeout: 60, udpStreamTimeout: 60, udpTimeout: 30}",
			"connectionTracking: {tcpEstablishedTimeout: 432000, udpStreamTimeout: 180, udpTimeout: 60}", "connectionTracking: {udpTimeout: 45}",
		}, map[string]refusal{
			"connectionTracking: {}":                              {"spec.connectionTracking", "at least one of tcpEstablishedTimeout, udpStreamTimeout and udpTimeout"},
			"connectionTracking: {tcpEstablishedTimeout: 59}":     {"spec.connectionTracking.tcpEstablishedTimeout", "greater than or equal to 60"},
			"connectionTracking: {tcpEstablishedTimeout: 432001}": {"spec.connectionTracking.tcpEstablishedTimeout", "less than or equal to 432000"},
			"connectionTracking: {udpStreamTimeout: 59}":          {"spec.connectionTracking.udpStreamTimeout", "greater than or equal to 60"},
			"connectionTracking: {udpStreamTimeout: 181}":         {"spec.connectionTracking.udpStreamTimeout", "less than or equal to 180"},
			"connectionTracking: {udpTimeout: 29}":                {"spec.connectionTracking.udpTimeout", "greater than or equal to 30"},
			"connectionTracking: {udpTimeout: 61}":                {"spec.connectionTracking.udpTimeout", "less than or equal to 60"},
		}},
		{"AWS-011 cpuOptions", []string{
			"cpuOptions: {nestedVirtualization: enabled}", "cpuOptions: {nestedVirtualization: disabled}",
		}, map[string]refusal{
			"cpuOptions: {nestedVirtualization: yes please}": {"spec.cpuOptions.nestedVirtualization", "Unsupported value"},
		}},
	}
}
