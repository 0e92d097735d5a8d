// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/statichash"
)

// Names that a cluster holds, by the specification and not by the product's constants:
// what another Karpenter has written does not change with them.
const (
	classHash        = "karpenter.k8s.aws/ec2nodeclass-hash"
	classHashVersion = "karpenter.k8s.aws/ec2nodeclass-hash-version"
	poolHash         = "karpenter.sh/nodepool-hash"
	poolHashVersion  = "karpenter.sh/nodepool-hash-version"
	adoptedRole      = "KarpenterNodeRole"
	adoptedImage     = "amazon-eks-node-al2023-x86_64-standard-1.34-v20251201"
	adoptedZone      = "us-west-2a"
)

// leftover is what another Karpenter left in a cluster and an account.
type leftover struct {
	class  *unstructured.Unstructured
	pool   *v1.NodePool
	claims []v1.NodeClaim
	// hashes are the annotations of static hashes, profile the instance profile.
	hashes  map[string]string
	profile string
	image   string
}

// leave makes what another Karpenter would leave that ran so many machines, none of it
// with the help of the product. The controller must be down.
func leave(ctx context.Context, machines int) *leftover {
	GinkgoHelper()
	l := &leftover{image: imageNamed(ctx, adoptedImage)}
	authority := authorityOf(os.Getenv("KUBECONFIG"))
	l.hashes = map[string]string{
		classHash: strconv.FormatUint(hashOfClass(authority), 10), classHashVersion: "v6", poolHashVersion: "v3",
	}
	l.leaveClass(ctx)
	l.leavePool(ctx)
	ids := l.launch(ctx, authority, machines)
	for i, id := range ids {
		l.leaveClaim(ctx, i, id)
	}
	return l
}

// authorityOf is the authority of a cluster as nodes are given it (AWS-091).
func authorityOf(kubeconfig string) string {
	GinkgoHelper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	Expect(rest.LoadTLSFiles(config)).To(Succeed())
	return base64.StdEncoding.EncodeToString(config.CAData)
}

// vectorA is the hash of an EC2NodeClass of AL2023 with role KarpenterNodeRole and
// nothing else that counts, for a cluster without authority (AWS-091).
const vectorA = 9428231282790951906

// hashOfClass is that of the same EC2NodeClass where nodes are given an authority.
func hashOfClass(authority string) uint64 {
	return vectorA ^ statichash.Text("") ^ statichash.Text(authority)
}

// leaveClass makes the EC2NodeClass with its status, and its instance profile
// (AWS-015, AWS-090, AWS-341).
func (l *leftover) leaveClass(ctx context.Context) {
	GinkgoHelper()
	terms := []any{map[string]any{"tags": map[string]any{"karpenter.sh/discovery": cloud.Cluster}}}
	l.class = &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass",
		"metadata": map[string]any{
			"name":        env.Name("adopted"),
			"annotations": map[string]any{classHash: l.hashes[classHash], classHashVersion: "v6"},
			"finalizers":  []any{"karpenter.k8s.aws/termination"},
		},
		"spec": map[string]any{
			"role":                       adoptedRole,
			"amiSelectorTerms":           []any{map[string]any{"alias": "al2023@v20251201"}},
			"subnetSelectorTerms":        terms,
			"securityGroupSelectorTerms": terms,
			"metadataOptions": map[string]any{
				"httpEndpoint": "enabled", "httpProtocolIPv6": "disabled", "httpPutResponseHopLimit": int64(1), "httpTokens": "required",
			},
		},
	}}
	env.Create(ctx, l.class)
	l.profile = cloud.Cluster + "_8517046271934556002"
	l.leaveProfile(ctx)
	status := map[string]any{
		"instanceProfile": l.profile,
		"amis": []any{map[string]any{
			"id": l.image, "name": adoptedImage, "requirements": []any{
				map[string]any{"key": "kubernetes.io/arch", "operator": "In", "values": []any{"amd64"}},
				map[string]any{"key": "karpenter.k8s.aws/instance-gpu-count", "operator": "DoesNotExist"},
				map[string]any{"key": "karpenter.k8s.aws/instance-accelerator-count", "operator": "DoesNotExist"},
			},
		}},
		"securityGroups": []any{map[string]any{"id": securityGroup(ctx), "name": "nodes"}},
		"conditions": environment.True("AMIsReady", "SubnetsReady", "SecurityGroupsReady", "InstanceProfileReady", "ValidationSucceeded",
			"PlacementGroupReady", "CapacityReservationsReady", "Ready"),
	}
	var subnets []any
	for zoneID, zone := range map[string]string{"usw2-az1": "us-west-2a", "usw2-az2": "us-west-2b", "usw2-az3": "us-west-2c"} {
		subnets = append(subnets, map[string]any{"id": subnetIn(ctx, zone), "zone": zone, "zoneID": zoneID})
	}
	status["subnets"] = subnets
	l.class.Object["status"] = status
	Expect(env.Status().Update(ctx, l.class)).To(Succeed())
}

