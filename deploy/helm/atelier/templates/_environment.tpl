{{/* The environment of the programs. A setting that the chart makes is no value of `settings`: the schema sees to it. */}}

{{/* Whole numbers as people write them, not as 1e+06. */}}
{{- define "atelier.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end }}

{{- define "atelier.setting" -}}
- name: {{ .name }}
  value: {{ include "atelier.text" .value | quote }}
{{- end }}

{{- define "atelier.secretSetting" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: { name: {{ .secret }}, key: {{ .key }} }
{{- end }}

{{/* { root, own, env }: settings of all programs, of this one, and the rest of its environment. */}}
{{- define "atelier.ownEnvironment" -}}
{{- range $name, $value := merge (dict) .own .root.Values.settings }}
{{ include "atelier.setting" (dict "name" $name "value" $value) }}
{{- end }}
{{- with .env }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Servers of the broker. */}}
{{- define "atelier.natsUrl" -}}
{{- if .Values.nats.enabled -}}
  {{- $name := printf "%s-nats" (include "atelier.fullname" .) -}}
  {{- $servers := list -}}
  {{- range $i := until (int .Values.nats.replicas) -}}
    {{- $servers = append $servers (printf "nats://%s-%d.%s:4222" $name $i $name) -}}
  {{- end -}}
  {{- join "," $servers -}}
{{- else -}}
  {{- required "nats.url: name the servers, or let the chart start its own (nats.enabled)" .Values.nats.url -}}
{{- end -}}
{{- end }}

{{- define "atelier.natsSecret" -}}
{{- default (printf "%s-nats" (include "atelier.fullname" .)) .Values.nats.auth.existingSecret -}}
{{- end }}

{{/* The ledger: where the broker and the bucket are, and how programs log in. */}}
{{- define "atelier.ledgerEnvironment" -}}
{{- $secret := include "atelier.natsSecret" . -}}
{{- $method := .Values.nats.auth.method -}}
{{ include "atelier.setting" (dict "name" "ATELIER_NATS_URL" "value" (include "atelier.natsUrl" .)) }}
{{- if eq $method "password" }}
{{ include "atelier.secretSetting" (dict "name" "ATELIER_NATS_USER" "secret" $secret "key" "user") }}
{{ include "atelier.secretSetting" (dict "name" "ATELIER_NATS_PASSWORD" "secret" $secret "key" "password") }}
{{- else if eq $method "token" }}
{{ include "atelier.secretSetting" (dict "name" "ATELIER_NATS_TOKEN" "secret" $secret "key" "token") }}
{{- else if eq $method "nkey" }}
{{ include "atelier.setting" (dict "name" "ATELIER_NATS_NKEY" "value" "/etc/atelier/nats/nkey") }}
{{- else if eq $method "credentials" }}
{{ include "atelier.setting" (dict "name" "ATELIER_NATS_CREDENTIALS" "value" "/etc/atelier/nats/credentials") }}
{{- end }}
{{- if .Values.nats.tls.existingSecret }}
{{ include "atelier.setting" (dict "name" "ATELIER_NATS_TLS_CA" "value" "/etc/atelier/nats-tls/ca.crt") }}
{{- if .Values.nats.tls.clientCertificate }}
{{ include "atelier.setting" (dict "name" "ATELIER_NATS_TLS_CERTIFICATE" "value" "/etc/atelier/nats-tls/tls.crt") }}
{{ include "atelier.setting" (dict "name" "ATELIER_NATS_TLS_KEY" "value" "/etc/atelier/nats-tls/tls.key") }}
{{- end }}
{{- end }}
{{- if .Values.s3.bucket }}
{{ include "atelier.bucketEnvironment" . }}
{{- end }}
{{- with .Values.otel.endpoint }}
{{ include "atelier.setting" (dict "name" "OTEL_EXPORTER_OTLP_ENDPOINT" "value" .) }}
{{- end }}
{{- end }}

{{- define "atelier.bucketEnvironment" -}}
{{- $secret := default (printf "%s-s3" (include "atelier.fullname" .)) .Values.s3.existingSecret -}}
{{- $told := dict
  "ATELIER_S3_BUCKET" .Values.s3.bucket
  "ATELIER_S3_ENDPOINT" .Values.s3.endpoint
  "ATELIER_S3_REGION" .Values.s3.region
  "ATELIER_S3_PREFIX" .Values.s3.prefix }}
{{- range $name, $value := $told }}
{{- if $value }}
{{ include "atelier.setting" (dict "name" $name "value" $value) }}
{{- end }}
{{- end }}
{{ include "atelier.secretSetting" (dict "name" "ATELIER_S3_ACCESS_KEY" "secret" $secret "key" "access-key") }}
{{ include "atelier.secretSetting" (dict "name" "ATELIER_S3_SECRET_KEY" "secret" $secret "key" "secret-key") }}
{{- if .Values.s3.sessionToken }}
{{ include "atelier.secretSetting" (dict "name" "ATELIER_S3_SESSION_TOKEN" "secret" $secret "key" "session-token") }}
{{- end }}
{{- end }}

{{/* Volumes of the files that logging in takes, and where they are mounted. */}}
{{- define "atelier.ledgerVolumes" -}}
{{- if has .Values.nats.auth.method (list "nkey" "credentials") }}
- name: nats-credentials
  secret: { secretName: {{ include "atelier.natsSecret" . }}, defaultMode: 288 }
{{- end }}
{{- with .Values.nats.tls.existingSecret }}
- name: nats-tls
  secret: { secretName: {{ . }}, defaultMode: 288 }
{{- end }}
{{- end }}

{{- define "atelier.ledgerMounts" -}}
{{- if has .Values.nats.auth.method (list "nkey" "credentials") }}
- { name: nats-credentials, mountPath: /etc/atelier/nats, readOnly: true }
{{- end }}
{{- if .Values.nats.tls.existingSecret }}
- { name: nats-tls, mountPath: /etc/atelier/nats-tls, readOnly: true }
{{- end }}
{{- end }}
