{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* An item with the pods' own selector, unless it has one. Takes root and item. */}}
{{- define "karpenter-common.selecting" -}}
{{- $item := deepCopy .item }}
{{- if not (hasKey $item "labelSelector") }}
{{- $_ := set $item "labelSelector" (dict "matchLabels" (include "karpenter-common.selectorLabels" .root | fromYaml)) }}
{{- end }}
{{- toYaml $item }}
{{- end }}

{{/* The spread constraints, each with a selector (OPS-228). */}}
{{- define "karpenter-common.topologySpreadConstraints" -}}
{{- $root := . }}
{{- $all := list }}
{{- range .Values.topologySpreadConstraints }}
{{- $all = append $all (include "karpenter-common.selecting" (dict "root" $root "item" .) | fromYaml) }}
{{- end }}
{{- toYaml $all }}
{{- end }}

{{/* The affinity, each of whose terms about pods has a selector (OPS-228). */}}
{{- define "karpenter-common.affinity" -}}
{{- $root := . }}
{{- $affinity := deepCopy .Values.affinity }}
{{- range $kind := list "podAffinity" "podAntiAffinity" }}
{{- with get $affinity $kind }}
{{- $required := list }}
{{- range .requiredDuringSchedulingIgnoredDuringExecution }}
{{- $required = append $required (include "karpenter-common.selecting" (dict "root" $root "item" .) | fromYaml) }}
{{- end }}
{{- $preferred := list }}
{{- range .preferredDuringSchedulingIgnoredDuringExecution }}
{{- $term := include "karpenter-common.selecting" (dict "root" $root "item" .podAffinityTerm) | fromYaml }}
{{- $preferred = append $preferred (dict "weight" .weight "podAffinityTerm" $term) }}
{{- end }}
{{- if $required }}{{ $_ := set . "requiredDuringSchedulingIgnoredDuringExecution" $required }}{{ end }}
{{- if $preferred }}{{ $_ := set . "preferredDuringSchedulingIgnoredDuringExecution" $preferred }}{{ end }}
{{- end }}
{{- end }}
{{- toYaml $affinity }}
{{- end }}

{{/* What the container may do (OPS-231): nothing that a controller does not need. */}}
{{- define "karpenter-common.securityContext" -}}
{{- $user := (include "karpenter-common.provider" . | fromYaml).user }}
{{- $own := .Values.controller.securityContext -}}
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: {{ $user }}
runAsGroup: {{ $user }}
capabilities:
  drop: [ALL]
seccompProfile:
  {{- default (dict "type" "RuntimeDefault") $own.seccompProfile | toYaml | nindent 2 }}
{{- with $own.appArmorProfile }}
appArmorProfile:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.seLinuxOptions }}
seLinuxOptions:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "karpenter-common.container" -}}
name: {{ .Values.controller.containerName }}
image: {{ include "karpenter-common.image" . }}
imagePullPolicy: {{ .Values.imagePullPolicy }}
securityContext:
  {{- include "karpenter-common.securityContext" . | nindent 2 }}
env:
  {{- include "karpenter-common.env" . | nindent 2 }}
{{- with .Values.controller.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: http-metrics
    containerPort: {{ .Values.controller.metrics.port }}
    protocol: TCP
  - name: http
    containerPort: {{ .Values.controller.healthProbe.port }}
    protocol: TCP
livenessProbe:
  initialDelaySeconds: 30
  timeoutSeconds: 30
  httpGet:
    path: /healthz
    port: http
readinessProbe:
  initialDelaySeconds: 5
  timeoutSeconds: 30
  httpGet:
    path: /readyz
    port: http
{{- with .Values.controller.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $mounts := list }}
{{- if (include "karpenter-common.provider" . | fromYaml).scratch }}
{{- $mounts = append $mounts (dict "name" "scratch" "mountPath" "/tmp") }}
{{- end }}
{{- range include "karpenter-common.secretFiles" . | fromYamlArray }}
{{- $mounts = append $mounts (dict "name" .volume "mountPath" .directory "readOnly" true) }}
{{- end }}
{{- with concat $mounts (default list .Values.controller.extraVolumeMounts) }}
volumeMounts:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The containers beside the controller, with the mounts that all of them get. */}}
{{- define "karpenter-common.sidecars" -}}
{{- $mounts := default list .Values.controller.sidecarVolumeMounts }}
{{- $all := list }}
{{- range .Values.controller.sidecarContainer }}
{{- $all = append $all (mergeOverwrite (dict) . (dict "volumeMounts" (concat (default list .volumeMounts) $mounts))) }}
{{- end }}
{{- toYaml $all }}
{{- end }}

{{- define "karpenter-common.podSpec" -}}
serviceAccountName: {{ include "karpenter-common.serviceAccountName" . }}
automountServiceAccountToken: true
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.schedulerName }}
schedulerName: {{ . }}
{{- end }}
{{- if not (kindIs "invalid" .Values.terminationGracePeriodSeconds) }}
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- end }}
{{- if .Values.hostNetwork }}
hostNetwork: true
{{- end }}
dnsPolicy: {{ .Values.dnsPolicy }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.initContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - {{ include "karpenter-common.container" . | nindent 4 | trim }}
  {{- if .Values.controller.sidecarContainer }}
  {{- include "karpenter-common.sidecars" . | nindent 2 }}
  {{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.affinity }}
affinity:
  {{- include "karpenter-common.affinity" . | nindent 2 }}
{{- end }}
{{- if .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- include "karpenter-common.topologySpreadConstraints" . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $volumes := list }}
{{- with (include "karpenter-common.provider" . | fromYaml).scratch }}
{{- $volumes = append $volumes (dict "name" "scratch" "emptyDir" (dict "medium" "Memory" "sizeLimit" .)) }}
{{- end }}
{{- range include "karpenter-common.secretFiles" . | fromYamlArray }}
{{- $items := list (dict "key" .key "path" .file) }}
{{- /* 288 is 0440: numbers of Helm are not octal. */}}
{{- $volumes = append $volumes (dict "name" .volume "secret" (dict "secretName" .secret "items" $items "defaultMode" 288)) }}
{{- end }}
{{- with concat $volumes (default list .Values.extraVolumes) }}
volumes:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
