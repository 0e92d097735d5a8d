// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/price"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

func gpus(devices ...ec2types.GpuDeviceInfo) func(*ec2types.InstanceTypeInfo) {
	return func(i *ec2types.InstanceTypeInfo) { i.GpuInfo = &ec2types.GpuInfo{Gpus: devices} }
}

func device(maker string, count int32) ec2types.GpuDeviceInfo {
	return ec2types.GpuDeviceInfo{Manufacturer: &maker, Count: &count}
}

func store(gb int64) func(*ec2types.InstanceTypeInfo) {
	return func(i *ec2types.InstanceTypeInfo) {
		i.InstanceStorageInfo = &ec2types.InstanceStorageInfo{TotalSizeInGB: &gb, NvmeSupport: ec2types.EphemeralNvmeSupportRequired}
	}
}

func cards(list ...ec2types.NetworkCardInfo) func(*ec2types.InstanceTypeInfo) {
	return func(i *ec2types.InstanceTypeInfo) { i.NetworkInfo.NetworkCards = list }
}

func card(index, interfaces int32) ec2types.NetworkCardInfo {
	return ec2types.NetworkCardInfo{NetworkCardIndex: &index, MaximumNetworkInterfaces: &interfaces}
}

func efas(n int32) func(*ec2types.InstanceTypeInfo) {
	return func(i *ec2types.InstanceTypeInfo) {
		i.NetworkInfo.EfaInfo = &ec2types.EfaInfo{MaximumEfaInterfaces: &n}
	}
}

func interfaces(list ...v1.NetworkInterface) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) {
		for i := range list {
			c.Spec.NetworkInterfaces = append(c.Spec.NetworkInterfaces, &list[i])
		}
	}
}

func on(card, device int32, kind v1.InterfaceType) v1.NetworkInterface {
	return v1.NetworkInterface{NetworkCardIndex: card, DeviceIndex: device, InterfaceType: kind}
}

func instanceStore(c *v1.EC2NodeClass) { c.Spec.InstanceStorePolicy = aws.String("RAID0") }

// volume adds a mapping; an empty size is none.
func volume(device, size string, root bool) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) {
		m := &v1.BlockDeviceMapping{RootVolume: root, EBS: &v1.BlockDevice{SnapshotID: aws.String("snap-1")}}
		if device != "" {
			m.DeviceName = &device
		}
		if size != "" {
			q := resource.MustParse(size)
			m.EBS.VolumeSize = &q
		}
		c.Spec.BlockDeviceMappings = append(c.Spec.BlockDeviceMappings, m)
	}
}

