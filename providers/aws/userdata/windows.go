// SPDX-License-Identifier: Apache-2.0

package userdata

import (
	"errors"
	"strings"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
)

const (
	powerShellBegin = "<powershell>"
	powerShellEnd   = "</powershell>"
)

// windows is the user's commands and the call that joins the cluster, in one block
// of PowerShell (AWS-167).
func windows(in Input) ([]byte, error) {
	commands, err := powerShellCommands(in.Custom)
	if err != nil {
		return nil, err
	}
	arguments, err := bootstrap.FlagsText(bootstrap.Flags(in.Registration, in.Kubelet, in.Configuration))
	if err != nil {
		return nil, err
	}
	options := []struct{ name, value string }{
		{"-EKSClusterName", in.Cluster.Name},
		{"-APIServerEndpoint", in.Cluster.Endpoint},
		{"-Base64ClusterCA", in.Cluster.CABundle},
		{"-KubeletExtraArgs", arguments},
	}
	if dns := in.dns(); len(dns) > 0 {
		options = append(options, struct{ name, value string }{"-DNSClusterIP", dns[0]})
	}
	words := []string{`& "$env:ProgramFiles\Amazon\EKS\Start-EKSBootstrap.ps1"`}
	for _, option := range options {
		if strings.Contains(strings.ToLower(option.value), powerShellEnd) {
			return nil, errors.New("the value of " + option.name + " holds " + powerShellEnd)
		}
		word, err := bootstrap.PowerShellQuote(option.value)
		if err != nil {
			return nil, err
		}
		words = append(words, option.name, word)
	}
	lines := []string{powerShellBegin}
	if commands != "" {
		lines = append(lines, commands)
	}
	lines = append(lines, strings.Join(words, " "), powerShellEnd)
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}

// powerShellCommands returns a user's commands without the tags that may stand
// around them. Tags elsewhere would end our block before the machine has joined, so
// they are an error (improves on common practice).
func powerShellCommands(custom string) (string, error) {
	commands := strings.TrimSpace(custom)
	lower := strings.ToLower(commands)
	if strings.HasPrefix(lower, powerShellBegin) && strings.HasSuffix(lower, powerShellEnd) && len(lower) >= len(powerShellBegin)+len(powerShellEnd) {
		commands = strings.TrimSpace(commands[len(powerShellBegin) : len(commands)-len(powerShellEnd)])
		lower = strings.ToLower(commands)
	}
	for _, tag := range []string{powerShellBegin, powerShellEnd} {
		if strings.Contains(lower, tag) {
			return "", errors.New("there is " + tag + " within the commands, which are put into one such block")
		}
	}
	return commands, nil
}
