// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/validation"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/kubeletconfig"
	"karpenter.sh/providers/aws/placement"
	"karpenter.sh/providers/aws/userdata"
)

// Check judges an EC2NodeClass.
type Check = validation.Check[*v1.EC2NodeClass]

// Verdict is what a check says.
type Verdict = validation.Verdict

// Kubelet reads and checks spec.kubelet; *kubeletconfig.Reader does.
type Kubelet interface {
	Check(raw *runtime.RawExtension, family string) *kubeletconfig.Violation
	Read(raw *runtime.RawExtension) (*kubeletconfig.Config, error)
}

// Types are the instance types that expressions are tried on; *instancetype.Provider
// has them.
type Types interface {
	Variables(*v1.EC2NodeClass) (iter.Seq[kubeletconfig.Variables], error)
}

// Cluster tells the range of its services; *cluster.Cluster does.
type Cluster interface {
	ServiceCIDR(context.Context) (string, error)
}

// ValidationOptions are what NodeClasses are validated with. All are required but
// DryRun.
type ValidationOptions struct {
	Cluster Cluster
	Kubelet Kubelet
	Types   Types
	// DryRun tries a launch; nil switches it off (AWS-087).
	DryRun Check
	// Dropped tells of settings that are left out; nil: nobody is told.
	Dropped *Dropped
	Clock   clock.PassiveClock
}

// Validator is the resolver of ValidationSucceeded, with the memory of its dry runs.
type Validator = validation.Validator[*v1.EC2NodeClass]

// NewValidator returns the resolver (AWS-085).
func NewValidator(o ValidationOptions) *Validator {
	return validation.New(validation.Options[*v1.EC2NodeClass]{
		Early: []Check{readable, family, serviceCIDR(o.Cluster), kubeletRules(o.Kubelet), custom(o.Dropped)},
		Dependencies: []string{
			v1.ConditionTypeAMIsReady, v1.ConditionTypeInstanceProfileReady,
			v1.ConditionTypeSecurityGroupsReady, v1.ConditionTypeSubnetsReady,
		},
		Awaiting: "Awaiting AMI, Instance Profile, Security Group, and Subnet resolution",
		Late:     []Check{placed, kubeletExpressions(o.Kubelet, o.Types), userTags},
		DryRun:   o.DryRun,
		Content:  content,
		Clock:    o.Clock,
	})
}

// readable refuses a spec of which a part could not be read: without it, machines would
// be launched that are not what was asked for, as with disks that are not encrypted
// (AWS-085).
func readable(_ context.Context, nodeClass *v1.EC2NodeClass) (Verdict, error) {
	if text := unreadable(nodeClass); text != "" {
		return Verdict{Reason: "SpecUnreadable", Message: text}, nil
	}
	return Verdict{}, nil
}

// unreadable names what could not be read of the spec; empty if that is nothing.
func unreadable(nodeClass *v1.EC2NodeClass) string {
	var texts []string
	for _, problem := range nodeClass.UnreadableSpec() {
		texts = append(texts, problem.String())
	}
	return strings.Join(texts, "; ")
}

// family refuses what admission would have: an alias that is none (AWS-014).
func family(_ context.Context, nodeClass *v1.EC2NodeClass) (Verdict, error) {
	_, err := nodeClass.Family()
	return refusal("AMIFamilyInvalid", "spec.amiSelectorTerms: ", err), nil
}

// refusal is the verdict about what is wrong with a field; none if nothing is.
func refusal(reason, field string, wrong error) Verdict {
	if wrong == nil {
		return Verdict{}
	}
	return Verdict{Reason: reason, Message: field + wrong.Error()}
}