// AWS-201, AWS-205 to AWS-207: what a node has. An empty amount is none.
func TestCapacity(t *testing.T) {
	const pods, disk, memory = "pods", "ephemeral-storage", "memory"
	neurons := func(i *ec2types.InstanceTypeInfo) {
		core := &ec2types.NeuronDeviceCoreInfo{Count: aws.Int32(2)}
		i.NeuronInfo = &ec2types.NeuronInfo{NeuronDevices: []ec2types.NeuronDeviceInfo{
			{Count: aws.Int32(6), CoreInfo: core}, {Count: aws.Int32(1), CoreInfo: core},
		}}
	}
	for name, tc := range map[string]struct {
		info  ec2types.InstanceTypeInfo
		class *v1.EC2NodeClass
		want  map[string]string
	}{
		"AWS-201 cpu and memory":             {m5large(), nodeClass(), map[string]string{"cpu": "2", memory: "7577Mi"}},
		"AWS-201 arm64 has less":             {m5large(arm), nodeClass(), map[string]string{memory: "7518Mi"}},
		"AWS-201 no devices":                 {info("x9.large", 2, 8192), nodeClass(), map[string]string{"nvidia.com/gpu": "", "vpc.amazonaws.com/efa": "", "vpc.amazonaws.com/pod-eni": "", "aws.amazon.com/neuron": ""}},
		"AWS-201, AWS-202 branch interfaces": {m5large(), nodeClass(), map[string]string{"vpc.amazonaws.com/pod-eni": "9"}},
		"AWS-201 no trunking":                {info("t3.large", 2, 8192), nodeClass(), map[string]string{"vpc.amazonaws.com/pod-eni": ""}},
		"AWS-202 a type that is not there":   {info("m99.large", 2, 8192), nodeClass(), map[string]string{"vpc.amazonaws.com/pod-eni": ""}},
		"AWS-201 GPUs of all entries":        {m5large(gpus(device("NVIDIA", 4), device("NVIDIA", 1), device("AMD", 2), device("Habana", 8), device("Other", 3))), nodeClass(), map[string]string{"nvidia.com/gpu": "5", "amd.com/gpu": "2", "habana.ai/gaudi": "8"}},
		"AWS-204 a part of a GPU is none":    {m5large(gpus(device("NVIDIA", 0))), nodeClass(), map[string]string{"nvidia.com/gpu": ""}},
		"AWS-201 Neuron":                     {m5large(neurons), nodeClass(), map[string]string{"aws.amazon.com/neuron": "7", "aws.amazon.com/neuroncore": "12"}},
		"AWS-201 EFA":                        {m5large(efas(4)), nodeClass(), map[string]string{"vpc.amazonaws.com/efa": "4"}},
		"AWS-201 EFA as listed":              {m5large(efas(4)), nodeClass(interfaces(on(0, 0, "interface"), on(0, 1, "efa-only"))), map[string]string{"vpc.amazonaws.com/efa": "1"}},
		"AWS-201 addresses on Windows":       {m5large(), nodeClass(family(v1.AMIFamilyWindows2022)), map[string]string{"vpc.amazonaws.com/PrivateIPv4Address": "9", pods: "110"}},
		"AWS-201 no addresses on Linux":      {m5large(), nodeClass(), map[string]string{"vpc.amazonaws.com/PrivateIPv4Address": ""}},
		"AWS-201 Windows without a number":   {m5large(func(i *ec2types.InstanceTypeInfo) { i.NetworkInfo.Ipv4AddressesPerInterface = nil }), nodeClass(family(v1.AMIFamilyWindows2022)), map[string]string{"vpc.amazonaws.com/PrivateIPv4Address": ""}},

		"AWS-205 the default":             {m5large(), nodeClass(), map[string]string{disk: "20Gi"}},
		"AWS-205 RAID0":                   {m5large(store(75)), nodeClass(instanceStore, volume("/dev/xvda", "30Gi", true)), map[string]string{disk: "75G"}},
		"AWS-205 RAID0 without a store":   {m5large(), nodeClass(instanceStore, volume("/dev/xvda", "30Gi", false)), map[string]string{disk: "30Gi"}},
		"AWS-205 a store without RAID0":   {m5large(store(75)), nodeClass(), map[string]string{disk: "20Gi"}},
		"AWS-205 RAID0 on Windows":        {m5large(store(75)), nodeClass(instanceStore, family(v1.AMIFamilyWindows2022)), map[string]string{disk: "50Gi"}},
		"AWS-205 the root volume":         {m5large(), nodeClass(volume("/dev/xvda", "30Gi", false), volume("/dev/xvdc", "40Gi", true)), map[string]string{disk: "40Gi"}},
		"AWS-205 a root without size":     {m5large(), nodeClass(volume("/dev/xvdc", "", true), volume("/dev/xvda", "30G", false)), map[string]string{disk: "30G"}},
		"AWS-205 Custom has the last":     {m5large(), nodeClass(family(v1.AMIFamilyCustom), volume("/dev/xvda", "30Gi", false), volume("/dev/xvdz", "31Gi", false)), map[string]string{disk: "31Gi"}},
		"AWS-205 Custom without mappings": {m5large(), nodeClass(family(v1.AMIFamilyCustom)), map[string]string{disk: "20Gi"}},
		"AWS-205 the data device":         {m5large(), nodeClass(family(v1.AMIFamilyBottlerocket), volume("/dev/xvda", "4Gi", false), volume("/dev/xvdb", "50Gi", false)), map[string]string{disk: "50Gi"}},
		"AWS-205 Bottlerocket's default":  {m5large(), nodeClass(family(v1.AMIFamilyBottlerocket), volume("/dev/xvda", "4Gi", false)), map[string]string{disk: "20Gi"}},
		"AWS-205 Windows":                 {m5large(), nodeClass(family(v1.AMIFamilyWindows2022), volume("/dev/sda1", "60Gi", false)), map[string]string{disk: "60Gi"}},
		"AWS-012 mappings without a thing": {m5large(), nodeClass(func(c *v1.EC2NodeClass) {
			c.Spec.BlockDeviceMappings = []*v1.BlockDeviceMapping{nil, {}, {RootVolume: true}}
		}), map[string]string{disk: "20Gi"}},

		"AWS-206 density":                  {m5large(), nodeClass(), map[string]string{pods: "29"}},
		"AWS-206 the default card":         {m5large(cards(card(0, 9), card(1, 2)), func(i *ec2types.InstanceTypeInfo) { i.NetworkInfo.DefaultNetworkCardIndex = aws.Int32(1) }), nodeClass(), map[string]string{pods: "20"}},
		"AWS-206 no cards reported":        {m5large(cards()), nodeClass(), map[string]string{pods: "29"}},
		"AWS-206 efa-only on card 0":       {m5large(cards(card(0, 3), card(1, 3)), efas(2)), nodeClass(interfaces(on(0, 0, "interface"), on(0, 1, "efa-only"), on(1, 1, "efa-only"))), map[string]string{pods: "20"}},
		"AWS-206 no interface left":        {m5large(cards(card(0, 1)), efas(2)), nodeClass(interfaces(on(0, 1, "efa-only"))), map[string]string{pods: "0"}},
		"AWS-207 maxPods":                  {m5large(), nodeClass(kubelet(`{"maxPods":7}`)), map[string]string{pods: "7"}},
		"AWS-207 maxPods on Windows":       {m5large(), nodeClass(family(v1.AMIFamilyWindows2022), kubelet(`{"maxPods":7}`)), map[string]string{pods: "7"}},
		"AWS-207 podsPerCore":              {m5large(), nodeClass(kubelet(`{"podsPerCore":4}`)), map[string]string{pods: "8"}},
		"AWS-207 podsPerCore is a bound":   {m5large(), nodeClass(kubelet(`{"podsPerCore":400}`)), map[string]string{pods: "29"}},
		"AWS-207 Bottlerocket has none":    {m5large(), nodeClass(family(v1.AMIFamilyBottlerocket), kubelet(`{"podsPerCore":4}`)), map[string]string{pods: "29"}},
		"AWS-025 maxPods as an expression": {m5large(), nodeClass(kubelet(`{"maxPods":"min(max_pods, vcpus * 5)"}`)), map[string]string{pods: "10"}},
	} {
		t.Run(name, func(t *testing.T) {
			it := newWorld(t, one(tc.info)).only(tc.class)
			compare(t, it.Capacity, tc.want)
		})
	}
}

