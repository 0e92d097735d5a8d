// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"time"

	"karpenter.sh/providers/aws/iam"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

const (
	// controllerKey sorts first, so that it is the one that the cloud hands out.
	controllerKey = "AKIACONTROLLER"
	// operatorKey is that of a human, who may do everything.
	operatorKey = "AKIAOPERATOR"
	// furtherRole is a node role beside that of the policies: one that a cluster had
	// before.
	furtherRole = "KarpenterNodeRole"
	// neighbour is another account, which shares a reservation.
	neighbour = "444455556666"
)

// account is the default account of a cluster, with more in it.
func account(cluster string) (cloudaws.Setup, error) {
	s := cloudaws.DefaultSetup(cluster)
	policies, err := policiesFor(s)
	if err != nil {
		return cloudaws.Setup{}, err
	}
	s.Identities = []cloudaws.Identity{
		{AccessKey: controllerKey, Role: "KarpenterController-" + cluster, Policies: policies},
		{AccessKey: operatorKey, Role: "operator"},
	}
	s.Roles = append(s.Roles, furtherRole)
	selectedByExamples(&s)
	s.Reservations = append(s.Reservations, cloudaws.Reservation{
		ID: "cr-00000000000000003", Type: "m5.large", Zone: "us-west-2a", Count: 3, Match: "targeted", Kind: "default",
		Tags: map[string]string{"purpose": "steady"},
	})
	return s, nil
}

// policiesFor are the documented ones, and the grant that a further node role needs.
func policiesFor(s cloudaws.Setup) ([]json.RawMessage, error) {
	values := iam.Values{
		Partition: "aws", Region: s.Region, AccountID: s.Account, ClusterName: s.Cluster.Name, QueueName: s.Queues[0], NodeRole: s.Roles[0],
	}
	var policies []json.RawMessage
	for _, d := range iam.Policies() {
		document, err := iam.Render(d, values)
		if err != nil {
			return nil, err
		}
		policies = append(policies, document)
	}
	return append(policies, json.RawMessage(fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{
		"Sid": "PassFurtherNodeRole", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::%s:role/%s",
		"Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}}]}`, s.Account, furtherRole))), nil
}

// selectedByExamples adds what the manifests of providers/aws/examples select.
func selectedByExamples(s *cloudaws.Setup) {
	cluster, day := s.Cluster.Name, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const own, windows = "ami-0000000000000000a", "ami-0000000000000000b"
	s.Images = append(s.Images,
		cloudaws.Image{
			ID: own, Name: "platform-node-7", Arch: "x86_64", Owner: s.Account, Family: "al2023", Created: day,
			Tags: map[string]string{"team": "platform", "image": "node"},
		},
		cloudaws.Image{
			ID: windows, Name: "Windows_Server-2022-English-Core-EKS_Optimized-" + s.Cluster.Version + "-2026.01.01", Arch: "x86_64",
			Owner: "amazon", Family: "windows", Created: day,
		},
	)
	s.Parameters["/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-"+s.Cluster.Version+"/image_id"] = windows
	s.InstanceProfiles = append(s.InstanceProfiles, cloudaws.InstanceProfile{Name: cluster + "-node", Role: s.Roles[0]})
	for i, name := range []string{"training", "close"} {
		s.PlacementGroups = append(s.PlacementGroups, cloudaws.PlacementGroup{
			ID: fmt.Sprintf("pg-%017d", i+1), Name: cluster + "-" + name, Strategy: "cluster",
		})
	}
	s.Reservations = append(s.Reservations,
		cloudaws.Reservation{
			ID: "cr-00000000000000001", Type: "m6i.large", Zone: "us-west-2b", Count: 2, Match: "targeted", Kind: "default",
			Tags: map[string]string{"purpose": "batch"},
		},
		cloudaws.Reservation{
			ID: "cr-0123456789abcdef0", Type: "c5.xlarge", Zone: "us-west-2c", Count: 2, Match: "targeted", Kind: "default", Owner: neighbour,
		},
	)
}
