// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	testclock "k8s.io/utils/clock/testing"

	"karpenter.sh/test/cloudsim/aws"
)

// client calls a cloud without a network, in the query protocols.
type client struct {
	testing.TB
	*aws.Cloud
	clock *testclock.FakeClock
	key   string // access key
}

func newClient(t testing.TB, change ...func(*aws.Options)) *client {
	t.Helper()
	clock := testclock.NewFakeClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	o := aws.DefaultOptions("c1")
	o.Clock, o.Unlimited = clock, true
	for _, f := range change {
		f(&o)
	}
	cloud, err := aws.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &client{TB: t, Cloud: cloud, clock: clock, key: "AK"}
}

var (
	codes   = regexp.MustCompile(`<(?:Code|errorCode)>([^<]*)<`)
	machine = regexp.MustCompile(`>(i-[0-9a-f]{17})<`)
	lt      = regexp.MustCompile(`>(lt-[0-9a-f]{17})<`)
)

// send posts a form to a service. Parameters are name=value.
func (c *client) send(service, version, call string, parameters ...string) (int, string) {
	c.Helper()
	form := url.Values{"Action": {call}, "Version": {version}}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		form.Set(name, value)
	}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.key+"/20260301/us-west-2/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// ec2 calls EC2 and returns the answer and the error code, of the call or of the
// first error within a fleet.
func (c *client) ec2(call string, parameters ...string) (body, code string) {
	c.Helper()
	_, body = c.send("ec2", "2016-11-15", call, parameters...)
	if m := codes.FindStringSubmatch(body); m != nil {
		code = m[1]
	}
	return body, code
}

func (c *client) iam(call string, parameters ...string) (code string) {
	c.Helper()
	_, body := c.send("iam", "2010-05-08", call, parameters...)
	if m := codes.FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}

// tags are the tags of the provider for the nth tag specification.
func tags(n int, kind string) []string {
	out := []string{fmt.Sprintf("TagSpecification.%d.ResourceType=%s", n, kind)}
	for i, tag := range []string{"kubernetes.io/cluster/c1=owned", "eks:eks-cluster-name=c1", "karpenter.sh/nodepool=default"} {
		key, value, _ := strings.Cut(tag, "=")
		out = append(out,
			fmt.Sprintf("TagSpecification.%d.Tag.%d.Key=%s", n, i+1, key), fmt.Sprintf("TagSpecification.%d.Tag.%d.Value=%s", n, i+1, value))
	}
	return out
}

// template makes a launch template with more data, and returns its ID.
func (c *client) template(name string, data ...string) string {
	c.Helper()
	s := aws.DefaultSetup("c1")
	parameters := append([]string{
		"LaunchTemplateName=" + name,
		"LaunchTemplateData.ImageId=" + s.Images[0].ID,
		"LaunchTemplateData.UserData=" + base64.StdEncoding.EncodeToString([]byte("#!/bin/sh")),
		"LaunchTemplateData.NetworkInterface.1.DeviceIndex=0",
		"LaunchTemplateData.NetworkInterface.1.SecurityGroupId.1=" + s.SecurityGroups[0].ID,
	}, tags(1, "launch-template")...)
	for _, p := range data {
		parameters = append(parameters, "LaunchTemplateData."+p)
	}
	body, code := c.ec2("CreateLaunchTemplate", parameters...)
	m := lt.FindStringSubmatch(body)
	if m == nil {
		c.Fatalf("CreateLaunchTemplate: %s\n%s", code, body)
	}
	return m[1]
}

// fleet asks for machines of one type in the first subnets.
func fleet(template, kind, capacity string, n, subnets int) []string {
	out := []string{
		"Type=instant", "LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId=" + template,
		"LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version=$Latest",
		fmt.Sprintf("TargetCapacitySpecification.TotalTargetCapacity=%d", n),
		"TargetCapacitySpecification.DefaultTargetCapacityType=" + capacity,
	}
	for i, s := range aws.DefaultSetup("c1").Subnets[:subnets] {
		at := fmt.Sprintf("LaunchTemplateConfigs.1.Overrides.%d.", i+1)
		out = append(out, at+"InstanceType="+kind, at+"SubnetId="+s.ID)
	}
	out = append(out, tags(1, "instance")...)
	out = append(out, tags(2, "fleet")...)
	return append(out, tags(3, "volume")...)
}

// ids are the instances that an answer names.
func ids(body string) []string {
	var out []string
	for _, m := range machine.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}
