{{/* Names, labels, images: what every object has. */}}

{{- define "atelier.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What selects the pods of a component: { root, component }. Never changes: selectors cannot. */}}
{{- define "atelier.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of an object: { root, component }. */}}
{{- define "atelier.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{ include "atelier.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: atelier
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The metadata of an object: { root, component, suffix, annotations }. */}}
{{- define "atelier.metadata" -}}
name: {{ include "atelier.fullname" .root }}{{ with .suffix }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "atelier.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* An image: { root, image }. */}}
{{- define "atelier.image" -}}
{{- $registry := default .root.Values.image.registry .image.registry -}}
{{- with $registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .image.repository -}}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ default .root.Chart.AppVersion .image.tag }}{{ end -}}
{{- end }}

{{- define "atelier.serviceAccount" -}}
{{- if .Values.serviceAccount.name -}}
{{- .Values.serviceAccount.name -}}
{{- else if .Values.serviceAccount.create -}}
{{- include "atelier.fullname" . -}}
{{- else -}}
default
{{- end -}}
{{- end }}

{{/* A pool of workers: what is said of it over what is said of all, two levels deep. { defaults, own } → YAML. */}}
{{- define "atelier.pool" -}}
{{- $pool := deepCopy .defaults -}}
{{- range $key, $value := (.own | default dict) -}}
  {{- $present := get $pool $key -}}
  {{- if and (kindIs "map" $value) (kindIs "map" $present) -}}
    {{- range $inner, $told := $value -}}
      {{- $_ := set $present $inner $told -}}
    {{- end -}}
  {{- else -}}
    {{- $_ := set $pool $key $value -}}
  {{- end -}}
{{- end -}}
{{- toYaml $pool -}}
{{- end }}