func (l *leftover) leaveProfile(ctx context.Context) {
	GinkgoHelper()
	name := url.Values{"InstanceProfileName": {l.profile}}
	create := url.Values{"InstanceProfileName": {l.profile}, "Path": {fmt.Sprintf("/karpenter/us-west-2/%s/%s/", cloud.Cluster, l.class.GetUID())}}
	tagList(create, "Tags.member", map[string]string{
		"kubernetes.io/cluster/" + cloud.Cluster: "owned", "eks:eks-cluster-name": cloud.Cluster,
		"karpenter.k8s.aws/ec2nodeclass": l.class.GetName(), "topology.kubernetes.io/region": "us-west-2",
	})
	query(ctx, "iam", "CreateInstanceProfile", create, nil)
	name.Set("RoleName", adoptedRole)
	query(ctx, "iam", "AddRoleToInstanceProfile", name, nil)
}

// leavePool makes the NodePool with its hash, which counts the labels that mark the
// test's nodes.
func (l *leftover) leavePool(ctx context.Context) {
	GinkgoHelper()
	pool := env.Defaults.NodePool(env.Name("adopted"), l.class)
	require(instanceType, "m5.large")(pool)
	require(capacityType, "on-demand")(pool)
	pool.Spec.Template.Spec.ExpireAfter = "720h"
	pool.Spec.Disruption.ConsolidateAfter = "0s"
	env.Create(ctx, pool)
	template := statichash.Template{
		Labels: pool.Spec.Template.ObjectMeta.Labels, Group: "karpenter.k8s.aws", Kind: "EC2NodeClass", Class: l.class.GetName(),
		ExpireAfter: 720 * time.Hour,
	}
	l.hashes[poolHash] = strconv.FormatUint(template.Hash(), 10)
	env.Update(ctx, pool, func() {
		pool.Annotations = map[string]string{poolHash: l.hashes[poolHash], poolHashVersion: "v3"}
	})
	env.WriteStatus(ctx, pool, map[string]any{"conditions": environment.True("ValidationSucceeded", "NodeClassReady", "Ready")})
	l.pool = pool
}

// tags are those of a machine (AWS-124, AWS-125).
func (l *leftover) tags() map[string]string {
	return map[string]string{
		"kubernetes.io/cluster/" + cloud.Cluster: "owned", "karpenter.sh/nodepool": l.pool.Name,
		"eks:eks-cluster-name": cloud.Cluster, "karpenter.k8s.aws/ec2nodeclass": l.class.GetName(),
	}
}

