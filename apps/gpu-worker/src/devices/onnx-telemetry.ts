/**
 * Environment in which ONNX Runtime keeps to itself. From 1.30 on its builds otherwise write an id of the machine and a
 * database below ~/.cache/Microsoft and a log into /tmp, and send what they count to mobile.events.data.microsoft.com.
 * Whoever wants that sets the variable to 0.
 */
export const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' } as const