func compare(t *testing.T, got corev1.ResourceList, want map[string]string) {
	t.Helper()
	for name, text := range want {
		q, there := got[corev1.ResourceName(name)]
		switch {
		case text == "" && there:
			t.Errorf("%s %s, want none", name, q.String())
		case text != "" && (!there || q.Cmp(resource.MustParse(text)) != 0):
			t.Errorf("%s %s, want %s", name, q.String(), text)
		}
	}
}

// AWS-206, AWS-208: interfaces reserved by the setting lower pods, not what is reserved.
func TestReservedENIs(t *testing.T) {
	w := newWorld(t, one(m5large()), func(w *world) { w.options.ReservedENIs = 1 })
	it := w.only(nodeClass())
	compare(t, it.Capacity, map[string]string{"pods": "20"})
	compare(t, it.Overhead.KubeReserved, map[string]string{"memory": "574Mi"})
}

// AWS-208, AWS-209, AWS-435: what of it pods cannot use.
func TestOverhead(t *testing.T) {
	type part = func(cloudprovider.Overhead) corev1.ResourceList
	kube := func(o cloudprovider.Overhead) corev1.ResourceList { return o.KubeReserved }
	system := func(o cloudprovider.Overhead) corev1.ResourceList { return o.SystemReserved }
	eviction := func(o cloudprovider.Overhead) corev1.ResourceList { return o.EvictionThreshold }
	for name, tc := range map[string]struct {
		info  ec2types.InstanceTypeInfo
		class *v1.EC2NodeClass
		of    part
		want  map[string]string
	}{
		"AWS-208 2 vCPUs":            {m5large(), nodeClass(), kube, map[string]string{"cpu": "70m", "memory": "574Mi", "ephemeral-storage": "1Gi"}},
		"AWS-208 1 vCPU":             {info("m6g.medium", 1, 4096), nodeClass(), kube, map[string]string{"cpu": "60m"}},
		"AWS-208 4 vCPUs":            {info("m5.xlarge", 4, 8192), nodeClass(), kube, map[string]string{"cpu": "80m"}},
		"AWS-208 8 vCPUs":            {info("m5.2xlarge", 8, 8192), nodeClass(), kube, map[string]string{"cpu": "90m"}},
		"AWS-208 cut off":            {info("odd.large", 5, 8192), nodeClass(), kube, map[string]string{"cpu": "82m"}},
		"AWS-208 ignores maxPods":    {m5large(), nodeClass(kubelet(`{"maxPods":1}`)), kube, map[string]string{"memory": "574Mi"}},
		"AWS-208 AL2 ignores it too": {m5large(), nodeClass(family(v1.AMIFamilyAL2), kubelet(`{"maxPods":1}`)), kube, map[string]string{"memory": "574Mi"}},
		"AWS-208 Bottlerocket":       {m5large(), nodeClass(family(v1.AMIFamilyBottlerocket), kubelet(`{"maxPods":1}`)), kube, map[string]string{"memory": "266Mi"}},
		"AWS-208 Windows":            {m5large(), nodeClass(family(v1.AMIFamilyWindows2022)), kube, map[string]string{"memory": "1465Mi"}},
		"AWS-208 key by key":         {m5large(), nodeClass(kubelet(`{"kubeReserved":{"cpu":"1"}}`)), kube, map[string]string{"cpu": "1", "memory": "574Mi"}},
		"AWS-208 system":             {m5large(), nodeClass(), system, map[string]string{"cpu": "", "memory": ""}},
		"AWS-208 system configured":  {m5large(), nodeClass(kubelet(`{"systemReserved":{"memory":"1Gi"}}`)), system, map[string]string{"memory": "1Gi", "cpu": ""}},
		"AWS-025 expressions":        {m5large(), nodeClass(kubelet(`{"kubeReserved":{"cpu":"vcpus*30","memory":"memory_mib/100"}}`)), kube, map[string]string{"cpu": "60m", "memory": "96Mi"}},
		"AWS-025 a bad one":          {m5large(), nodeClass(kubelet(`{"kubeReserved":{"cpu":"0-vcpus"}}`)), kube, map[string]string{"cpu": "70m"}},

		"AWS-209 defaults":           {m5large(), nodeClass(), eviction, map[string]string{"memory": "100Mi", "ephemeral-storage": "2Gi"}},
		"AWS-209 rounded up":         {m5large(), nodeClass(volume("/dev/xvda", "21474836481", false)), eviction, map[string]string{"ephemeral-storage": "2147483649"}},
		"AWS-209 quantities":         {m5large(), nodeClass(kubelet(`{"evictionHard":{"memory.available":"1Gi","nodefs.available":"3Gi"}}`)), eviction, map[string]string{"memory": "1Gi", "ephemeral-storage": "3Gi"}},
		"AWS-209 a share":            {m5large(), nodeClass(kubelet(`{"evictionHard":{"memory.available":"10%"}}`)), eviction, map[string]string{"memory": "794506036"}}, // of 7577Mi, up
		"AWS-209 100 % is none":      {m5large(), nodeClass(kubelet(`{"evictionHard":{"memory.available":"100%"}}`)), eviction, map[string]string{"memory": "0"}},
		"AWS-209 soft never counts":  {m5large(), nodeClass(kubelet(`{"evictionSoft":{"memory.available":"2Gi"},"evictionSoftGracePeriod":{"memory.available":"1m"}}`)), eviction, map[string]string{"memory": "100Mi"}},
		"AWS-435 reservedSystemCPUs": {m5large(), nodeClass(kubelet(`{"reservedSystemCPUs":"0","kubeReserved":{"cpu":"500m"},"systemReserved":{"cpu":"300m"}}`)), system, map[string]string{"cpu": "1"}},
		"AWS-435 in place of others": {m5large(), nodeClass(kubelet(`{"reservedSystemCPUs":"0","kubeReserved":{"cpu":"500m"}}`)), kube, map[string]string{"cpu": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			it := newWorld(t, one(tc.info)).only(tc.class)
			compare(t, tc.of(it.Overhead), tc.want)
		})
	}
}