// launch makes machines that join as AL2023 does (AWS-124, AWS-164, AWS-260, AWS-263,
// AWS-290).
func (l *leftover) launch(ctx context.Context, authority string, count int) []string {
	GinkgoHelper()
	labels := []string{"karpenter.k8s.aws/ec2nodeclass=" + l.class.GetName(), "karpenter.sh/capacity-type=on-demand",
		"karpenter.sh/do-not-sync-taints=true", "karpenter.sh/nodepool=" + l.pool.Name}
	for key, value := range l.pool.Spec.Template.ObjectMeta.Labels {
		labels = append(labels, key+"="+value)
	}
	userData := fmt.Sprintf(`MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: %s
    apiServerEndpoint: https://127.0.0.1:6443
    certificateAuthority: %s
    cidr: 10.100.0.0/16
  kubelet:
    config:
      maxPods: 29
      registerWithTaints:
      - effect: NoExecute
        key: karpenter.sh/unregistered
    flags:
    - --node-labels="%s"

--//--
`, cloud.Cluster, authority, strings.Join(labels, ","))
	const data = "LaunchTemplateData."
	template := url.Values{
		data + "ImageId":                                        {l.image},
		data + "UserData":                                       {base64.StdEncoding.EncodeToString([]byte(userData))},
		data + "IamInstanceProfile.Name":                        {l.profile},
		data + "MetadataOptions.HttpEndpoint":                   {"enabled"},
		data + "MetadataOptions.HttpProtocolIpv6":               {"disabled"},
		data + "MetadataOptions.HttpPutResponseHopLimit":        {"1"},
		data + "MetadataOptions.HttpTokens":                     {"required"},
		data + "NetworkInterface.1.DeviceIndex":                 {"0"},
		data + "NetworkInterface.1.SecurityGroupId.1":           {securityGroup(ctx)},
		data + "BlockDeviceMapping.1.DeviceName":                {"/dev/xvda"},
		data + "BlockDeviceMapping.1.Ebs.VolumeSize":            {"20"},
		data + "BlockDeviceMapping.1.Ebs.VolumeType":            {"gp3"},
		data + "BlockDeviceMapping.1.Ebs.Encrypted":             {"true"},
		data + "TagSpecification.1.ResourceType":                {"network-interface"},
		data + "CapacityReservationSpecification." + preference: {"none"},
		"TagSpecification.1.ResourceType":                       {"launch-template"},
	}
	tagList(template, data+"TagSpecification.1.Tag", l.tags())
	tagList(template, "TagSpecification.1.Tag", l.tags())
	fleet := url.Values{}
	for i, kind := range []string{"instance", "volume", "fleet"} {
		prefix := fmt.Sprintf("TagSpecification.%d.", i+1)
		fleet.Set(prefix+"ResourceType", kind)
		tagList(fleet, prefix+"Tag", l.tags())
	}
	const override = "LaunchTemplateConfigs.1.Overrides.1."
	fleet.Set(override+"InstanceType", "m5.large")
	fleet.Set(override+"SubnetId", subnetIn(ctx, adoptedZone))
	fleet.Set(override+"AvailabilityZone", adoptedZone)
	return launchWith(ctx, "karpenter.k8s.aws/5126390217765411093", template, fleet, count)
}

const preference = "CapacityReservationPreference"

