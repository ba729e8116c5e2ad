{{/* What the pods of all components have in common. */}}

{{/* { root, component, own: values of the component, annotations } */}}
{{- define "atelier.podMetadata" -}}
{{- /* No versions: a new chart is no reason to start servers again. */}}
labels:
  {{- include "atelier.selector" . | nindent 2 }}
  app.kubernetes.io/part-of: atelier
  {{- with merge (dict) .own.podLabels .root.Values.podLabels .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $scrape := dict -}}
{{- if and .root.Values.metrics.annotations (ne .component "nats") -}}
{{- $scrape = dict "prometheus.io/scrape" "true" "prometheus.io/port" "9464" "prometheus.io/path" "/metrics" -}}
{{- end -}}
{{- with merge (dict) .own.podAnnotations .root.Values.podAnnotations $scrape (.annotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* { root, component, own }. Links of services are off: a Service named "atelier" would set ATELIER_PORT. */}}
{{- define "atelier.podSpec" -}}
serviceAccountName: {{ include "atelier.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .own.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Over hosts and zones: { root, component, own, hosts: what to do where a host has one already }. */}}
{{- define "atelier.spread" -}}
topologySpreadConstraints:
{{- if .own.topologySpreadConstraints }}
  {{- toYaml .own.topologySpreadConstraints | nindent 2 }}
{{- else }}
{{- $context := . }}
{{- range $key, $unsatisfiable := dict "kubernetes.io/hostname" .hosts "topology.kubernetes.io/zone" "ScheduleAnyway" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $unsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "atelier.selector" $context | nindent 8 }}
    {{- if ne $context.component "nats" }}
    # The pods of one version are spread, not those of two versions against each other.
    matchLabelKeys: [pod-template-hash]
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Alive as long as the process answers; ready as /readyz says. { startupSeconds } */}}
{{- define "atelier.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: {{ max 1 (div (int .startupSeconds) 5) }}
livenessProbe:
  httpGet: { path: /healthz, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}

{{/* Where programs may write: the root file system is read-only. */}}
{{- define "atelier.scratchMounts" -}}
- { name: data, mountPath: /data }
- { name: tmp, mountPath: /tmp }
{{- end }}

{{- define "atelier.address" -}}
{{- if .Values.ipv6 }}'::'{{ else }}0.0.0.0{{ end -}}
{{- end }}
