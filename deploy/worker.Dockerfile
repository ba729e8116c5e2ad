# A worker: claims jobs and runs them on this machine's device. Models are mounted at /models, read-only.
#
#   docker build -f deploy/worker.Dockerfile -t atelier-worker .
#   docker build -f deploy/worker.Dockerfile -t atelier-worker-cuda --build-arg DEVICE=cuda .   # linux/amd64, 1.1 GB more
#
# With DEVICE=cuda it holds ONNX Runtime's CUDA provider, CUDA 13 and cuDNN 9; the driver (580 or newer) comes from the host by
# NVIDIA's container toolkit (docker run --gpus all, or Kubernetes' device plugin).
FROM node:22-bookworm-slim AS install
WORKDIR /atelier
COPY package.json package-lock.json .npmrc ./
COPY proto/package.json proto/
COPY packages/catalog/package.json packages/catalog/
COPY packages/ledger/package.json packages/ledger/
COPY packages/telemetry/package.json packages/telemetry/
COPY apps/gpu-worker/package.json apps/gpu-worker/
RUN npm ci --omit=dev --no-audit --no-fund \
      --workspace @atelier/gpu-worker --workspace @atelier/ledger --workspace @atelier/catalog \
      --workspace @atelier/telemetry --workspace @atelier/proto
COPY deploy/lean-modules.sh deploy/
RUN deploy/lean-modules.sh node_modules
COPY apps/gpu-worker/src/devices apps/gpu-worker/src/devices
ARG DEVICE=cpu
RUN if [ "$DEVICE" = cuda ]; then \
      node --input-type=module --eval \
        "const { installCuda } = await import('/atelier/apps/gpu-worker/src/devices/install-cuda.ts'); await installCuda({ say: console.log })"; \
    fi

FROM node:22-bookworm-slim
ENV NODE_ENV=production ATELIER_MODELS=/models ATELIER_DATA=/data ATELIER_GRPC_HOST=0.0.0.0 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /atelier
COPY --from=install /atelier ./
COPY tsconfig.json ./
COPY proto proto
COPY packages/catalog packages/catalog
COPY packages/ledger packages/ledger
COPY packages/telemetry packages/telemetry
COPY apps/gpu-worker apps/gpu-worker
COPY models/demo models/demo
RUN mkdir /data && chown node:node /data
# By number: Kubernetes does not look up names to see that it is not root.
USER 1000:1000
EXPOSE 50051 9464
# SIGTERM drains: running jobs end or are handed back.
STOPSIGNAL SIGTERM
# Node strips the types itself: half the processor time of a start with tsx, and no helper process that outlives its parent.
CMD ["node", "apps/gpu-worker/src/main.ts"]
