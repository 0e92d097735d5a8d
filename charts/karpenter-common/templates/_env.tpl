{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/*
A setting as the text of a variable; empty for one that is not set. Takes root and
value. A map is one of feature gates. Texts may be templates (OPS-245). A number must
not become 1e+06.
*/}}
{{- define "karpenter-common.text" -}}
{{- if kindIs "string" .value }}
{{- tpl .value .root }}
{{- else if kindIs "map" .value }}
{{- include "karpenter-common.gates" .value }}
{{- else if and (kindIs "float64" .value) (eq (floor .value) .value) }}
{{- printf "%.0f" .value }}
{{- else if not (kindIs "invalid" .value) }}
{{- toString .value }}
{{- end }}
{{- end }}

{{/* Feature gates as the option takes them: nodeRepair: true becomes NodeRepair=true. */}}
{{- define "karpenter-common.gates" -}}
{{- $pairs := list }}
{{- range $gate, $on := . }}
{{- $pairs = append $pairs (printf "%s%s=%v" (substr 0 1 $gate | upper) (substr 1 -1 $gate) $on) }}
{{- end }}
{{- join "," $pairs }}
{{- end }}

{{/*
The value of a variable of controller.env, or fallback: also if it comes from elsewhere.
Takes root, name and fallback.
*/}}
{{- define "karpenter-common.variable" -}}
{{- $found := .fallback }}
{{- $name := .name }}
{{- range .root.Values.controller.env }}
{{- if and (eq .name $name) .value }}{{ $found = .value }}{{ end }}
{{- end }}
{{- $found }}
{{- end }}

{{/* The variables that are settings, as a list of pairs of a variable and a setting. */}}
{{- define "karpenter-common.settings" -}}
- {env: BATCH_IDLE_DURATION, setting: batchIdleDuration}
- {env: BATCH_MAX_DURATION, setting: batchMaxDuration}
- {env: COMPATIBILITY_METRICS, setting: compatibilityMetrics}
- {env: DISABLE_CLUSTER_STATE_OBSERVABILITY, setting: disableClusterStateObservability}
- {env: IGNORE_DRA_REQUESTS, setting: ignoreDRARequests}
- {env: LAUNCH_AHEAD, setting: launchAhead}
- {env: MAX_POD_MOVES_PER_HOUR, setting: maxPodMovesPerHour}
- {env: MIN_VALUES_POLICY, setting: minValuesPolicy}
- {env: NOMINATE_PODS, setting: nominatePods}
- {env: OFFERING_METRICS, setting: offeringMetrics}
- {env: PREFERENCE_POLICY, setting: preferencePolicy}
- {env: SCHEDULER_CONFIG, setting: schedulerConfig}
{{- end }}

{{/*
The variables of the container (OPS-232). Those of the user take the place of the
chart's: a name that stands twice is refused by server-side apply.
*/}}
{{- define "karpenter-common.env" -}}
{{- $root := . }}
{{- $values := .Values }}
{{- $provider := include "karpenter-common.provider" . | fromYaml }}
{{- $container := $values.controller.containerName }}
{{- $env := list
      (dict "name" "KUBERNETES_MIN_VERSION" "value" "1.19.0-0")
      (dict "name" "SYSTEM_NAMESPACE" "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.namespace")))
      (dict "name" "KARPENTER_SERVICE" "value" (include "karpenter-common.fullname" .))
      (dict "name" "LOG_LEVEL" "value" (include "karpenter-common.text" (dict "root" . "value" $values.logLevel)))
      (dict "name" "LOG_OUTPUT_PATHS" "value" (join "," $values.logOutputPaths))
      (dict "name" "LOG_ERROR_OUTPUT_PATHS" "value" (join "," $values.logErrorOutputPaths))
      (dict "name" "METRICS_PORT" "value" (include "karpenter-common.text" (dict "root" . "value" $values.controller.metrics.port)))
      (dict "name" "HEALTH_PROBE_PORT" "value" (include "karpenter-common.text" (dict "root" . "value" $values.controller.healthProbe.port)))
      (dict "name" "MEMORY_LIMIT" "valueFrom" (dict "resourceFieldRef" (dict "containerName" $container "divisor" "0" "resource" "limits.memory")))
      (dict "name" "CPU_REQUESTS" "valueFrom" (dict "resourceFieldRef" (dict "containerName" $container "divisor" "1m" "resource" "requests.cpu")))
      (dict "name" "FEATURE_GATES" "value" (include "karpenter-common.gates" $values.settings.featureGates)) }}
{{- range include "karpenter-common.secretFiles" . | fromYamlArray }}
{{- $env = append $env (dict "name" .env "value" (printf "%s/%s" .directory .file)) }}
{{- end }}
{{- range $provider.secrets }}
{{- $secret := get $values.settings .setting }}
{{- if $secret.secret }}
{{- $env = append $env (dict "name" .env "valueFrom" (dict "secretKeyRef" (dict "name" (tpl $secret.secret $root) "key" $secret.key))) }}
{{- end }}
{{- end }}
{{- range concat (include "karpenter-common.settings" . | fromYamlArray) (default list $provider.settings) }}
{{- $text := include "karpenter-common.text" (dict "root" $root "value" (get $values.settings .setting)) }}
{{- if and .required (not $text) }}
{{- fail (printf "settings.%s must be set: %s" .setting .required) }}
{{- end }}
{{- if $text }}
{{- $env = append $env (dict "name" .env "value" $text) }}
{{- end }}
{{- end }}
{{- $overridden := list }}
{{- range $values.controller.env }}
{{- $overridden = append $overridden .name }}
{{- end }}
{{- $kept := list }}
{{- range $env }}
{{- if not (has .name $overridden) }}
{{- $kept = append $kept . }}
{{- end }}
{{- end }}
{{- concat $kept (default list $values.controller.env) | toYaml }}
{{- end }}