// leaveClaim makes the NodeClaim of a machine, and marks its Node once it has joined,
// as registration does (AWS-120, AWS-123, AWS-125, AWS-201, AWS-208, AWS-209, AWS-295).
func (l *leftover) leaveClaim(ctx context.Context, number int, id string) {
	GinkgoHelper()
	name := fmt.Sprintf("%s-%05d", l.pool.Name, number)
	labels := map[string]string{
		"karpenter.sh/nodepool": l.pool.Name, "karpenter.k8s.aws/ec2nodeclass": l.class.GetName(), "karpenter.sh/capacity-type": "on-demand",
		"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "node.kubernetes.io/instance-type": "m5.large",
		"topology.kubernetes.io/region": "us-west-2", "topology.kubernetes.io/zone": adoptedZone, "topology.k8s.aws/zone-id": "usw2-az1",
	}
	for key, value := range map[string]string{
		"capability-flex": "false", "category": "m", "cpu": "2", "cpu-manufacturer": "intel", "cpu-sustained-clock-speed-mhz": "3100",
		"ebs-bandwidth": "4750", "encryption-in-transit-supported": "false", "family": "m5", "generation": "5", "hypervisor": "nitro",
		"memory": "8192", "network-bandwidth": "750", "size": "large", "tenancy": "default",
	} {
		labels["karpenter.k8s.aws/instance-"+key] = value
	}
	for key, value := range l.pool.Spec.Template.ObjectMeta.Labels {
		labels[key] = value
	}
	annotations := map[string]string{
		"karpenter.k8s.aws/instance-profile-name": l.profile, "karpenter.k8s.aws/tagged": "true",
		"compatibility.karpenter.k8s.aws/cluster-name-tagged": "true",
	}
	for key, value := range l.hashes {
		annotations[key] = value
	}
	yes := true
	claim := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: labels, Annotations: annotations, Finalizers: []string{"karpenter.sh/termination"},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "karpenter.sh/v1", Kind: "NodePool", Name: l.pool.Name, UID: l.pool.UID, BlockOwnerDeletion: &yes,
			}},
		},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: l.pool.Spec.Template.Spec.NodeClassRef, ExpireAfter: "720h",
			Requirements: append([]v1.NodeSelectorRequirementWithMinValues{
				{Key: "karpenter.sh/nodepool", Operator: corev1.NodeSelectorOpIn, Values: []string{l.pool.Name}},
				{Key: "karpenter.k8s.aws/ec2nodeclass", Operator: corev1.NodeSelectorOpIn, Values: []string{l.class.GetName()}},
			}, l.pool.Spec.Template.Spec.Requirements...),
			Resources: v1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("1500m"), "pods": resource.MustParse("1")}},
		},
	}
	env.Create(ctx, claim)
	providerID := "aws:///" + adoptedZone + "/" + id
	node := l.leaveNode(ctx, claim, providerID)
	tagged := url.Values{}
	list(tagged, "ResourceId", id)
	tagList(tagged, "Tag", map[string]string{"Name": node.Name, "karpenter.sh/nodeclaim": name})
	query(ctx, "ec2", "CreateTags", tagged, nil)
	env.WriteStatus(ctx, claim, map[string]any{
		"providerID": providerID, "imageID": l.image, "nodeName": node.Name,
		"capacity":         map[string]any{"cpu": "2", "memory": "7577Mi", "ephemeral-storage": "20Gi", "pods": "29"},
		"allocatable":      map[string]any{"cpu": "1930m", "memory": "6903Mi", "ephemeral-storage": "17Gi", "pods": "29"},
		"conditions":       environment.True("Launched", "Registered", "Initialized", "Ready"),
		"lastPodEventTime": metav1.Now().UTC().Format(time.RFC3339),
	})
	Expect(env.Get(ctx, client.ObjectKeyFromObject(claim), claim)).To(Succeed())
	l.claims = append(l.claims, *claim)
}

// leaveNode waits until a machine has joined, and registers its Node.
func (l *leftover) leaveNode(ctx context.Context, claim *v1.NodeClaim, providerID string) *corev1.Node {
	GinkgoHelper()
	node := &corev1.Node{}
	env.Eventually(ctx, func(g Gomega) {
		var nodes corev1.NodeList
		g.Expect(env.List(ctx, &nodes)).To(Succeed())
		for i := range nodes.Items {
			if nodes.Items[i].Spec.ProviderID == providerID {
				node = &nodes.Items[i]
			}
		}
		g.Expect(node.Name).NotTo(BeEmpty(), "the Node of %s", providerID)
	})
	yes := true
	env.Update(ctx, node, func() {
		node.Spec.Taints = nil
		for key, value := range claim.Labels {
			node.Labels[key] = value
		}
		node.Labels["karpenter.sh/registered"], node.Labels["karpenter.sh/initialized"] = "true", "true"
		for key, value := range l.hashes {
			node.Annotations[key] = value
		}
		node.Finalizers = []string{"karpenter.sh/termination"}
		node.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "karpenter.sh/v1", Kind: "NodeClaim", Name: claim.Name, UID: claim.UID, BlockOwnerDeletion: &yes,
		}}
	})
	return node
}

// expectAnnotations sees that nobody has written other hashes.
func (l *leftover) expectAnnotations(ctx context.Context) {
	GinkgoHelper()
	objects := []client.Object{l.class, l.pool}
	for i := range l.claims {
		objects = append(objects, &l.claims[i])
	}
	for _, o := range objects {
		want := o.GetAnnotations()
		Expect(env.Get(ctx, client.ObjectKeyFromObject(o), o)).To(Succeed())
		for key := range l.hashes {
			Expect(o.GetAnnotations()[key]).To(Equal(want[key]), "%s of %s", key, o.GetName())
		}
	}
	Expect(l.class.GetAnnotations()).To(HaveKeyWithValue(classHash, l.hashes[classHash]))
	Expect(l.pool.GetAnnotations()).To(HaveKeyWithValue(poolHash, l.hashes[poolHash]))
}