// serviceCIDR is needed by machines of AL2023 (AWS-005, AWS-086).
func serviceCIDR(cluster Cluster) Check {
	return func(ctx context.Context, nodeClass *v1.EC2NodeClass) (Verdict, error) {
		if is, _ := nodeClass.Family(); is != v1.AMIFamilyAL2023 {
			return Verdict{}, nil
		}
		_, err := cluster.ServiceCIDR(ctx)
		switch {
		case err == nil:
			return Verdict{}, nil
		case failure.IsServerFault(err), failure.IsThrottled(err):
			return Verdict{}, err
		}
		message := "Failed to detect the cluster CIDR"
		if missing, denied := failure.PermissionMissing(err); denied {
			message += ": permission missing: " + missing.String()
		}
		return Verdict{Reason: "ClusterCIDRResolutionFailed", Message: message}, err
	}
}

// kubeletRules are AWS-021 to AWS-023.
func kubeletRules(kubelet Kubelet) Check {
	return func(_ context.Context, nodeClass *v1.EC2NodeClass) (Verdict, error) {
		is, err := nodeClass.Family()
		if err != nil {
			return Verdict{}, err
		}
		return of(kubelet.Check(nodeClass.Spec.Kubelet, is)), nil
	}
}

// kubeletExpressions are tried on every type that is known (AWS-026).
func kubeletExpressions(kubelet Kubelet, types Types) Check {
	return func(_ context.Context, nodeClass *v1.EC2NodeClass) (Verdict, error) {
		config, err := kubelet.Read(nodeClass.Spec.Kubelet)
		if err != nil {
			return Verdict{}, fmt.Errorf("reading spec.kubelet of EC2NodeClass %s: %w", nodeClass.Name, err)
		}
		variables, err := types.Variables(nodeClass)
		if err != nil {
			return Verdict{}, err
		}
		return of(config.Evaluate(variables)), nil
	}
}

func of(violation *kubeletconfig.Violation) Verdict {
	if violation == nil {
		return Verdict{}
	}
	return Verdict{Reason: violation.Reason, Message: violation.Error()}
}

// custom refuses user data that cannot be merged with ours, before any call (AWS-088),
// and tells what is left out of them (AWS-165).
func custom(dropped *Dropped) Check {
	return func(_ context.Context, nodeClass *v1.EC2NodeClass) (Verdict, error) {
		is, err := nodeClass.Family()
		if err != nil {
			return Verdict{}, err
		}
		data := ptr.Deref(nodeClass.Spec.UserData, "")
		if data != "" {
			if v := refusal("UserDataInvalid", "spec.userData: ", userdata.Check(is, data)); v.Reason != "" {
				return v, nil
			}
		}
		dropped.note(nodeClass, userdata.Dropped(is, data))
		return Verdict{}, nil
	}
}

// placed waits for the placement group: a launch outside of it must not be tried
// (AWS-360).
func placed(_ context.Context, nodeClass *v1.EC2NodeClass) (Verdict, error) {
	if placement.Selector(nodeClass) == "" || settled(nodeClass, v1.ConditionTypePlacementGroupReady) {
		return Verdict{}, nil
	}
	return Verdict{Reason: validation.ReasonDependencies, Message: "Awaiting Placement Group resolution"}, nil
}

// userTags refuses tags that are ours to set (AWS-086, AWS-124).
func userTags(_ context.Context, nodeClass *v1.EC2NodeClass) (Verdict, error) {
	return refusal("TagValidationFailed", "", tagsOf(nodeClass)), nil
}

func tagsOf(nodeClass *v1.EC2NodeClass) error {
	if keys := nodeClass.RestrictedTags(); len(keys) > 0 {
		return fmt.Errorf("spec.tags: %s are set by Karpenter", strings.Join(keys, ", "))
	}
	return nil
}

// CheckReady is the gate before a launch (CP-011): ready in its present generation, all
// of its spec read, and without tags that are ours.
func CheckReady(nodeClass *v1.EC2NodeClass) error {
	if err := cloudprovider.CheckReady(nodeClass); err != nil {
		return err
	}
	if text := unreadable(nodeClass); text != "" {
		return cloudprovider.NewNodeClassNotReadyError(errors.New(text))
	}
	if err := tagsOf(nodeClass); err != nil {
		return cloudprovider.NewNodeClassNotReadyError(err)
	}
	return nil
}
