# The gateway: HTTP and websockets. It holds neither ONNX Runtime nor model files.
FROM node:22-bookworm-slim AS install
WORKDIR /atelier
COPY package.json package-lock.json .npmrc ./
COPY proto/package.json proto/
COPY packages/catalog/package.json packages/catalog/
COPY packages/ledger/package.json packages/ledger/
COPY packages/telemetry/package.json packages/telemetry/
COPY apps/gateway/package.json apps/gateway/
RUN npm ci --omit=dev --no-audit --no-fund \
      --workspace @atelier/gateway --workspace @atelier/ledger --workspace @atelier/catalog \
      --workspace @atelier/telemetry --workspace @atelier/proto \
    && test ! -e node_modules/onnxruntime-node
COPY deploy/lean-modules.sh deploy/
RUN deploy/lean-modules.sh node_modules

# The web page: what builds it stays behind.
FROM node:22-bookworm-slim AS console
WORKDIR /atelier
COPY package.json package-lock.json .npmrc ./
COPY packages/catalog/package.json packages/catalog/
COPY apps/console/package.json apps/console/
RUN npm ci --no-audit --no-fund --workspace @atelier/console --workspace @atelier/catalog
COPY apps/console apps/console
RUN node --import tsx apps/console/build/build-console.ts --strict

FROM node:22-bookworm-slim
ENV NODE_ENV=production ATELIER_HOST=0.0.0.0 ATELIER_DATA=/data
WORKDIR /atelier
COPY --from=install /atelier ./
COPY tsconfig.json ./
COPY proto proto
COPY packages/catalog packages/catalog
COPY packages/ledger packages/ledger
COPY packages/telemetry packages/telemetry
COPY apps/gateway apps/gateway
COPY --from=console /atelier/apps/console/dist/site apps/console/dist/site
RUN mkdir /data && chown node:node /data
# By number: Kubernetes does not look up names to see that it is not root.
USER 1000:1000
EXPOSE 7860 8188 9464
# SIGTERM goes to node itself, which closes its ports and finishes what it holds.
STOPSIGNAL SIGTERM
# Node strips the types itself: half the processor time of a start with tsx.
CMD ["node", "apps/gateway/src/main.ts"]
