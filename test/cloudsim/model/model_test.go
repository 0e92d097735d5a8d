// SPDX-License-Identifier: Apache-2.0

package model_test

import (
	"strings"
	"testing"

	"karpenter.sh/test/cloudsim/model"
)

// SIM-003: the models that are embedded are whole.
func TestModelsOfAWS(t *testing.T) {
	services, err := model.AWS()
	if err != nil {
		t.Fatal(err)
	}
	for name, protocol := range map[string]string{
		"ec2": "ec2", "iam": "query", "sts": "query", "ssm": "json", "pricing": "json", "sqs": "json",
		"eks": "rest-json", "arc-zonal-shift": "rest-json",
	} {
		s := services[name]
		if s == nil || s.Metadata.Protocol != protocol || len(s.Operations) == 0 || s.Metadata.SigningName == "" {
			t.Errorf("model of %s: %+v", name, s)
		}
	}
	if !services["sqs"].Metadata.QueryCompatible {
		t.Error("SQS reports its old error codes, but its model does not say so")
	}
}

func TestReadRefusesReferencesThatLeadNowhere(t *testing.T) {
	for reason, text := range map[string]string{
		"of a shape":     `{"name": "x", "shapes": {"A": {"type": "list", "member": {"shape": "B"}}}}`,
		"of a call":      `{"name": "x", "operations": {"Do": {"input": {"shape": "B"}}}}`,
		"of no JSON":     `{`,
		"of a structure": `{"name": "x", "shapes": {"A": {"type": "structure", "members": {"m": {"shape": "B"}}}}}`,
	} {
		if _, err := model.Read([]byte(text)); err == nil {
			t.Errorf("%s: read without an error", reason)
		}
	}
}

func TestTrim(t *testing.T) {
	full, err := model.Read([]byte(`{"name": "x", "operations": {
		"Keep": {"name": "Keep", "input": {"shape": "In"}}, "Drop": {"name": "Drop", "input": {"shape": "Other"}}},
		"shapes": {"In": {"type": "structure", "members": {"m": {"shape": "Word"}, "self": {"shape": "In"}}},
			"Word": {"type": "string", "enum": ["a", "b", "c"]}, "Other": {"type": "string"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	trimmed, err := model.Trim(full, []string{"Keep"}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if trimmed.Shapes["Other"] != nil || trimmed.Shapes["Word"] == nil || strings.Join(trimmed.Calls(), ",") != "Keep" {
		t.Errorf("kept %v and calls %v", trimmed.Shapes, trimmed.Calls())
	}
	if trimmed.Shapes["Word"].Enum != nil || full.Shapes["Word"].Enum == nil {
		t.Error("a long enum is dropped from the copy alone")
	}
	if _, err := model.Trim(full, []string{"None"}, 0); err == nil {
		t.Error("a call that there is not is kept")
	}
}
