{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* A value by its path, such as settings.clusterName, as JSON in a map. Takes root and path. */}}
{{- define "karpenter-common.at" -}}
{{- $found := .root.Values }}
{{- range splitList "." .path }}{{ $found = get $found . }}{{ end }}
{{- dict "value" $found | toJson }}
{{- end }}

{{/*
The files that Secrets bring and a variable names, of those that the user has set: variable,
directory and file, and name and key of the Secret. Its content may stand in a value; the
chart makes the Secret then. What provider.yaml says of a file are paths of values.
*/}}
{{- define "karpenter-common.secretFiles" -}}
{{- $root := . }}
{{- $files := list }}
{{- range (include "karpenter-common.provider" . | fromYaml).secretFiles }}
{{- $secret := tpl ((include "karpenter-common.at" (dict "root" $root "path" .secret) | fromJson).value) $root }}
{{- $key := (include "karpenter-common.at" (dict "root" $root "path" .key) | fromJson).value }}
{{- $content := "" }}
{{- if and .content (not $secret) }}
{{- with (include "karpenter-common.at" (dict "root" $root "path" .content) | fromJson).value }}
{{- $content = toYaml . }}
{{- end }}
{{- end }}
{{- if $content }}
{{- $secret = printf "%s-%s" (include "karpenter-common.fullname" $root) .name }}
{{- end }}
{{- if $secret }}
{{- $files = append $files (dict "env" .env "directory" .directory "file" .file "volume" .name "secret" $secret "key" $key "content" $content) }}
{{- else if .required }}
{{- fail (printf "%s or %s must be set: %s" .secret .content .required) }}
{{- end }}
{{- end }}
{{- toYaml $files }}
{{- end }}

{{/* The Secrets whose content stands in values. */}}
{{- define "karpenter-common.secrets" -}}
{{- $root := . }}
{{- range include "karpenter-common.secretFiles" . | fromYamlArray }}
{{- if .content }}
---
apiVersion: v1
kind: Secret
metadata:
  {{- include "karpenter-common.metadata" (dict "root" $root "name" .secret "namespace" $root.Release.Namespace) | nindent 2 }}
type: Opaque
data:
  {{ .key }}: {{ .content | b64enc }}
{{- end }}
{{- end }}
{{- end }}
