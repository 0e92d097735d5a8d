// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"fmt"
	"path"
	"time"

	"karpenter.sh/test/cloudsim/wire"
)

// identify finds out who calls. Without identities in the setup everybody may call.
func (r *request) identify(s wire.Signature) *wire.Error {
	if r.call == "sts:AssumeRoleWithWebIdentity" || len(r.identities) == 0 {
		return nil
	}
	if id := r.identities[s.AccessKey]; id != nil {
		r.identity = id
		return nil
	}
	e := wire.Errorf("UnrecognizedClientException", "The security token included in the request is invalid.")
	switch r.call[:3] {
	case "ec2":
		e = wire.Errorf("AuthFailure", "AWS was not able to validate the provided access credentials")
		e.Status = 401
	case "iam", "sts":
		e.Code = "InvalidClientTokenId"
		e.Status = 403
	}
	return e
}

// caller is the ARN of who calls.
func (r *request) caller() string {
	role := "controller"
	if r.identity != nil {
		role = r.identity.Role
	}
	return fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/session", r.options.Setup.Account, role)
}

func getCallerIdentity(r *request) (wire.Tree, error) {
	return wire.Tree{"Account": r.options.Setup.Account, "Arn": r.caller(), "UserId": "AROASIMULATED:session"}, nil
}

// assumeRole gives the credentials of the identity with that role, or any.
func assumeRole(r *request) (wire.Tree, error) {
	role := path.Base(r.in.Str("RoleArn"))
	key := r.accessKey()
	for _, id := range r.identities {
		if id.Role == role {
			key = id.AccessKey
		}
	}
	return wire.Tree{
		"Credentials": wire.Tree{
			"AccessKeyId": key, "SecretAccessKey": "simulated", "SessionToken": "simulated", "Expiration": r.now.Add(time.Hour),
		},
		"AssumedRoleUser": wire.Tree{
			"Arn": fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/session", r.options.Setup.Account, role), "AssumedRoleId": "AROASIMULATED:session",
		},
	}, nil
}
