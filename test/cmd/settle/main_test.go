// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, test := range []struct{ args, says string }{
		{"-kubeconfig k", ""},
		{"-kubeconfig k -pods 10 -to 10", ""},
		{"-kubeconfig=", "make settle"},
		{"-kubeconfig k -pods 10 -to 11", "10 pods cannot become 11"},
		{"-kubeconfig k -pods 0 -to 0", "0 pods cannot become 0"},
		{"-kubeconfig k -still 0s", "-still"},
		{"-kubeconfig k more", `unknown argument "more"`},
	} {
		_, err := parse(strings.Fields(test.args), io.Discard)
		if (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: %v", test.args, err)
		}
	}
}

func TestConnectSaysHowToGetACluster(t *testing.T) {
	_, err := connect(t.Context(), options{kubeconfig: t.TempDir() + "/kubeconfig"})
	if err == nil || !strings.Contains(err.Error(), "make up") {
		t.Error(err)
	}
}
