// SPDX-License-Identifier: Apache-2.0

package nodeclass_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"

	"karpenter.sh/core/apis/lenient"
	"karpenter.sh/core/cloudprovider"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/kubeletconfig"
	"karpenter.sh/providers/aws/nodeclass"
)

// types are those that expressions are tried on.
type types struct{ err error }

func (t types) Variables(*v1.EC2NodeClass) (iter.Seq[kubeletconfig.Variables], error) {
	return slices.Values([]kubeletconfig.Variables{{InstanceType: "m5.large", VCPUs: 2, MaxPods: 29}}), t.err
}

type cidr struct{ err error }

func (c cidr) ServiceCIDR(context.Context) (string, error) { return "10.100.0.0/16", c.err }

// checks is a validator with what it asks.
type checks struct {
	*nodeclass.Validator
	options nodeclass.ValidationOptions
	clock   *clocktesting.FakePassiveClock
	runs    int
	verdict nodeclass.Verdict
	fails   error
	dropped []string
}

func newChecks(t *testing.T, change ...func(*nodeclass.ValidationOptions)) *checks {
	t.Helper()
	reader, err := kubeletconfig.New(kubeletconfig.Options{Expressions: true})
	if err != nil {
		t.Fatal(err)
	}
	k := &checks{clock: clocktesting.NewFakePassiveClock(start())}
	k.options = nodeclass.ValidationOptions{
		Cluster: cidr{}, Kubelet: reader, Types: types{}, Clock: k.clock,
		Dropped: nodeclass.NewDropped(func(name string, keys []string) {
			k.dropped = append(k.dropped, name+": "+strings.Join(keys, ","))
		}),
		DryRun: func(context.Context, *v1.EC2NodeClass) (nodeclass.Verdict, error) {
			k.runs++
			return k.verdict, k.fails
		},
	}
	for _, f := range change {
		f(&k.options)
	}
	k.Validator = nodeclass.NewValidator(k.options)
	return k
}

// ready is a NodeClass of which everything is resolved.
func ready(change ...func(*v1.EC2NodeClass)) *v1.EC2NodeClass {
	c := known()
	set := c.StatusConditions()
	for _, name := range []string{
		v1.ConditionTypeAMIsReady, v1.ConditionTypePlacementGroupReady, v1.ConditionTypeSubnetsReady,
		v1.ConditionTypeSecurityGroupsReady, v1.ConditionTypeInstanceProfileReady,
	} {
		set.SetTrue(name)
	}
	for _, f := range change {
		f(c)
	}
	return c
}

func kubelet(text string) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) { c.Spec.Kubelet = &runtime.RawExtension{Raw: []byte(text)} }
}

func alias(text string) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) { c.Spec.AMISelectorTerms = []v1.AMISelectorTerm{{Alias: text}} }
}

func tagged(c *v1.EC2NodeClass) { c.Spec.Tags = map[string]string{"karpenter.sh/nodepool": "x"} }

// odd could not be read whole.
func odd(c *v1.EC2NodeClass) {
	c.Unreadable = []lenient.Problem{{Field: "spec.userData", Detail: "is no text"}, {Field: "status.amis", Detail: "is no list"}, {Field: "spec.tags", Detail: "is no map"}}
}

func userData(text string) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) { c.Spec.UserData = ptr.To(text) }
}

func unready(name string) func(*v1.EC2NodeClass) {
	return func(c *v1.EC2NodeClass) { c.StatusConditions().SetFalse(name, "NotFound", "none") }
}

