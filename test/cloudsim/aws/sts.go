// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
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

// assumeRole gives the credentials of the identity with that role, or, if everybody
// may do everything, any.
func assumeRole(r *request) (wire.Tree, error) {
	role := path.Base(r.in.Str("RoleArn"))
	key, found := r.accessKey(), len(r.identities) == 0
	for _, id := range r.identities {
		if id.Role == role {
			key, found = id.AccessKey, true
		}
	}
	if !found {
		e := wire.Errorf("AccessDenied", "Not authorized to perform %s on %s", r.call, r.in.Str("RoleArn"))
		e.Status = http.StatusForbidden
		return nil, e
	}
	lasts := time.Hour
	if r.in.Has("DurationSeconds") {
		lasts = time.Duration(r.in.Int("DurationSeconds")) * time.Second
	}
	session := r.in.Str("RoleSessionName")
	return wire.Tree{
		"Credentials": wire.Tree{
			"AccessKeyId": key, "SecretAccessKey": "simulated", "SessionToken": "simulated", "Expiration": r.now.Add(lasts),
		},
		"AssumedRoleUser": wire.Tree{
			"Arn":           fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/%s", r.options.Setup.Account, role, session),
			"AssumedRoleId": "AROASIMULATED:" + session,
		},
	}, nil
}

// assumeRoleWithWebIdentity is assumeRole for whoever has a token of the cluster.
func assumeRoleWithWebIdentity(r *request) (wire.Tree, error) {
	c, err := readToken(r.in.Str("WebIdentityToken"))
	if err != nil {
		return nil, err
	}
	if c.Expires != 0 && !r.now.Before(time.Unix(c.Expires, 0)) {
		return nil, wire.Errorf("ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time")
	}
	out, err := assumeRole(r)
	if err != nil {
		return nil, err
	}
	out["SubjectFromWebIdentityToken"], out["Provider"], out["Audience"] = c.Subject, c.Issuer, "sts.amazonaws.com"
	return out, nil
}

// claims are those of a token that are told or judged.
type claims struct {
	Subject string `json:"sub"`
	Issuer  string `json:"iss"`
	Expires int64  `json:"exp"` // in seconds since 1970
}

// readToken reads the claims of a JWT. Its signature is not checked.
func readToken(token string) (claims, error) {
	var c claims
	invalid := wire.Errorf("InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, invalid
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &c) != nil || c.Subject == "" || c.Issuer == "" {
		return c, invalid
	}
	return c, nil
}