// AWS-026, CP-111: a launch is told what the listing promised.
func TestMachine(t *testing.T) {
	w := newWorld(t, one(m5large(efas(2))))
	c := nodeClass(kubelet(`{"maxPods":"vcpus * 4","kubeReserved":{"cpu":"vcpus * 30"},"evictionHard":{"memory.available":"5%"}}`))
	it := w.only(c)
	m, err := w.provider.Machine(c, "m5.large")
	must(t, err)
	if m.Settings.Pods != 8 || m.Settings.MaxPods != 8 || *m.Configuration.MaxPods != 8 || m.EFAs != 2 || m.VCPUs != 2 {
		t.Errorf("%+v", m)
	}
	if pods := it.Capacity[corev1.ResourcePods]; pods.Value() != m.Settings.Pods {
		t.Errorf("listed with %s pods", pods.String())
	}
	total, promised := m.Settings.Overhead.Total(), it.Overhead.Total()
	for name, q := range promised {
		if told := total[name]; told.Cmp(q) != 0 {
			t.Errorf("%s: told %s, promised %s", name, told.String(), q.String())
		}
	}
	// What the NodeClass configures stands apart from what follows from defaults.
	compare(t, m.Configuration.KubeReserved, map[string]string{"cpu": "60m", "memory": ""})
	compare(t, m.Settings.KubeReserved, map[string]string{"cpu": "60m", "memory": "574Mi"})
	if _, err := w.provider.Machine(c, "m5.huge"); err == nil {
		t.Error("a type that is not sold has a machine")
	}
}