// AWS-085, AWS-086: the first step that fails decides.
func TestValidation(t *testing.T) {
	t.Parallel()
	throttled := &smithy.GenericAPIError{Code: "RequestLimitExceeded"}
	noCIDR := func(err error) func(*nodeclass.ValidationOptions) {
		return func(o *nodeclass.ValidationOptions) { o.Cluster = cidr{err} }
	}
	closed := func(o *nodeclass.ValidationOptions) {
		o.Kubelet, _ = kubeletconfig.New(kubeletconfig.Options{})
	}
	bad := func(c *v1.EC2NodeClass) {
		kubelet(`{"maxPodz":1}`)(c)
		tagged(c)
		unready(v1.ConditionTypeAMIsReady)(c)
	}
	for _, tc := range []struct {
		name      string
		options   func(*nodeclass.ValidationOptions)
		nodeClass func(*v1.EC2NodeClass)
		status    metav1.ConditionStatus
		reason    string
		message   string
		fails     bool
	}{
		{"all is well", nil, nil, "True", "", "", false},
		{"AWS-014: an alias that is none", nil, alias("nonsense"), "False", "AMIFamilyInvalid", "spec.amiSelectorTerms: ", false},
		{"AWS-085: a spec that cannot be read whole", noCIDR(errDown), func(c *v1.EC2NodeClass) { alias("nonsense")(c); odd(c) }, "False", "SpecUnreadable", "spec.userData: is no text; spec.tags: is no map", false},
		{"AWS-085: a status that cannot", nil, func(c *v1.EC2NodeClass) { c.Unreadable = []lenient.Problem{{Field: "status.amis"}} }, "True", "", "", false},
		{"AWS-086: the service range", noCIDR(errDown), bad, "False", "ClusterCIDRResolutionFailed", "Failed to detect the cluster CIDR", true},
		{"AWS-086: the service range, throttled", noCIDR(throttled), bad, "", "", "", true},
		{"AWS-005: other families need none", noCIDR(errDown), alias("bottlerocket@latest"), "True", "", "", false},
		{"AWS-021", nil, bad, "False", "InvalidKubeletConfiguration", "spec.kubelet.maxPodz", false},
		{"AWS-023: the gate", closed, func(c *v1.EC2NodeClass) { kubelet(`{"maxPods":"7"}`)(c); tagged(c) }, "False", "KubeletExpressionsDisabled", "spec.kubelet.maxPods", false},
		{"AWS-026: compile", nil, kubelet(`{"maxPods":"vcpus +"}`), "False", "KubeletExpressionInvalid", "spec.kubelet.maxPods", false},
		{"AWS-022", nil, func(c *v1.EC2NodeClass) {
			alias("bottlerocket@latest")(c)
			kubelet(`{"podsPerCore":1}`)(c)
		}, "False", "UnsupportedKubeletConfiguration", "spec.kubelet.podsPerCore", false},
		{"AWS-088: user data that cannot be merged", nil, func(c *v1.EC2NodeClass) {
			alias("bottlerocket@latest")(c)
			userData("[settings")(c)
			unready(v1.ConditionTypeAMIsReady)(c)
		}, "False", "UserDataInvalid", "spec.userData: ", false},
		{"AWS-086: a dependency is False", nil, func(c *v1.EC2NodeClass) { unready(v1.ConditionTypeSubnetsReady)(c); tagged(c) }, "False", "DependenciesNotReady",
			"Awaiting AMI, Instance Profile, Security Group, and Subnet resolution", false},
		{"AWS-086: a dependency is Unknown", nil, func(c *v1.EC2NodeClass) {
			c.StatusConditions().SetUnknown(v1.ConditionTypeInstanceProfileReady)
			tagged(c)
		}, "Unknown", "DependenciesNotReady", "Awaiting AMI, Instance Profile, Security Group, and Subnet resolution", false},
		{"AWS-360: the placement group is not known", nil, func(c *v1.EC2NodeClass) {
			grouped(c)
			unready(v1.ConditionTypePlacementGroupReady)(c)
			tagged(c)
		}, "False", "DependenciesNotReady", "Awaiting Placement Group resolution", false},
		{"AWS-360: no placement group is asked for", nil, unready(v1.ConditionTypePlacementGroupReady), "True", "", "", false},
		{"AWS-026: evaluation", nil, func(c *v1.EC2NodeClass) { kubelet(`{"maxPods":"vcpus - 3"}`)(c); tagged(c) }, "False", "KubeletExpressionEvaluationFailed", "m5.large", false},
		{"AWS-026: no types are known", func(o *nodeclass.ValidationOptions) { o.Types = types{errDown} }, kubelet(`{"maxPods":"vcpus"}`), "", "", "", true},
		{"AWS-086: tags", nil, tagged, "False", "TagValidationFailed", "spec.tags: karpenter.sh/nodepool are set by Karpenter", false},
		{"AWS-087: without dry run", func(o *nodeclass.ValidationOptions) { o.DryRun = nil }, nil, "True", "", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var change []func(*nodeclass.ValidationOptions)
			if tc.options != nil {
				change = append(change, tc.options)
			}
			k, c := newChecks(t, change...), ready()
			if tc.nodeClass != nil {
				tc.nodeClass(c)
			}
			got, err := k.Resolve(t.Context(), c)
			if got.Status != tc.status || got.Reason != tc.reason || !strings.Contains(got.Message, tc.message) || (err != nil) != tc.fails {
				t.Errorf("got %+v, %v", got, err)
			}
			if got.Status != "" && got.After != 10*time.Minute {
				t.Errorf("again after %v", got.After)
			}
			if want := tc.status == "True" && k.options.DryRun != nil; (k.runs > 0) != want {
				t.Errorf("%d dry runs", k.runs)
			}
		})
	}
}

