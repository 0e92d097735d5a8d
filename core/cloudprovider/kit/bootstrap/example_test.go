// SPDX-License-Identifier: Apache-2.0

package bootstrap_test

import (
	"fmt"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
)

// A provider whose machines take a MIME archive: the user's script first, then the
// node's own.
func ExampleRenderMIME() {
	parts, err := bootstrap.UserParts([]byte("#!/bin/bash\nsysctl -w vm.max_map_count=262144\n"), func(data []byte) bootstrap.Part {
		return bootstrap.NewPart(bootstrap.TypeShell, data)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	registration := bootstrap.RegistrationOf(&v1.NodeClaim{}, map[string]string{"karpenter.sh/capacity-type": "spot"}, bootstrap.OutsideKubernetes)
	join := bootstrap.NewScript("#!/bin/bash -e")
	join.Run("/usr/local/bin/join", "--cluster", "my cluster", "--labels", registration.LabelsText(), "--taints", registration.TaintsText())
	ours, err := join.Bytes()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(bootstrap.RenderMIME(append(parts, bootstrap.NewPart(bootstrap.TypeShell, ours)))))
	// Output:
	// MIME-Version: 1.0
	// Content-Type: multipart/mixed; boundary="//"
	//
	// --//
	// Content-Type: text/x-shellscript; charset="us-ascii"
	//
	// #!/bin/bash
	// sysctl -w vm.max_map_count=262144
	//
	// --//
	// Content-Type: text/x-shellscript; charset="us-ascii"
	//
	// #!/bin/bash -e
	// /usr/local/bin/join --cluster 'my cluster' --labels 'karpenter.sh/capacity-type=spot' --taints 'karpenter.sh/unregistered=:NoExecute'
	//
	// --//--
}
