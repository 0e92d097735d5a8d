// SPDX-License-Identifier: Apache-2.0

// Command generate trims the official service models of AWS to the calls that are
// simulated, and writes them compressed, one file per service. The models are the
// service-2.json.gz files that the Python package botocore carries:
//
//	go run ./model/generate -from "$(python3 -c 'import botocore,os;print(os.path.dirname(botocore.__file__))')/data" -to model/aws
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"karpenter.sh/test/cloudsim/model"
)

// source is one model to trim.
type source struct {
	// service and version are its directory.
	service, version string
	calls            []string
	// name is the service's in signatures, policies and files; empty: that of its
	// directory.
	name string
}

func (s source) called() string {
	if s.name != "" {
		return s.name
	}
	return s.service
}

// sources are the calls of AWS-420, and what STS answers for credentials.
func sources() []source {
	return []source{
		{service: "ec2", version: "2016-11-15", calls: []string{
			"CreateFleet", "CreateLaunchTemplate", "CreateTags", "DeleteLaunchTemplate", "DescribeCapacityReservations",
			"DescribeImages", "DescribeInstances", "DescribeInstanceStatus", "DescribeInstanceTypeOfferings",
			"DescribeInstanceTypes", "DescribeLaunchTemplates", "DescribePlacementGroups", "DescribeSecurityGroups",
			"DescribeSpotPriceHistory", "DescribeSubnets", "RunInstances", "TerminateInstances",
		}},
		{service: "eks", version: "2017-11-01", calls: []string{"DescribeCluster"}},
		{service: "iam", version: "2010-05-08", calls: []string{
			"AddRoleToInstanceProfile", "CreateInstanceProfile", "DeleteInstanceProfile", "GetInstanceProfile",
			"ListInstanceProfiles", "RemoveRoleFromInstanceProfile",
		}},
		{service: "ssm", version: "2014-11-06", calls: []string{"GetParameter"}},
		{service: "pricing", version: "2017-10-15", calls: []string{"GetProducts"}},
		{service: "sqs", version: "2012-11-05", calls: []string{"GetQueueUrl", "ReceiveMessage", "DeleteMessage"}},
		{service: "arc-zonal-shift", version: "2022-10-30", calls: []string{"GetManagedResource"}},
		{service: "service-quotas", version: "2019-06-24", calls: []string{"ListServiceQuotas"}, name: "servicequotas"},
		{service: "sts", version: "2011-06-15", calls: []string{"AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"}},
	}
}

// enumLimit is where a list of published values stops being a rule: see model.Trim.
const enumLimit = 60

func main() {
	from := flag.String("from", "", "`directory` of the official models")
	to := flag.String("to", "model/aws", "`directory` to write to")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	if from == "" {
		return fmt.Errorf("-from is needed: the directory that holds ec2/2016-11-15/service-2.json.gz")
	}
	for _, s := range sources() {
		full, err := read(filepath.Join(from, s.service, s.version, "service-2.json.gz"), s.called())
		if err != nil {
			return err
		}
		trimmed, err := model.Trim(full, s.calls, enumLimit)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(to, s.called()+".json.gz"), trimmed); err != nil {
			return err
		}
	}
	return nil
}

func read(file, name string) (*model.Service, error) {
	packed, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read a model: %w", err)
	}
	stream, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", file, err)
	}
	data, err := io.ReadAll(stream)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", file, err)
	}
	data, err = normalize(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	service, err := model.Read(data)
	if err != nil {
		return nil, err
	}
	service.Name = name
	if service.Metadata.SigningName == "" {
		service.Metadata.SigningName = name
	}
	return service, nil
}

// normalize turns the marker awsQueryCompatible, an empty object, into true.
func normalize(data []byte) ([]byte, error) {
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	metadata, _ := raw["metadata"].(map[string]any)
	if _, ok := metadata["awsQueryCompatible"]; ok {
		metadata["awsQueryCompatible"] = true
	}
	return json.Marshal(raw)
}

func write(file string, s *model.Service) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write the model of %s: %w", s.Name, err)
	}
	var packed bytes.Buffer
	stream, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is a valid one
	if _, err := stream.Write(data); err != nil {
		return fmt.Errorf("pack the model of %s: %w", s.Name, err)
	}
	if err := stream.Close(); err != nil {
		return fmt.Errorf("pack the model of %s: %w", s.Name, err)
	}
	return os.WriteFile(file, packed.Bytes(), 0o644)
}