// AWS-087: what makes a dry run be repeated, and what does not.
func TestDryRunIsRemembered(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*checks, *v1.EC2NodeClass)
		runs   int
	}{
		{"nothing", func(*checks, *v1.EC2NodeClass) {}, 1},
		{"another order of subnets and groups", func(_ *checks, c *v1.EC2NodeClass) {
			slices.Reverse(c.Status.Subnets)
			slices.Reverse(c.Status.SecurityGroups)
		}, 1},
		{"a condition", func(_ *checks, c *v1.EC2NodeClass) {
			c.StatusConditions().SetTrueWithReason(v1.ConditionTypeSubnetsReady, "Other", "x")
		}, 1},
		{"a reservation", func(_ *checks, c *v1.EC2NodeClass) { c.Status.CapacityReservations = nil }, 1},
		{"the hash", func(_ *checks, c *v1.EC2NodeClass) {
			c.Annotations = map[string]string{v1.Kind().HashKey(): "1", v1.Kind().HashVersionKey(): "v6"}
		}, 1},
		{"29 minutes", func(k *checks, _ *v1.EC2NodeClass) { k.clock.SetTime(start().Add(29 * time.Minute)) }, 1},
		{"30 minutes", func(k *checks, _ *v1.EC2NodeClass) { k.clock.SetTime(start().Add(30 * time.Minute)) }, 2},
		{"a subnet", func(_ *checks, c *v1.EC2NodeClass) { c.Status.Subnets[0].ID = "subnet-9" }, 2},
		{"a group", func(_ *checks, c *v1.EC2NodeClass) { c.Status.SecurityGroups[0].ID = "sg-9" }, 2},
		{"an AMI", func(_ *checks, c *v1.EC2NodeClass) { c.Status.AMIs[0].ID = "ami-9" }, 2},
		{"the profile", func(_ *checks, c *v1.EC2NodeClass) { c.Status.InstanceProfile = "other" }, 2},
		{"an annotation", func(_ *checks, c *v1.EC2NodeClass) { c.Annotations = map[string]string{"try": "again"} }, 2},
		{"the spec", func(_ *checks, c *v1.EC2NodeClass) { c.Spec.Tags = map[string]string{"a": "b"} }, 2},
		{"another NodeClass of the name", func(_ *checks, c *v1.EC2NodeClass) { c.UID = "other" }, 2},
		{"it was deleted", func(k *checks, c *v1.EC2NodeClass) { k.Forget(c.UID) }, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			k := newChecks(t)
			c := ready(func(c *v1.EC2NodeClass) {
				c.Status.Subnets = []v1.Subnet{{ID: "subnet-1"}, {ID: "subnet-2"}}
				c.Status.SecurityGroups = []v1.SecurityGroup{{ID: "sg-1"}, {ID: "sg-2"}}
			})
			for range 2 {
				if _, err := k.Resolve(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			c = c.DeepCopy()
			tc.change(k, c)
			if _, err := k.Resolve(t.Context(), c); err != nil || k.runs != tc.runs {
				t.Errorf("%d dry runs, want %d; %v", k.runs, tc.runs, err)
			}
		})
	}
	k := newChecks(t)
	for _, verdict := range []nodeclass.Verdict{{Reason: "X", Fleeting: true}, {Reason: "X"}, {}} {
		k.verdict = verdict
		if _, err := k.Resolve(t.Context(), ready()); err != nil {
			t.Fatal(err)
		}
	}
	if k.runs != 2 {
		t.Errorf("%d dry runs: a fleeting refusal is not remembered, another is", k.runs)
	}
	k = newChecks(t)
	k.fails = errDown
	if got, err := k.Resolve(t.Context(), ready()); !errors.Is(err, errDown) || got.Status != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// AWS-165: keys that are left out are told once for each change.
func TestDroppedKeys(t *testing.T) {
	t.Parallel()
	k := newChecks(t)
	c := ready(alias("bottlerocket@latest"))
	for _, text := range []string{
		"[settings.kubernetes]\nmax-pods = 3", "[settings.kubernetes]\nnew-key = 1", "[settings.kubernetes]\nnew-key = 2",
		"[settings.kubernetes]\nnew-key = 1\nother = 1", "", "[settings.kubernetes]\nnew-key = 1",
	} {
		for range 2 {
			userData(text)(c)
			if _, err := k.Resolve(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := []string{"default: new-key", "default: new-key,other", "default: new-key"}; !slices.Equal(k.dropped, want) {
		t.Errorf("told %q", k.dropped)
	}
	k.options.Dropped.Forget(c.UID)
	if _, err := k.Resolve(t.Context(), c); err != nil || len(k.dropped) != 4 {
		t.Errorf("after it was forgotten: %q, %v", k.dropped, err)
	}
}

// CP-011, AWS-124: the gate before a launch.
func TestCheckReady(t *testing.T) {
	t.Parallel()
	all := func(c *v1.EC2NodeClass) { c.StatusConditions().SetTrue(v1.ConditionTypeValidationSucceeded) }
	isReason := func(reason string) func(error) bool {
		return func(err error) bool {
			e, ok := cloudprovider.AsCreateError(err)
			return ok && e.Reason == reason
		}
	}
	for name, tc := range map[string]struct {
		change func(*v1.EC2NodeClass)
		check  func(error) bool
	}{
		"ready":                   {all, func(err error) bool { return err == nil }},
		"not ready":               {func(c *v1.EC2NodeClass) { all(c); unready(v1.ConditionTypeAMIsReady)(c) }, cloudprovider.IsNodeClassNotReadyError},
		"unknown":                 {func(*v1.EC2NodeClass) {}, isReason("NodeClassReadinessUnknown")},
		"of another generation":   {func(c *v1.EC2NodeClass) { all(c); c.Generation++ }, cloudprovider.IsNodeClassNotReadyError},
		"API-177: not read whole": {func(c *v1.EC2NodeClass) { all(c); odd(c) }, cloudprovider.IsNodeClassNotReadyError},
		"AWS-124: with our tags":  {func(c *v1.EC2NodeClass) { all(c); tagged(c) }, cloudprovider.IsNodeClassNotReadyError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := nodeclass.CheckReady(ready(tc.change)); !tc.check(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}
