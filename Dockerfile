FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package that is used here needs its install script, and the development dependency called
# "node" would fetch a second Node.js with it.
RUN npm ci --ignore-scripts
COPY scripts scripts
COPY src src
COPY bin bin
COPY migrations migrations
COPY nginx nginx
COPY schema schema
COPY docs/doctor docs/doctor
# A checkout made under a strict umask has files that only its owner can read.
RUN npm run build && npm prune --omit=dev --ignore-scripts && chmod -R a+rX,go-w .

FROM node:24-slim
# The gate has to be in reach of an nginx in another container. The admin API is not: commands run
# in this container (docker exec) find it on the loopback address.
ENV NODE_ENV=production \
    POSTERN_GATE_LISTEN=0.0.0.0:8420 \
    POSTERN_GATE_TRUSTED_PROXIES=loopback,private \
    POSTERN_ADMIN_LISTEN=127.0.0.1:8421 \
    POSTERN_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/bin bin
COPY --from=build /app/dist dist
COPY --from=build /app/migrations migrations
COPY --from=build /app/nginx nginx
COPY --from=build /app/schema schema
COPY --from=build /app/docs/doctor docs/doctor
RUN ln -s /app/bin/postern.js /usr/local/bin/postern \
    && install -d -o node -g node -m 0700 /data
# The user "node", as a number: Kubernetes cannot tell from a name that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 8420
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["postern", "healthcheck"]
ENTRYPOINT ["postern"]
CMD ["serve"]
