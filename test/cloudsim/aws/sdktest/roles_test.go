// SPDX-License-Identifier: Apache-2.0

package sdktest_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"karpenter.sh/test/cloudsim/aws"
)

const controllerRole = "arn:aws:iam::111122223333:role/path/controller"

// twoRoles are an account whose controller is the second of its identities.
func twoRoles(o *aws.Options) {
	o.Setup.Identities = []aws.Identity{{AccessKey: "AKIABOOT", Role: "boot"}, {AccessKey: "AKIACONTROLLER", Role: "controller"}}
}

// token is a web identity's that is over at a time.
func token(expires time.Time) string {
	body := fmt.Sprintf(`{"iss": "https://oidc.local", "sub": "system:serviceaccount:karpenter:karpenter", "aud": ["sts.amazonaws.com"], "exp": %d}`, expires.Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(body)) + ".c2ln"
}

// SIM-071
func TestAssumeRole(t *testing.T) {
	a := newAccount(t, twoRoles)
	ctx, client := context.Background(), sts.NewFromConfig(a.config)
	out, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: sdk.String(controllerRole), RoleSessionName: sdk.String("me"), DurationSeconds: sdk.Int32(900),
	})
	must(t, err)
	if *out.Credentials.AccessKeyId != "AKIACONTROLLER" || !out.Credentials.Expiration.Equal(a.clock.Now().Add(15*time.Minute)) ||
		*out.AssumedRoleUser.Arn != "arn:aws:sts::111122223333:assumed-role/controller/me" {
		t.Errorf("%+v as %+v", out.Credentials, out.AssumedRoleUser)
	}
	_, err = client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: sdk.String("arn:aws:iam::111122223333:role/nobody"), RoleSessionName: sdk.String("me")})
	if code(err) != "AccessDenied" {
		t.Errorf("a role that there is not: %v", err)
	}
	_, err = client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: sdk.String(controllerRole), RoleSessionName: sdk.String("not a session")})
	if code(err) != "ValidationError" {
		t.Errorf("a malformed session name: %v", err)
	}
}

// SIM-071: a controller in a cluster, which has its service account's token only.
func TestAssumeRoleWithWebIdentity(t *testing.T) {
	a := newAccount(t, twoRoles)
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "token")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ROLE_ARN": controllerRole, "AWS_WEB_IDENTITY_TOKEN_FILE": file,
	} {
		t.Setenv(name, value)
	}
	caller := func(token string) (string, error) {
		must(t, os.WriteFile(file, []byte(token), 0o600))
		c, err := config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(1))
		must(t, err)
		out, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", err
		}
		return *out.Arn, nil
	}
	arn, err := caller(token(a.clock.Now().Add(time.Hour)))
	must(t, err)
	if !strings.Contains(arn, "assumed-role/controller/") {
		t.Errorf("the caller is %s", arn)
	}
	_, err = caller(token(a.clock.Now()))
	var expired *ststypes.ExpiredTokenException
	if !errors.As(err, &expired) {
		t.Errorf("a token that is over: %v", err)
	}
	for _, bad := range []string{"secret", "a.b.c", "e30.e30.e30"} {
		_, err = caller(bad)
		var invalid *ststypes.InvalidIdentityTokenException
		if !errors.As(err, &invalid) {
			t.Errorf("token %q: %v", bad, err)
		}
	}
	t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/nobody")
	if _, err = caller(token(a.clock.Now().Add(time.Hour))); code(err) != "AccessDenied" {
		t.Errorf("a role that there is not: %v", err)
	}
}
