# A worker: claims jobs and runs them on this machine's device. Models are mounted at /models, read-only.
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

FROM node:22-bookworm-slim
ENV NODE_ENV=production ATELIER_MODELS=/models ATELIER_DATA=/data ATELIER_GRPC_HOST=0.0.0.0
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
USER node
EXPOSE 50051 9464
# SIGTERM drains: running jobs end or are handed back.
STOPSIGNAL SIGTERM
CMD ["node", "--import", "tsx", "apps/gpu-worker/src/main.ts"]