// AWS-435: types without the CPUs that are reserved cannot be launched; the others can.
func TestReservedCPUsThatAreNotThere(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{m5large(), info("m5.xlarge", 4, 16384)})
	c := nodeClass(kubelet(`{"reservedSystemCPUs":"0,3"}`))
	list := w.list(c, nil)
	if n := len(list[0].Offerings.Available()); len(list) != 2 || n != 0 || len(list[0].Offerings) == 0 {
		t.Errorf("%s has %d available offerings", list[0].Name, n)
	}
	if len(list[1].Offerings.Available()) == 0 {
		t.Errorf("%s has no available offerings", list[1].Name)
	}
	if _, err := w.provider.Machine(c, "m5.large"); err == nil || !strings.Contains(err.Error(), "CPU 3") {
		t.Errorf("error %v", err)
	}
}

// AWS-023, AWS-025, AWS-200: what cannot be resolved fails the listing, whatever else
// could be listed.
func TestListFails(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{m5large(), info("m5.xlarge", 4, 16384)})
	for name, c := range map[string]*v1.EC2NodeClass{
		"AWS-025 maxPods on one type": nodeClass(kubelet(`{"maxPods":"10 / (vcpus - 4)"}`)),
		"AWS-023 undecodable":         nodeClass(kubelet(`{"maxPods":true}`)),
		"AWS-014 unparsable alias": nodeClass(func(c *v1.EC2NodeClass) {
			c.Spec.AMIFamily, c.Spec.AMISelectorTerms = nil, []v1.AMISelectorTerm{{Alias: "nothing"}}
		}),
	} {
		for range 2 {
			if list, err := w.provider.List(context.Background(), c, nil); err == nil || list != nil {
				t.Errorf("%s: %d types, error %v", name, len(list), err)
			}
		}
	}
	if len(w.list(nodeClass(), nil)) != 2 {
		t.Error("another NodeClass is listed no more")
	}
}

