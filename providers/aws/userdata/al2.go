// SPDX-License-Identifier: Apache-2.0

package userdata

import (
	"bytes"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
)

// al2 is the user's parts and the script that joins the cluster (AWS-163).
func al2(in Input) ([]byte, error) {
	parts, err := bootstrap.UserParts([]byte(in.Custom), script)
	if err != nil {
		return nil, err
	}
	join, err := al2Script(in)
	if err != nil {
		return nil, err
	}
	return bootstrap.RenderMIME(append(parts, bootstrap.NewPart(bootstrap.TypeShell, join))), nil
}

// script makes user data a shell part; cloud-init looks what it really is. White
// space before a first line such as #!/bin/bash would keep it from being run.
func script(data []byte) bootstrap.Part {
	if trimmed := bytes.TrimSpace(data); bytes.HasPrefix(trimmed, []byte("#")) {
		data = trimmed
	}
	return bootstrap.NewPart(bootstrap.TypeShell, data)
}

func al2Script(in Input) ([]byte, error) {
	arguments, err := bootstrap.FlagsText(bootstrap.Flags(in.Registration, in.Kubelet, in.Configuration))
	if err != nil {
		return nil, err
	}
	// bootstrap.sh takes no "=" between an option and its value.
	command := []string{
		"/etc/eks/bootstrap.sh", in.Cluster.Name,
		"--apiserver-endpoint", in.Cluster.Endpoint,
		"--b64-cluster-ca", in.Cluster.CABundle,
	}
	if dns := in.dns(); len(dns) > 0 {
		if isIPv6(dns[0]) {
			command = append(command, "--ip-family", "ipv6")
		}
		command = append(command, "--dns-cluster-ip", dns[0])
	}
	command = append(command, "--use-max-pods", "false", "--kubelet-extra-args", arguments)
	if in.InstanceStoreRAID0 {
		command = append(command, "--local-disks", "raid0")
	}
	s := bootstrap.NewScript(
		"#!/bin/bash -xe",
		"exec > >(tee /var/log/user-data.log | logger -t user-data -s 2>/dev/console) 2>&1",
	)
	s.Run(command...)
	return s.Bytes()
}
