// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"karpenter.sh/core/cloudprovider/kit/errortable"
)

// permissions are the rows of what the controller may not do (AWS-302).
func permissions() []errortable.Row {
	const role = "User does not have sufficient permission to create the Spot ServiceLinkedRole to launch spot instances"
	rows := []errortable.Row{
		{
			Name: RowSpotRole, When: spotOnly(text(spotRole)), Class: ice, Marks: []errortable.Parts{errortable.CapacityType}, TTL: TTL,
			Reason: "SpotSLRCreationFailed", Message: role,
		},
		{Name: RowSpotRole + "-call", When: text(spotRole), Class: create, Reason: "SpotSLRCreationFailed", Message: role},
	}
	const unauthorized = "User is not authorized to perform this operation "
	for _, cause := range []struct{ name, text, reason, message string }{
		{"boundary", "with an explicit deny in a permissions boundary", "Unauthorized", unauthorized + "due to a permission boundary"},
		{"control-policy", "with an explicit deny in a service control policy", "Unauthorized", unauthorized + "due to a service control policy"},
		{"image", "Not authorized for images", "AMIAuthorizationFailure", "User is not authorized for AMI used in instance launch"},
		{"policy", "", "Unauthorized", unauthorized + "because no identity-based policy allows it"},
	} {
		for _, kind := range []string{"UnauthorizedOperation", "AccessDenied", "AuthFailure"} {
			when := text(kind)
			if cause.text != "" {
				when = text(kind, cause.text)
			}
			rows = append(rows, errortable.Row{
				Name: unauthorizedPrefix + cause.name + "-" + kind, When: when, Class: create, Reason: cause.reason, Message: cause.message,
			})
		}
	}
	return rows
}

const (
	spotRole           = "AuthFailure.ServiceLinkedRoleCreationNotPermitted"
	unauthorizedPrefix = "unauthorized-"
)

// Permission is what the controller may not do.
type Permission struct {
	// Action is such as "ec2:RunInstances"; empty if the cloud does not say it.
	Action string
	// Resource is the ARN or name it was asked for; empty if the cloud does not say it.
	Resource string
}

// String is "ec2:RunInstances on arn:aws:ec2:…", as people look for it in a policy.
func (p Permission) String() string {
	if p.Resource == "" {
		return p.Action
	}
	return p.Action + " on " + p.Resource
}

// PermissionMissing returns what an error says is not allowed; false if it is about
// something else. Where the cloud hides the action, it is the operation that was called.
func PermissionMissing(err error) (Permission, bool) {
	if !IsUnauthorized(err) {
		return Permission{}, false
	}
	p := permissionIn(err.Error())
	var op *smithy.OperationError
	if p.Action == "" && errors.As(err, &op) {
		service := strings.ToLower(strings.ReplaceAll(op.Service(), " ", "-"))
		p.Action = service + ":" + op.Operation()
	}
	return p, true
}

// denied reads the message that services share. A resource can be several words.
var denied = regexp.MustCompile(`not authorized to perform: (\S+?)(?: on resource: (.+?))?(?:,? because |,? with an explicit |\.? Encoded |\.(?:\s|$)|$)`)

func permissionIn(message string) Permission {
	m := denied.FindStringSubmatch(message)
	if m == nil {
		return Permission{}
	}
	return Permission{Action: m[1], Resource: strings.Trim(m[2], `"'`)}
}

// withPermission adds to a message what is missing, if the cloud says it.
func withPermission(message string, f errortable.Failure) string {
	p, ok := PermissionMissing(f.Cause)
	if !ok {
		p = permissionIn(f.Message)
	}
	if p.Action == "" {
		return message
	}
	return fmt.Sprintf("%s: permission missing: %s", message, p)
}