// AWS-024, AWS-026: the variables of all types, for a trial.
func TestVariables(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{info("m5.xlarge", 4, 16384), m5large()})
	seq, err := w.provider.Variables(nodeClass())
	must(t, err)
	var names []string
	for v := range seq {
		names = append(names, v.InstanceType)
		if v.InstanceType == "m5.large" && (v.VCPUs != 2 || v.MemoryMiB != 8192 || v.DefaultENIs != 3 || v.IPsPerENI != 10 || v.MaxPods != 29) {
			t.Errorf("%+v", v)
		}
	}
	if strings.Join(names, " ") != "m5.large m5.xlarge" {
		t.Errorf("types %v", names)
	}
}

// KIT-047: what prices are estimated by.
func TestShapes(t *testing.T) {
	w := newWorld(t, []ec2types.InstanceTypeInfo{m5large(), info("g5.xlarge", 4, 16384, arm, gpus(ec2types.GpuDeviceInfo{Name: aws.String("A10G"), Count: aws.Int32(2)}))})
	shapes, err := w.provider.Shapes()
	must(t, err)
	want := map[string]price.Shape{
		"m5.large":  {Family: "m5", Kind: "m amd64", VCPUs: 2, GiB: 8},
		"g5.xlarge": {Family: "g5", Kind: "g arm64", VCPUs: 4, GiB: 16, Accelerators: 2, Accelerator: "a10g"},
	}
	if !maps.Equal(shapes, want) {
		t.Errorf("%+v", shapes)
	}
}

// AWS-025, AWS-200, AWS-203: what a launch is told follows what it depends on, and is the
// same for as long as that is.
func TestMachineFollows(t *testing.T) {
	w := newWorld(t, one(m5large()))
	told := func(c *v1.EC2NodeClass) string {
		t.Helper()
		m, err := w.provider.Machine(c, "m5.large")
		must(t, err)
		return fmt.Sprintf("%d pods, %d CPUs, %s", m.Settings.Pods, m.VCPUs, m.Settings.EvictionHard["memory.available"])
	}
	class := func(pods string) *v1.EC2NodeClass {
		return nodeClass(kubelet(`{"maxPods":` + pods + `,"evictionHard":{"memory.available":"5%"}}`))
	}
	before := told(class(`"vcpus * 4"`))
	if after := told(class("9")); after == before || told(class(`"vcpus * 4"`)) != before {
		t.Errorf("a NodeClass was changed: %s, then %s", before, after)
	}
	w.api.types = one(info("m5.large", 4, 8192))
	must(t, w.provider.Refresh(t.Context()))
	if after := told(class(`"vcpus * 4"`)); after == before {
		t.Errorf("the type was changed: still %s", after)
	}
	overhead := func() int64 {
		m, err := w.provider.Machine(class("9"), "m5.large")
		must(t, err)
		total := m.Settings.Overhead.Total()
		return total.Memory().Value()
	}
	estimated := overhead()
	w.observe("m5.large", "6Gi")
	if observed := overhead(); observed >= estimated {
		t.Errorf("of less memory as much is kept: %d, then %d", estimated, observed)
	}
}
