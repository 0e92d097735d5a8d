{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/*
Admission policies (OPS-320 to OPS-324), which are files of the chart, and the ConfigMaps
that say what they allow.
*/}}
{{- define "karpenter-common.admissionPolicies" -}}
{{- if .Values.admissionPolicies.enabled }}
{{- $controller := printf "system:serviceaccount:%s:%s" .Release.Namespace (include "karpenter-common.serviceAccountName" .) }}
{{- include "karpenter-common.admissionParameters" (dict "root" . "name" "karpenter-admission"
      "data" (merge (dict "controller" $controller) .Values.admissionPolicies.parameters)) }}
{{- with (include "karpenter-common.provider" . | fromYaml).admissionParameters }}
---
{{ include "karpenter-common.admissionParameters" (dict "root" $ "name" . "data" $.Values.admissionPolicies.providerParameters) }}
{{- end }}
{{- range $path, $_ := .Files.Glob "policies/*.yaml" }}
{{- range splitList "\n---\n" ($.Files.Get $path) }}
{{- $object := replace "namespace: kube-system" (printf "namespace: %s" $.Release.Namespace) . | fromYaml }}
---
{{ mergeOverwrite $object (dict "metadata" (include "karpenter-common.metadata" (dict "root" $ "name" $object.metadata.name) | fromYaml)) | toYaml }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "karpenter-common.admissionParameters" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "karpenter-common.metadata" (dict "root" .root "name" .name "namespace" .root.Release.Namespace) | nindent 2 }}
data:
  {{- toYaml .data | nindent 2 }}
{{- end }}
