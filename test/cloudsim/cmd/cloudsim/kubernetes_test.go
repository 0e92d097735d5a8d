// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"karpenter.sh/test/cloudsim/join"
)

// simple lets every machine boot.
type simple struct{}

func (simple) Boot(m join.Machine) (join.Node, error) { return join.Node{Machine: m}, nil }

const kubeconfig = `{"apiVersion": "v1", "kind": "Config", "current-context": "a",
"clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:1"}}], "contexts": [{"name": "a", "context": {"cluster": "a"}}]}`

// SIM-060: with a kubeconfig the cloud's machines join; without one they are recorded.
func TestMachinesJoin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	joiner, err := newJoiner(options{kubeconfig: file, kwokLabels: "a=b,c="})
	if err != nil {
		t.Fatal(err)
	}
	c, err := newAWS(options{cluster: "c1", joiner: joiner})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.Yard().Boot(join.Machine{ID: "i-1", NodeName: "n"}, simple{}, now)
	c.Agenda().Run(now)
	if joiner.Open() != 1 {
		t.Error("the machine does not join")
	}
	if none, err := newJoiner(options{kwokLabels: "a=b"}); none != nil || err != nil {
		t.Errorf("without a kubeconfig: %v, %v", none, err)
	}
}
