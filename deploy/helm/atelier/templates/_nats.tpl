{{/* The configuration of the chart's own servers. Its variables are the container's environment. */}}
{{- define "atelier.natsConfig" -}}
{{- $name := printf "%s-nats" (include "atelier.fullname" .) -}}
server_name: $POD_NAME
listen: "{{ include "atelier.natsHost" . }}:4222"
http: "{{ include "atelier.natsHost" . }}:8222"
pid_file: "/var/run/nats/nats.pid"
max_payload: {{ .Values.nats.maxPayload }}
lame_duck_duration: "{{ .Values.nats.lameDuckSeconds }}s"
lame_duck_grace_period: "{{ min 10 (div (int .Values.nats.lameDuckSeconds) 2) }}s"

authorization {
  user: $NATS_USER
  password: $NATS_PASSWORD
}

jetstream {
  store_dir: "/data"
  max_file_store: {{ .Values.nats.storage.maxFileStore }}
  {{- if .Values.nats.syncAlways }}
  sync_interval: always
  {{- end }}
}
{{- if gt (int .Values.nats.replicas) 1 }}

cluster {
  name: {{ $name }}
  listen: "{{ include "atelier.natsHost" . }}:6222"
  routes: [
    {{- range $i := until (int .Values.nats.replicas) }}
    "nats://{{ $name }}-{{ $i }}.{{ $name }}:6222"
    {{- end }}
  ]
}
{{- end }}
{{- end }}

{{- define "atelier.natsHost" -}}
{{- if .Values.ipv6 }}[::]{{ else }}0.0.0.0{{ end -}}
{{- end }}
