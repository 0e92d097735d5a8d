// SPDX-License-Identifier: Apache-2.0

package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/model"
	"karpenter.sh/test/cloudsim/wire"
)

func router(t *testing.T) *wire.Router {
	t.Helper()
	services, err := model.AWS()
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.NewRouter(services)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// form is a request of a query protocol, signed for a service ("" not at all).
func form(service, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sign(r, service)
	return r
}

func sign(r *http.Request, service string) {
	if service != "" {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AK/20260301/us-west-2/"+service+"/aws4_request, SignedHeaders=host, Signature=00")
	}
}

func target(call, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", call)
	return r
}

// judge routes, reads and validates; err is what the protocol answers.
func judge(t *testing.T, r *http.Request) (*wire.Request, wire.Codec, wire.Tree, *wire.Error) {
	t.Helper()
	wr, codec, err := router(t).Route(r)
	if err != nil {
		return wr, codec, nil, err
	}
	in, found := codec.Decode(wr)
	if in != nil {
		found = append(found, wire.Validate(wr.Service, wr.Operation, in)...)
	}
	if len(found) > 0 {
		return wr, codec, in, codec.Refuse(found)
	}
	return wr, codec, in, nil
}

// SIM-002: who a request is for.
func TestRoute(t *testing.T) {
	get := httptest.NewRequest(http.MethodGet, "/clusters/c%2F1", nil)
	sign(get, "eks")
	tests := []struct {
		reason, call, code string
		request            *http.Request
	}{
		{"by the signature", "ec2 DescribeSubnets", "", form("ec2", "Action=DescribeSubnets&Version=2016-11-15")},
		{"by the version", "sts GetCallerIdentity", "", form("", "Action=GetCallerIdentity&Version=2011-06-15")},
		{"by the target", "ssm GetParameter", "", target("AmazonSSM.GetParameter", "{}")},
		{"by the path", "eks DescribeCluster", "", get},
		{"EC2 has no such call", "ec2", "InvalidAction", form("ec2", "Action=Fly&Version=2016-11-15")},
		{"SQS has no such call", "sqs", "UnknownOperationException", target("AmazonSQS.Fly", "{}")},
		{"nobody speaks that", "", "UnknownService", form("", "")},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			wr, _, err := router(t).Route(tc.request)
			got, code := "", ""
			if wr != nil {
				got = wr.Service.Name
				if wr.Operation != nil {
					got += " " + wr.Operation.Name
				}
			}
			if err != nil {
				code = err.Code
			}
			if got != tc.call || code != tc.code {
				t.Errorf("routed to %q with code %q", got, code)
			}
		})
	}
	wr, _, _ := router(t).Route(get)
	if wr.Path["name"] != "c/1" {
		t.Errorf("the name in the path is %q", wr.Path["name"])
	}
}

