{{/* Who may call; each of the first two is empty where it does not hold. */}}

{{- define "atelier.hasApiKeys" -}}
{{- if or .Values.auth.apiKeys.keys .Values.auth.apiKeys.existingSecret }}true{{ end -}}
{{- end }}

{{- define "atelier.hasBasic" -}}
{{- if or .Values.auth.basic.users .Values.auth.basic.existingSecret }}true{{ end -}}
{{- end }}

{{/* { root, own: auth.apiKeys or auth.basic } */}}
{{- define "atelier.authSecret" -}}
{{- default (printf "%s-auth" (include "atelier.fullname" .root)) .own.existingSecret -}}
{{- end }}

{{/* What does not go together; fails with every fault at once. */}}
{{- define "atelier.check" -}}
{{- $faults := list -}}
{{- $isOpen := not (or (include "atelier.hasApiKeys" .) (include "atelier.hasBasic" .)) -}}
{{- $isOutside := or .Values.ingress.enabled .Values.httpRoute.enabled (ne .Values.service.type "ClusterIP") -}}
{{- if and $isOpen $isOutside (not .Values.auth.allowOpen) -}}
{{- $faults = append $faults "auth: whoever reaches the gateways may use them; give keys or users, or say auth.allowOpen=true" -}}
{{- end -}}
{{- if and (include "atelier.hasApiKeys" .) (include "atelier.hasBasic" .) -}}
{{- $faults = append $faults "auth: either apiKeys or basic" -}}
{{- end -}}
{{- if and .Values.nats.enabled .Values.nats.url -}}
{{- $faults = append $faults "nats.url: is for servers elsewhere; set nats.enabled=false with it" -}}
{{- end -}}
{{- if and .Values.nats.enabled (ne .Values.nats.auth.method "password") -}}
{{- $faults = append $faults "nats.auth.method: the chart's own servers take a password" -}}
{{- end -}}
{{- if and .Values.nats.enabled .Values.nats.tls.existingSecret -}}
{{- $faults = append $faults "nats.tls: is for servers elsewhere" -}}
{{- end -}}
{{- if and (not .Values.nats.enabled) (has .Values.nats.auth.method (list "nkey" "credentials")) (not .Values.nats.auth.existingSecret) -}}
{{- $faults = append $faults "nats.auth.existingSecret: nkeys and credentials come from a Secret" -}}
{{- end -}}
{{- if and .Values.s3.bucket (not .Values.s3.existingSecret) (not (and .Values.s3.accessKey .Values.s3.secretKey)) -}}
{{- $faults = append $faults "s3: name existingSecret, or give accessKey and secretKey" -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not (or .Values.ingress.webuiHost .Values.ingress.comfyHost)) -}}
{{- $faults = append $faults "ingress: name webuiHost or comfyHost" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not (or .Values.httpRoute.webuiHost .Values.httpRoute.comfyHost)) -}}
{{- $faults = append $faults "httpRoute: name webuiHost or comfyHost" -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "values do not go together:\n  %s" (join "\n  " $faults)) -}}
{{- end -}}
{{- end }}
