{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* What the chart of a provider says of it, in provider.yaml. */}}
{{- define "karpenter-common.provider" -}}
{{- .Files.Get "provider.yaml" }}
{{- end }}

{{/* The chart's name, or what replaces it. */}}
{{- define "karpenter-common.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of the objects (OPS-201). */}}
{{- define "karpenter-common.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $long := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $long .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of the service account, also of one that the chart does not make. */}}
{{- define "karpenter-common.serviceAccountName" -}}
{{- $fallback := .Values.serviceAccount.create | ternary (include "karpenter-common.fullname" .) "default" }}
{{- default $fallback .Values.serviceAccount.name }}
{{- end }}

{{/* The image of the controller (OPS-203). */}}
{{- define "karpenter-common.image" -}}
{{- $image := .Values.controller.image }}
{{- $repository := required "controller.image.repository must be set: no release has filled it in" $image.repository }}
{{- $repository }}:{{ default .Chart.AppVersion $image.tag }}{{ with $image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* The labels that selectors look for. They must never change. */}}
{{- define "karpenter-common.selectorLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/name: {{ include "karpenter-common.name" . }}
{{- end }}

{{/*
The metadata of an object (OPS-202). Takes root, and optionally name (default
fullname), namespace, labels and annotations (of this object only).
*/}}
{{- define "karpenter-common.metadata" -}}
{{- $root := .root }}
{{- $labels := dict
      "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
      "app.kubernetes.io/managed-by" $root.Release.Service
      "app.kubernetes.io/version" $root.Chart.AppVersion }}
{{- $labels = mergeOverwrite (dict) $root.Values.additionalLabels (default dict .labels) $labels
      (include "karpenter-common.selectorLabels" $root | fromYaml) }}
{{- $annotations := mergeOverwrite (dict) $root.Values.additionalAnnotations (default dict .annotations) -}}
name: {{ default (include "karpenter-common.fullname" $root) .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
