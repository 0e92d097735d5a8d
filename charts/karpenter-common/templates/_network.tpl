{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* The Service of the metrics (OPS-233). */}}
{{- define "karpenter-common.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "karpenter-common.metadata" (dict "root" . "namespace" .Release.Namespace "annotations" .Values.service.annotations) | nindent 2 }}
spec:
  type: ClusterIP
  ports:
    - name: http-metrics
      port: {{ .Values.controller.metrics.port }}
      targetPort: http-metrics
      protocol: TCP
  selector:
    {{- include "karpenter-common.selectorLabels" . | nindent 4 }}
{{- end }}

{{/* What Prometheus' operator scrapes (OPS-236). */}}
{{- define "karpenter-common.serviceMonitor" -}}
{{- $monitor := .Values.serviceMonitor }}
{{- if and $monitor.enabled (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1") }}
{{- $endpoint := dict "port" "http-metrics" "path" "/metrics" }}
{{- with $monitor.relabelings }}{{ $_ := set $endpoint "relabelings" . }}{{ end }}
{{- with $monitor.metricRelabelings }}{{ $_ := set $endpoint "metricRelabelings" . }}{{ end }}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "karpenter-common.metadata" (dict "root" . "namespace" .Release.Namespace "labels" $monitor.additionalLabels) | nindent 2 }}
spec:
  namespaceSelector:
    matchNames:
      - {{ .Release.Namespace }}
  selector:
    matchLabels:
      {{- include "karpenter-common.selectorLabels" . | nindent 6 }}
  {{- with $monitor.sampleLimit }}
  sampleLimit: {{ . }}
  {{- end }}
  endpoints:
    - {{ mergeOverwrite $endpoint $monitor.endpointConfig | toYaml | nindent 6 | trim }}
{{- end }}
{{- end }}

{{/* Lets nothing reach the pods but metrics and probes. */}}
{{- define "karpenter-common.networkPolicy" -}}
{{- if .Values.networkPolicy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "karpenter-common.metadata" (dict "root" . "namespace" .Release.Namespace) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "karpenter-common.selectorLabels" . | nindent 6 }}
  policyTypes:
    - Ingress
    {{- if .Values.networkPolicy.egress }}
    - Egress
    {{- end }}
  ingress:
    - ports:
        - port: http-metrics
          protocol: TCP
        - port: http
          protocol: TCP
      {{- with .Values.networkPolicy.from }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
  {{- with .Values.networkPolicy.egress }}
  egress:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
