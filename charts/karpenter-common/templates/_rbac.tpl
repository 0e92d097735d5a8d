{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* A binding of a role to the service account. Takes root, kind of the role, name and, for a Role, namespace. */}}
{{- define "karpenter-common.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  {{- include "karpenter-common.metadata" (dict "root" .root "name" .name "namespace" .namespace) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "karpenter-common.serviceAccountName" .root }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{/* A role with its binding. Takes what a binding takes, and rules. */}}
{{- define "karpenter-common.role" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  {{- include "karpenter-common.metadata" (dict "root" .root "name" .name "namespace" .namespace) | nindent 2 }}
rules:
  {{- toYaml .rules | nindent 2 }}
---
{{ include "karpenter-common.binding" . }}
{{- end }}

{{/* What the core needs in the whole cluster (OPS-237). */}}
{{- define "karpenter-common.coreRules" -}}
- apiGroups: [karpenter.sh]
  resources: [nodepools, nodeclaims, nodeoverlays]
  verbs: [get, list, watch]
- apiGroups: [karpenter.sh]
  resources: [nodeclaims]
  verbs: [create, delete, patch]
- apiGroups: [karpenter.sh]
  resources: [nodepools, nodepools/status, nodeclaims/status]
  verbs: [patch]
# What it owns blocks the deletion of its owner.
- apiGroups: [karpenter.sh]
  resources: [nodepools/finalizers, nodeclaims/finalizers]
  verbs: [update]
- apiGroups: [autoscaling.x-k8s.io]
  resources: [capacitybuffers]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources:
    - limitranges
    - namespaces
    - nodes
    - persistentvolumeclaims
    - persistentvolumes
    - pods
    - replicationcontrollers
    - services
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [daemonsets, replicasets, statefulsets]
  verbs: [get, list, watch]
- apiGroups: [node.k8s.io]
  resources: [runtimeclasses]
  verbs: [get, list, watch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch]
- apiGroups: [storage.k8s.io]
  resources: [csidrivers, csinodes, csistoragecapacities, storageclasses, volumeattachments]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [nodes]
  verbs: [delete, patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [delete]
- apiGroups: [""]
  resources: [pods/eviction]
  verbs: [create]
{{- if ne (include "karpenter-common.variable" (dict "root" . "name" "NOMINATE_PODS" "fallback" (toString .Values.settings.nominatePods))) "false" }}
- apiGroups: [""]
  resources: [pods/status]
  verbs: [patch]
{{- end }}
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* The ClusterRole of the core, and what the user adds to it. */}}
{{- define "karpenter-common.coreRole" -}}
{{- $rules := concat (include "karpenter-common.coreRules" . | fromYamlArray) (default list .Values.additionalClusterRoleRules) }}
{{- include "karpenter-common.role" (dict "root" . "kind" "ClusterRole"
      "name" (printf "%s-core" (include "karpenter-common.fullname" .)) "rules" $rules) }}
{{- end }}

{{/*
The ClusterRole of the provider (OPS-238, OPS-247). Rules about a second cluster are for
this one only as long as no variable names another.
*/}}
{{- define "karpenter-common.providerRole" -}}
{{- $provider := include "karpenter-common.provider" . | fromYaml }}
{{- $rules := $provider.rules }}
{{- with $provider.rulesWithout }}
{{- $elsewhere := false }}
{{- range include "karpenter-common.env" $ | fromYamlArray }}
{{- if and (has .name $provider.rulesWithout.variables) (or .value .valueFrom) }}{{ $elsewhere = true }}{{ end }}
{{- end }}
{{- if not $elsewhere }}{{ $rules = concat $rules .rules }}{{ end }}
{{- end }}
{{- include "karpenter-common.role" (dict "root" . "kind" "ClusterRole"
      "name" (include "karpenter-common.fullname" .) "rules" $rules) }}
{{- end }}

{{/*
The Roles of the provider: each in a namespace, in those that a value lists, or else in
that of the release.
*/}}
{{- define "karpenter-common.providerRoles" -}}
{{- $root := . }}
{{- range (include "karpenter-common.provider" . | fromYaml).roles }}
{{- $role := . }}
{{- $namespaces := list (default $root.Release.Namespace .namespace) }}
{{- if .namespacesIn }}{{ $namespaces = get $root.Values .namespacesIn | uniq }}{{ end }}
{{- range $namespaces }}
---
{{ include "karpenter-common.role" (dict "root" $root "kind" "Role"
      "name" (printf "%s-%s" (include "karpenter-common.fullname" $root) $role.name) "namespace" . "rules" $role.rules) }}
{{- end }}
{{- end }}
{{- end }}

{{/* What groups of users that the provider makes up may do, by roles of Kubernetes itself. */}}
{{- define "karpenter-common.groupBindings" -}}
{{- $root := . }}
{{- range (include "karpenter-common.provider" . | fromYaml).groupBindings }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  {{- include "karpenter-common.metadata" (dict "root" $root "name" (printf "%s-%s" (include "karpenter-common.fullname" $root) .name)) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ .clusterRole }}
subjects:
  - apiGroup: rbac.authorization.k8s.io
    kind: Group
    name: {{ .group }}
{{- end }}
{{- end }}

{{/*
The Role of leader election (OPS-239). It follows the variables that move the Lease.
The creation of an object cannot be limited by its name.
*/}}
{{- define "karpenter-common.leaseRole" -}}
{{- $usual := (include "karpenter-common.provider" . | fromYaml).lease | default "karpenter-leader-election" }}
{{- $lease := include "karpenter-common.variable" (dict "root" . "name" "LEADER_ELECTION_NAME" "fallback" $usual) }}
{{- $namespace := include "karpenter-common.variable" (dict "root" . "name" "LEADER_ELECTION_NAMESPACE" "fallback" .Release.Namespace) }}
{{- $group := list "coordination.k8s.io" }}
{{- $rules := list
      (dict "apiGroups" $group "resources" (list "leases") "verbs" (list "create"))
      (dict "apiGroups" $group "resources" (list "leases") "resourceNames" (list $lease) "verbs" (list "get" "update")) }}
{{- include "karpenter-common.role" (dict "root" . "kind" "Role"
      "name" (include "karpenter-common.fullname" .) "namespace" $namespace "rules" $rules) }}
{{- end }}

{{/* The Role that finds the address of the cluster's DNS (OPS-240), for providers that tell it to nodes. */}}
{{- define "karpenter-common.dnsRole" -}}
{{- if (include "karpenter-common.provider" . | fromYaml).clusterDNS }}
{{- $rules := list (dict "apiGroups" (list "") "resources" (list "services") "resourceNames" (list "kube-dns") "verbs" (list "get")) }}
{{- include "karpenter-common.role" (dict "root" . "kind" "Role"
      "name" (printf "%s-dns" (include "karpenter-common.fullname" .)) "namespace" "kube-system" "rules" $rules) }}
{{- end }}
{{- end }}

{{/*
What people may do who view, edit or administer the cluster (OPS-242), beside what those
before may: the API server's own roles include each other. Nobody gets to create
NodeClaims, which no limit bounds, or to write a status, which the controller acts upon.
*/}}
{{- define "karpenter-common.aggregatedRole" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  {{- include "karpenter-common.metadata" (dict "root" .root "name" (printf "%s-%s" (include "karpenter-common.fullname" .root) .to)
        "labels" (dict (printf "rbac.authorization.k8s.io/aggregate-to-%s" .to) "true")) | nindent 2 }}
rules:
  {{- toYaml .rules | nindent 2 }}
{{- end }}

{{/* The permissions of Karpenter itself. */}}
{{- define "karpenter-common.rbac" -}}
{{ include "karpenter-common.coreRole" . }}
---
{{ include "karpenter-common.providerRole" . }}
---
{{ include "karpenter-common.leaseRole" . }}
---
{{ include "karpenter-common.dnsRole" . }}
{{- include "karpenter-common.providerRoles" . }}
{{- include "karpenter-common.groupBindings" . }}
{{- end }}

{{/* The permissions of people. */}}
{{- define "karpenter-common.aggregatedRoles" -}}
{{- $class := (include "karpenter-common.provider" . | fromYaml).nodeClass }}
{{- $read := list "get" "list" "watch" }}
{{- $write := list "create" "delete" "patch" "update" }}
{{- $core := list "karpenter.sh" }}
{{- $provider := list $class.group }}
{{- $readable := list }}
{{- range $class.resources }}{{ $readable = concat $readable (list . (printf "%s/status" .)) }}{{ end }}
{{ include "karpenter-common.aggregatedRole" (dict "root" . "to" "view" "rules" (list
      (dict "apiGroups" $core "resources" (list "nodepools" "nodepools/status" "nodeclaims" "nodeclaims/status" "nodeoverlays" "nodeoverlays/status") "verbs" $read)
      (dict "apiGroups" $provider "resources" $readable "verbs" $read))) }}
---
{{ include "karpenter-common.aggregatedRole" (dict "root" . "to" "edit" "rules" (list
      (dict "apiGroups" $core "resources" (list "nodepools" "nodeoverlays") "verbs" $write)
      (dict "apiGroups" $core "resources" (list "nodeclaims") "verbs" (list "delete" "patch" "update")))) }}
---
{{ include "karpenter-common.aggregatedRole" (dict "root" . "to" "admin" "rules" (list
      (dict "apiGroups" $provider "resources" $class.resources "verbs" $write))) }}
{{- end }}
