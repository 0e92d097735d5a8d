// SPDX-License-Identifier: Apache-2.0

package localcluster_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain makes this binary the programs that go on in a cluster: under the name of one it
// answers on the ports it is told, until it is killed.
func TestMain(m *testing.M) {
	name := filepath.Base(os.Args[0])
	goOn := []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller", "cloudsim", "kind-node"}
	if !slices.Contains(goOn, name) {
		os.Exit(m.Run())
	}
	if err := standIn(name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	time.Sleep(time.Minute)
	os.Exit(0)
}

// standIn starts what a program of that name serves.
func standIn(name string) error {
	switch name {
	case "kwok-controller":
		if address := argument("--server-address="); address != "" {
			serve(address)
		}
	case "cloudsim":
		env := "export AWS_ENDPOINT_URL='https://172.18.0.1:1'\nexport AWS_CA_BUNDLE='elsewhere/ca.pem'\nexport AWS_EC2_METADATA_SERVICE_ENDPOINT='http://127.0.0.1:2'\n"
		dir := after("-dir")
		if after("-cloud") == "proxmox" {
			env = "export CLOUD_CONFIG='elsewhere/cloud.yaml'\nexport SSL_CERT_FILE='elsewhere/ca.pem'\nexport CLOUDSIM_CONTROL='http://127.0.0.1:2'\n"
			if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "cloud.yaml"), []byte("clusters"), 0o644)); err != nil {
				return err
			}
		}
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "env"), []byte(env), 0o644),
			os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("authority"), 0o644)); err != nil {
			return err
		}
		serve("127.0.0.1:" + after("-control-port"))
	case "kind-node":
		var config struct {
			Nodes []struct{ ExtraPortMappings []struct{ HostPort int } }
		}
		content, err := os.ReadFile(after("--config"))
		if err := errors.Join(err, json.Unmarshal(content, &config)); err != nil {
			return err
		}
		for _, port := range config.Nodes[0].ExtraPortMappings {
			serve(fmt.Sprintf("127.0.0.1:%d", port.HostPort))
		}
	}
	return nil
}

func serve(address string) {
	go func() {
		fmt.Fprintln(os.Stderr, http.ListenAndServe(address, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		os.Exit(1)
	}()
}

// argument is the rest of the argument that begins with a prefix.
func argument(prefix string) string {
	for _, arg := range os.Args {
		if rest, found := strings.CutPrefix(arg, prefix); found {
			return rest
		}
	}
	return ""
}

// after is the argument after another.
func after(flag string) string {
	for i, arg := range os.Args[:len(os.Args)-1] {
		if arg == flag {
			return os.Args[i+1]
		}
	}
	return ""
}
