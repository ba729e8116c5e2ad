{{/* Pieces of network policies. */}}

{{/* The port of an address: { url, fallback }. */}}
{{- define "atelier.portOf" -}}
{{- $host := get (urlParse .url) "host" -}}
{{- regexFind ":[0-9]+$" $host | trimPrefix ":" | default (toString .fallback) -}}
{{- end }}

{{- define "atelier.dnsEgress" -}}
- ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
{{- end }}

{{/* Where every program may go: names, the broker, the bucket, the collector. */}}
{{- define "atelier.programEgress" -}}
{{ include "atelier.dnsEgress" . }}
{{- if .Values.nats.enabled }}
- to:
    - podSelector:
        matchLabels:
          {{- include "atelier.selector" (dict "root" . "component" "nats") | nindent 10 }}
  ports: [{ port: nats, protocol: TCP }]
{{- else }}
{{- range splitList "," .Values.nats.url }}
- ports: [{ port: {{ include "atelier.portOf" (dict "url" (trim .) "fallback" 4222) }}, protocol: TCP }]
{{- end }}
{{- end }}
{{- if .Values.s3.bucket }}
- ports: [{ port: {{ include "atelier.portOf" (dict "url" .Values.s3.endpoint "fallback" (ternary 80 443 (hasPrefix "http:" .Values.s3.endpoint))) }}, protocol: TCP }]
{{- end }}
{{- with .Values.otel.endpoint }}
- ports: [{ port: {{ include "atelier.portOf" (dict "url" . "fallback" (ternary 443 80 (hasPrefix "https:" .))) }}, protocol: TCP }]
{{- end }}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* { from: sources, empty for all; ports: names } */}}
{{- define "atelier.ingressRule" -}}
- ports:
    {{- range .ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
  {{- with .from }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "atelier.workersSelector" -}}
matchLabels:
  app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
  app.kubernetes.io/instance: {{ .Release.Name }}
  atelier/role: worker
{{- end }}

{{/* The most GPUs a pod of any pool has: gRPC ports follow each other. */}}
{{- define "atelier.lastGrpcPort" -}}
{{- $last := 50051 -}}
{{- range $name, $told := .Values.workers -}}
{{- $own := include "atelier.pool" (dict "defaults" $.Values.workerDefaults "own" $told) | fromYaml -}}
{{- $last = max $last (add 50050 (int $own.gpus)) -}}
{{- end -}}
{{- $last -}}
{{- end }}