// SIM-004, SIM-010: what each protocol refuses, and how.
func TestValidation(t *testing.T) {
	subnets := "Action=DescribeSubnets&Version=2016-11-15&"
	fleet := "Action=CreateFleet&Version=2016-11-15&TargetCapacitySpecification.TotalTargetCapacity=1&LaunchTemplateConfigs.1.Overrides.1.SubnetId=s&"
	profile := "Action=CreateInstanceProfile&Version=2010-05-08&"
	tests := []struct {
		reason, code, says string
		request            *http.Request
	}{
		{"all is well", "", "", form("ec2", subnets+"Filter.1.Name=vpc-id&Filter.1.Value.1=v&MaxResults=5")},
		{"an unknown parameter", "UnknownParameter", "Colour", form("ec2", subnets+"Colour=red")},
		{"an unknown one deep inside", "UnknownParameter", "Filter.1.Colour", form("ec2", subnets+"Filter.1.Colour=red")},
		{"part of a scalar", "UnknownParameter", "MaxResults.1", form("ec2", subnets+"MaxResults.1=5")},
		{"a list without number", "UnknownParameter", "Filter.Name", form("ec2", subnets+"Filter.Name=x")},
		{"a missing parameter", "MissingParameter", "LaunchTemplateConfigs", form("ec2", "Action=CreateFleet&Version=2016-11-15&TargetCapacitySpecification.TotalTargetCapacity=1")},
		{"a missing one deep inside", "MissingParameter", "TargetCapacitySpecification.TotalTargetCapacity", form("ec2", "Action=CreateFleet&Version=2016-11-15&TargetCapacitySpecification.DefaultTargetCapacityType=spot&LaunchTemplateConfigs.1.Overrides.1.SubnetId=s")},
		{"no number", "InvalidParameterValue", "MaxResults", form("ec2", subnets+"MaxResults=many")},
		{"a number too small", "InvalidParameterValue", "greater than or equal to 5", form("ec2", subnets+"MaxResults=4")},
		{"no boolean", "InvalidParameterValue", "DryRun", form("ec2", subnets+"DryRun=yes")},
		{"a value that is not published", "InvalidParameterValue", "Type", form("ec2", fleet+"Type=sometimes")},
		{"a type that is newer than the list of types", "", "", form("ec2", fleet+"LaunchTemplateConfigs.1.Overrides.1.InstanceType=z99.large")},
		{"IAM: a missing parameter", "ValidationError", "Value null at 'instanceProfileName'", form("iam", profile+"Path=/")},
		{"IAM: a wrong pattern", "ValidationError", "regular expression", form("iam", profile+"InstanceProfileName=a b")},
		{"IAM: too long", "ValidationError", "less than or equal to 128", form("iam", profile+"InstanceProfileName="+strings.Repeat("a", 129))},
		{"IAM: lists have members", "", "", form("iam", profile+"InstanceProfileName=a&Tags.member.1.Key=k&Tags.member.1.Value=v")},
		{"IAM: all at once", "ValidationError", "2 validation errors detected", form("iam", profile+"InstanceProfileName=a&Tags.member.1.Key=k&Colour=red")},
		{"JSON: a missing member", "ValidationException", "'name'", target("AmazonSSM.GetParameter", "{}")},
		{"JSON: an unknown member", "ValidationException", "colour", target("AmazonSSM.GetParameter", `{"Name": "n", "Colour": 1}`)},
		{"JSON: a wrong type", "SerializationException", "'name'", target("AmazonSSM.GetParameter", `{"Name": 1}`)},
		{"JSON: no JSON", "SerializationException", "body", target("AmazonSSM.GetParameter", `{`)},
		{"JSON: a value that is not published", "ValidationException", "enum", target("AWSPriceListService.GetProducts", `{"ServiceCode": "AmazonEC2", "Filters": [{"Type": "LIKE", "Field": "f", "Value": "v"}]}`)},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			_, _, _, err := judge(t, tc.request)
			got, message := "", ""
			if err != nil {
				got, message = err.Code, err.Message
			}
			if got != tc.code || !strings.Contains(message, tc.says) {
				t.Errorf("%s: %s", got, message)
			}
		})
	}
}

// SIM-010: requests become trees by the model's names.
func TestDecode(t *testing.T) {
	_, _, _, err := judge(t, form("ec2", "Action=DescribeSubnets&Version=2016-11-15&dryRun=true"))
	if err == nil || err.Code != "UnknownParameter" {
		t.Errorf("EC2's parameters start with a capital: %v", err)
	}
	_, _, in, err := judge(t, form("ec2", "Action=DescribeSubnets&Version=2016-11-15&Filter.2.Name=b&Filter.1.Name=a&Filter.1.Value.1=x&Filter.1.Value.2=y&Filter.10.Name=c&DryRun=true"))
	if err != nil {
		t.Fatal(err)
	}
	filters := in.Trees("Filters")
	if len(filters) != 3 || filters[0].Str("Name") != "a" || strings.Join(filters[0].Strs("Values"), "") != "xy" ||
		filters[2].Str("Name") != "c" || !in.Bool("DryRun") {
		t.Errorf("tree %v", in)
	}
}

