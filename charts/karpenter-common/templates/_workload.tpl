{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* The Deployment of the controller (OPS-230). */}}
{{- define "karpenter-common.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "karpenter-common.metadata" (dict "root" . "namespace" .Release.Namespace) | nindent 2 }}
spec:
  replicas: {{ .Values.replicas }}
  revisionHistoryLimit: {{ .Values.revisionHistoryLimit }}
  {{- with .Values.strategy }}
  strategy:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "karpenter-common.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- mergeOverwrite (dict) .Values.podLabels (include "karpenter-common.selectorLabels" . | fromYaml) | toYaml | nindent 8 }}
      {{- with .Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "karpenter-common.podSpec" . | nindent 6 }}
{{- end }}

{{/* The budget of the pods (OPS-234). */}}
{{- define "karpenter-common.podDisruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "karpenter-common.metadata" (dict "root" . "name" .Values.podDisruptionBudget.name "namespace" .Release.Namespace) | nindent 2 }}
spec:
  maxUnavailable: {{ .Values.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "karpenter-common.selectorLabels" . | nindent 6 }}
{{- end }}

{{/* The account of the pods (OPS-235). The token is mounted by the pod alone (OPS-244). */}}
{{- define "karpenter-common.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "karpenter-common.metadata" (dict "root" . "name" (include "karpenter-common.serviceAccountName" .)
        "namespace" .Release.Namespace "annotations" .Values.serviceAccount.annotations) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}
{{- end }}
