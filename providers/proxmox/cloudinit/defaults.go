// SPDX-License-Identifier: Apache-2.0

package cloudinit

// defaults are the templates of keys that the user leaves out (PVE-093, PVE-094).
func defaults() map[string]string {
	return map[string]string{UserData: defaultUserData, MetaData: defaultMetaData, NetworkConfig: defaultNetworkConfig}
}

const defaultMetaData = `hostname: {{ .Metadata.Hostname | quote }}
local-hostname: {{ .Metadata.Hostname | quote }}
instance-id: {{ .Metadata.InstanceID | quote }}
instance-type: {{ .Metadata.InstanceType | quote }}
provider-id: {{ .Metadata.ProviderID | quote }}
region: {{ .Metadata.Region | quote }}
zone: {{ .Metadata.Zone | quote }}
availability-zone: {{ .Metadata.Zone | quote }}
`

// The address that follows from a bridge's network takes the place of router
// advertisements: the bridge may send none.
const defaultNetworkConfig = `version: 2
renderer: networkd
ethernets:
{{- range .Network.Interfaces }}
  {{ .Name }}:
    match:
      macaddress: {{ .MacAddr | lower | quote }}
    set-name: {{ .Name }}
    {{- if .MTU }}
    mtu: {{ .MTU }}
    {{- end }}
    dhcp4: {{ .DHCPv4 }}
    dhcp6: {{ .DHCPv6 }}
    {{- $static := and .SLAAC (not (empty .NodeAddress6)) }}
    accept-ra: {{ and .SLAAC (not $static) }}
    {{- if or .Address4 .Address6 $static }}
    addresses:
    {{- range .Address4 }}
      - {{ . | quote }}
    {{- end }}
    {{- range .Address6 }}
      - {{ . | quote }}
    {{- end }}
    {{- if $static }}
      - {{ cidrslaac .MacAddr .NodeAddress6 | quote }}
    {{- end }}
    {{- end }}
    {{- if or .Gateway4 .Gateway6 $static }}
    routes:
    {{- if .Gateway4 }}
      - to: 0.0.0.0/0
        via: {{ .Gateway4 | quote }}
    {{- end }}
    {{- if .Gateway6 }}
      - to: "::/0"
        via: {{ .Gateway6 | quote }}
    {{- else if $static }}
      - to: "::/0"
        via: {{ cidrhost .NodeAddress6 | quote }}
    {{- end }}
    {{- end }}
    {{- if or $.Network.NameServers $.Network.SearchDomains }}
    nameservers:
      {{- if $.Network.NameServers }}
      addresses:
      {{- range $.Network.NameServers }}
        - {{ . | quote }}
      {{- end }}
      {{- end }}
      {{- if $.Network.SearchDomains }}
      search:
      {{- range $.Network.SearchDomains }}
        - {{ . | quote }}
      {{- end }}
      {{- end }}
    {{- end }}
{{- end }}
`

// /etc/karpenter.yaml holds the token: only root reads it.
const defaultUserData = `#cloud-config
hostname: {{ .Metadata.Hostname | quote }}
manage_etc_hosts: true
packages:
  - qemu-guest-agent
users:
  - name: karpenter
    groups: [users]
    sudo: "ALL=(ALL) NOPASSWD:ALL"
    shell: /bin/bash
    lock_passwd: true
    {{- with get .Values "SSHAuthorizedKeys" }}
    ssh_authorized_keys:
    {{- range split . "," }}
      - {{ . | trim | quote }}
    {{- end }}
    {{- end }}
write_files:
  {{- if .Resources.Hugepages2Mi }}
  - path: /etc/sysctl.d/99-hugepages.conf
    owner: root:root
    permissions: "0644"
    content: |
      vm.nr_hugepages = {{ .Resources.Hugepages2Mi }}
  {{- end }}
  - path: /etc/karpenter.yaml
    owner: root:root
    permissions: "0600"
    encoding: b64
    content: {{ toYamlPretty . | b64enc }}
runcmd:
  - [systemctl, enable, --now, qemu-guest-agent]
`