// SIM-005, SIM-010: answers are what the model says, and nothing else.
func TestEncode(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 5e8, time.UTC)
	tests := []struct {
		reason, want string
		request      *http.Request
		out          wire.Tree
	}{
		{
			"EC2: sets, items, and names of the wire",
			`<DescribeSubnetsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15"><requestId>id</requestId><subnetSet><item><cidrBlock>a&lt;b</cidrBlock><defaultForAz>true</defaultForAz></item></subnetSet></DescribeSubnetsResponse>`,
			form("ec2", "Action=DescribeSubnets&Version=2016-11-15"), wire.Tree{"Subnets": []wire.Tree{{"CidrBlock": "a<b", "DefaultForAz": true}}},
		},
		{
			"EC2: a call that answers nothing",
			`<CreateTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15"><requestId>id</requestId><return>true</return></CreateTagsResponse>`,
			form("ec2", "Action=CreateTags&Version=2016-11-15"), nil,
		},
		{
			"query: a wrapper, members, times",
			`<GetInstanceProfileResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetInstanceProfileResult><InstanceProfile><CreateDate>2026-03-01T12:00:00.500Z</CreateDate><Roles><member><RoleName>r</RoleName></member></Roles></InstanceProfile></GetInstanceProfileResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetInstanceProfileResponse>`,
			form("iam", "Action=GetInstanceProfile&Version=2010-05-08"),
			wire.Tree{"InstanceProfile": wire.Tree{"CreateDate": at, "Roles": []wire.Tree{{"RoleName": "r"}}}},
		},
		{
			"JSON: times are seconds", `{"Parameter":{"LastModifiedDate":1772366400.5,"Version":1}}`,
			target("AmazonSSM.GetParameter", "{}"), wire.Tree{"Parameter": wire.Tree{"LastModifiedDate": at, "Version": 1}},
		},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			wr, codec, _ := router(t).Route(tc.request)
			response, err := codec.Encode(wr, tc.out, "id")
			if err != nil {
				t.Fatal(err)
			}
			got := strings.TrimPrefix(string(response.Body), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
			if got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
	for reason, out := range map[string]wire.Tree{
		"a member that there is not": {"Colour": "red"},
		"a text for a list":          {"Subnets": "all"},
		"a text for a boolean":       {"Subnets": []wire.Tree{{"DefaultForAz": "yes"}}},
	} {
		wr, codec, _ := router(t).Route(form("ec2", "Action=DescribeSubnets&Version=2016-11-15"))
		if _, err := codec.Encode(wr, out, "id"); err == nil {
			t.Errorf("%s is written", reason)
		}
	}
}

// SIM-006: errors look as each protocol writes them.
func TestFail(t *testing.T) {
	tests := []struct {
		reason, body string
		status       int
		header       [2]string
		request      *http.Request
		err          *wire.Error
	}{
		{"EC2", `<Response><Errors><Error><Code>X</Code><Message>m</Message></Error></Errors><RequestID>id</RequestID></Response>`, 503, [2]string{"X-Amzn-Requestid", "id"},
			form("ec2", "Action=DescribeSubnets&Version=2016-11-15"), &wire.Error{Code: "X", Message: "m", Status: 503}},
		{"IAM takes the status of its model", `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>m</Message></Error><RequestId>id</RequestId></ErrorResponse>`, 404, [2]string{},
			form("iam", "Action=GetInstanceProfile&Version=2010-05-08"), wire.Errorf("NoSuchEntity", "m")},
		{"SQS adds its old code", `{"__type":"QueueDoesNotExist","message":"m"}`, 400, [2]string{"X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender"},
			target("AmazonSQS.GetQueueUrl", "{}"), wire.Errorf("QueueDoesNotExist", "m")},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			wr, codec, _ := router(t).Route(tc.request)
			got := codec.Fail(wr, tc.err, "id")
			body := strings.TrimPrefix(string(got.Body), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
			if body != tc.body || got.Status != tc.status || tc.header[0] != "" && got.Header.Get(tc.header[0]) != tc.header[1] {
				t.Errorf("status %d, header %v\n%s", got.Status, got.Header, body)
			}
		})
	}
}

// Whatever bytes come, reading neither fails hard nor answers with both a tree and
// nothing to refuse for what the model does not have.
func FuzzDecode(f *testing.F) {
	f.Add("Filter.1.Name=a&Filter.1.Value.1=x")
	f.Add("Filter.999999999999999999999.Name=%zz&..=&=")
	services, err := model.AWS()
	if err != nil {
		f.Fatal(err)
	}
	r, err := wire.NewRouter(services)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		wr, codec, routeErr := r.Route(form("ec2", "Action=DescribeSubnets&Version=2016-11-15&"+body))
		if routeErr != nil {
			return
		}
		in, found := codec.Decode(wr)
		if in == nil && len(found) == 0 {
			t.Error("neither a tree nor a violation")
		}
		if len(found) > 0 && codec.Refuse(found).Code == "" {
			t.Error("a refusal without a code")
		}
	})
}
