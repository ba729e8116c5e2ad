{{/* What is particular of a pool of workers. */}}

{{/* The device it is started with: { own }. */}}
{{- define "atelier.device" -}}
{{- if .own.device -}}
{{- .own.device -}}
{{- else -}}
{{- get (dict "0" "cpu" "1" "cuda:0") (toString .own.gpus) | default "auto" -}}
{{- end -}}
{{- end }}

{{/* Resources with the pool's GPUs, which are limits and requests in one: { own }. */}}
{{- define "atelier.workerResources" -}}
{{- $resources := deepCopy .own.resources -}}
{{- if gt (int .own.gpus) 0 -}}
{{- $limits := get $resources "limits" | default dict -}}
{{- $_ := set $resources "limits" (set $limits .own.gpuResource (toString .own.gpus)) -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end }}

{{/* The volume of the models, or nothing: { own }. It is read-only, so that nothing ever changes its owners either. */}}
{{- define "atelier.modelsVolume" -}}
{{- with .own.models -}}
{{- if .existingClaim }}
persistentVolumeClaim: { claimName: {{ .existingClaim }}, readOnly: true }
{{- else if .hostPath }}
hostPath: { path: {{ .hostPath }}, type: Directory }
{{- else if .nfs.server }}
nfs: { server: {{ .nfs.server }}, path: {{ .nfs.path }}, readOnly: true }
{{- else if .volume }}
{{ toYaml .volume }}
{{- end }}
{{- end }}
{{- end }}

{{/* The gRPC address a worker tells: its pod's own, for gateways follow jobs at the worker that runs them. */}}
{{- define "atelier.advertise" -}}
{{- if .Values.ipv6 }}[$(POD_IP)]{{ else }}$(POD_IP){{ end }}:50051
{{- end }}

{{- define "atelier.workerEnvironment" -}}
{{- $root := .root -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: POD_IP
  valueFrom: { fieldRef: { fieldPath: status.podIP } }
{{- $made := dict
  "ATELIER_WORKER_ID" "$(POD_NAME)"
  "ATELIER_GRPC_HOST" (include "atelier.address" $root | trimAll "'")
  "ATELIER_GRPC_PORT" 50051
  "ATELIER_GRPC_ADVERTISE" (include "atelier.advertise" $root)
  "ATELIER_METRICS_PORT" 9464
  "ATELIER_DATA" "/data"
  "ATELIER_MODELS" "/models"
  "ATELIER_DEVICE" (include "atelier.device" .)
  "ATELIER_DRAIN_SECONDS" .own.drainSeconds }}
{{- range $name, $value := $made }}
{{ include "atelier.setting" (dict "name" $name "value" $value) }}
{{- end }}
{{- $limits := get .own.resources "limits" | default dict }}
{{- if and (eq (include "atelier.device" .) "cpu") (get $limits "cpu") (not (hasKey .own.settings "ATELIER_THREADS")) }}
# As many threads as processors the pod may use, not as many as its node has.
- name: ATELIER_THREADS
  valueFrom: { resourceFieldRef: { resource: limits.cpu, divisor: '1' } }
{{- end }}
{{ include "atelier.ledgerEnvironment" $root }}
{{- include "atelier.ownEnvironment" (dict "root" $root "own" .own.settings "env" .own.env) }}
{{- end }}
