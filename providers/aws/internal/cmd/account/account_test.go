// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"testing"

	cloudaws "karpenter.sh/test/cloudsim/aws"
)

// The simulated cloud takes the account as it is printed, and hands out the key of the
// controller, whose grants are those of the documents (AWS-421).
func TestAccount(t *testing.T) {
	setup, err := account("c1")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(setup)
	if err != nil {
		t.Fatal(err)
	}
	options := cloudaws.DefaultOptions("c1")
	if options.Setup, err = cloudaws.ParseSetup(text, "c1"); err != nil {
		t.Fatal(err)
	}
	cloud, err := cloudaws.New(options)
	if err != nil {
		t.Fatal(err)
	}
	if key := cloud.Env("", "", "")["AWS_ACCESS_KEY_ID"]; key != controllerKey {
		t.Errorf("the cloud hands out %s", key)
	}
	who := cloud.Permissions()
	if len(who) != 2 || who[0].AccessKey != controllerKey || len(who[0].Unused) < 30 || len(who[1].Unused) != 0 {
		t.Errorf("permissions %+v", who)
	}
	if _, err := account("a*"); err == nil {
		t.Error("a name that would widen grants is taken")
	}
}
