// SPDX-License-Identifier: Apache-2.0

package sdktest_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	quotatypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"karpenter.sh/test/cloudsim/aws"
)

// quotas are the values of all quotas of EC2, by name, read by pages.
func (a *account) quotas(page int32) map[string]float64 {
	a.Helper()
	out := map[string]float64{}
	pages := servicequotas.NewListServiceQuotasPaginator(servicequotas.NewFromConfig(a.config), &servicequotas.ListServiceQuotasInput{
		ServiceCode: sdk.String("ec2"), MaxResults: sdk.Int32(page),
	})
	for pages.HasMorePages() {
		got, err := pages.NextPage(context.Background())
		must(a.T, err)
		for _, q := range got.Quotas {
			out[*q.QuotaName] = *q.Value
		}
	}
	return out
}

// SIM-024: what is told is what bounds launches, for each group of families.
func TestQuotasAreTold(t *testing.T) {
	a := newAccount(t)
	const standard, gpus = "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "All G and VT Spot Instance Requests"
	a.cloud.Quotas().Set(aws.QuotaOnDemand, 4)
	a.cloud.Quotas().Set(aws.QuotaSpot+"/g-vt", 0)
	all := a.quotas(2)
	if len(all) != len(a.quotas(100)) || all[standard] != 4 || all[gpus] != 0 || all["Running On-Demand P instances"] < 1000 {
		t.Errorf("quotas %v", all)
	}
	a.launch(2, types.DefaultTargetCapacityTypeOnDemand) // m5.large
	template := a.template("karpenter.k8s.aws/more", "x86_64")
	refused := func(capacity types.DefaultTargetCapacityType, kind types.InstanceType) string {
		out, err := a.ec2.CreateFleet(context.Background(), a.request(template, 1, capacity, kind))
		must(t, err)
		if len(out.Errors) == 0 {
			return ""
		}
		return *out.Errors[0].ErrorCode
	}
	if code := refused(types.DefaultTargetCapacityTypeOnDemand, "c5.large"); code != "VcpuLimitExceeded" {
		t.Errorf("another family of a group that is full: %q", code)
	}
	if code := refused(types.DefaultTargetCapacityTypeSpot, "g4dn.xlarge"); code != "MaxSpotInstanceCountExceeded" {
		t.Errorf("a group of none: %q", code)
	}
	if code := refused(types.DefaultTargetCapacityTypeOnDemand, "g4dn.xlarge"); code != "" {
		t.Errorf("another group: %q", code)
	}
}

// SIM-024: reserved capacity counts on demand before it is used, and no more when it is.
func TestReservationsTakeQuota(t *testing.T) {
	a := newAccount(t, func(o *aws.Options) {
		o.Setup.Reservations = []aws.Reservation{
			{ID: "cr-0a", Type: "m5.xlarge", Zone: "us-west-2a", Count: 2, Match: "open", Kind: "default"},
			{ID: "cr-0b", Type: "m5.large", Zone: "us-west-2a", Count: 9, Match: "open", Kind: "default", Owner: "999999999999"},
		}
	})
	if used := a.cloud.Quotas().Used(aws.QuotaOnDemand); used != 8 {
		t.Errorf("%d used", used)
	}
}

// SIM-043: the service has errors of its own.
func TestQuotaErrors(t *testing.T) {
	a := newAccount(t, func(o *aws.Options) {
		o.Setup.Identities = []aws.Identity{{AccessKey: "AKIASIMULATED", Role: "r", Policies: []json.RawMessage{
			[]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}`),
		}}}
	})
	list := func(service string) error {
		_, err := servicequotas.NewFromConfig(a.config).ListServiceQuotas(context.Background(), &servicequotas.ListServiceQuotasInput{ServiceCode: &service})
		return err
	}
	var denied *quotatypes.AccessDeniedException
	if err := list("ec2"); !errors.As(err, &denied) {
		t.Errorf("without permission: %v", err)
	}
	open := newAccount(t)
	_, err := servicequotas.NewFromConfig(open.config).ListServiceQuotas(context.Background(), &servicequotas.ListServiceQuotasInput{ServiceCode: sdk.String("ec3")})
	var unknown *quotatypes.NoSuchResourceException
	if !errors.As(err, &unknown) {
		t.Errorf("a service that there is not: %v", err)
	}
}
