import { expect, test } from 'vitest'
import { checkDockerfile } from './check-dockerfile.ts'
import { imagePrefixes } from './plan-image.ts'

/** Dockerfiles as people write them; none of the check's refusals may hit one. */
const ORDINARY: Record<string, string> = {
  'Go in stages': `
ARG GO_VERSION=1.24
FROM --platform=$BUILDPLATFORM golang:\${GO_VERSION}-alpine AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \\
    --mount=type=cache,target=/root/.cache/go-build,sharing=locked \\
    go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target="/root/.cache/go-build" \\
    CGO_ENABLED=0 GOOS=\${TARGETOS} GOARCH=\${TARGETARCH} go build \\
      -ldflags="-s -w -X 'main.version=\${VERSION:-dev}'" \\
      -o /out/handler .

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build --chown=65532:65532 /out/handler /handler
USER 65532
ENTRYPOINT ["/handler"]
`,
  'OpenFaaS’s of-watchdog and Node': `
FROM --platform=\${TARGETPLATFORM:-linux/amd64} ghcr.io/openfaas/of-watchdog:0.10.7 AS watchdog
FROM --platform=\${TARGETPLATFORM:-linux/amd64} node:20-alpine as ship

ARG TARGETPLATFORM
ARG BUILDPLATFORM

COPY --from=watchdog /fwatchdog /usr/bin/fwatchdog
RUN chmod +x /usr/bin/fwatchdog

RUN apk --no-cache add curl ca-certificates \\
    && addgroup -S app && adduser -S -g app app

ENV NPM_CONFIG_LOGLEVEL warn
WORKDIR /home/app
COPY --chown=app:app package.json ./
RUN npm i
COPY --chown="app":"app" . .
# chown of everything
RUN chmod +rx -R ./function \\
    # a comment among the lines
    && chown app:app -R /home/app \\

    && chmod 777 /tmp
USER app
ENV cgi_headers="true" \\
    fprocess="node index.js"
HEALTHCHECK --interval=3s CMD [ -e /tmp/.lock ] || exit 1
CMD ["fwatchdog"]
`,
  'Python with a long list of packages': `
# check=skip=all
FROM python:3.13-slim@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ARG ADDITIONAL_PACKAGE
ARG PIP_OPTIONS="--no-cache-dir --find-links=/wheels --extra=a"
RUN set -eux; \\
	apt-get update; \\
	apt-get install -y --no-install-recommends \\
		\${ADDITIONAL_PACKAGE} \\
${Array.from({ length: 150 }, (_, n) => `		lib${n}-dev \\`).join('\n')}
		r-base \\
		add-apt-key \\
	; \\
	rm -rf /var/lib/apt/lists/*
COPY requirements.txt /tmp/
RUN --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \\
    --mount=type=cache,target=/root/.cache/pip,uid=0,gid=0,mode=0755 \\
    pip install $PIP_OPTIONS -r /tmp/requirements.txt
RUN python3 -c 'import sys; \\
print(sys.version)'
ONBUILD COPY . /app
CMD ["python3", "-m", "app"]
`,
  'Rust with cargo-chef': `
FROM lukemathwalker/cargo-chef:latest-rust-1 AS chef
WORKDIR /app
FROM chef AS planner
COPY . .
RUN cargo chef prepare --recipe-path recipe.json
FROM chef AS builder
COPY --from=planner /app/recipe.json recipe.json
RUN cargo chef cook --release --recipe-path recipe.json
COPY . .
RUN --mount=type=cache,id=cargo,target=/usr/local/cargo/registry,sharing=locked cargo build --release --bin app
FROM debian:bookworm-slim AS runtime
COPY --from=builder /app/target/release/app /usr/local/bin
COPY --link --chmod=0755 --from=builder /app/run.sh /run.sh
ENTRYPOINT ["/usr/local/bin/app"]
`,
  '.NET': `
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:9.0 AS build
ARG TARGETARCH
WORKDIR /source
COPY --link *.csproj .
RUN dotnet restore -a $TARGETARCH
COPY --link . .
RUN dotnet publish -a $TARGETARCH --no-restore -o /app
FROM mcr.microsoft.com/dotnet/aspnet:9.0
EXPOSE 8080
WORKDIR /app
COPY --link --from=build /app .
USER $APP_UID
ENTRYPOINT ["./app"]
`,
  'Java with defaults': `
ARG REGISTRY=docker.io
ARG JAVA
FROM \${REGISTRY}/library/maven:3-eclipse-temurin-\${JAVA:-21} AS build
ARG MAVEN_OPTS="-Xmx512m -Dfile.encoding=\\"UTF-8\\" "
COPY pom.xml .
RUN mvn -B dependency:go-offline || \\
  (echo "no \\"offline\\""; exit 0)
FROM eclipse-temurin:\${JAVA:-21}-jre
COPY --from=0 /target/app.jar /app.jar
CMD java \${JAVA_OPTS} -jar /app.jar
`,
  'here-documents': `
FROM python:3
RUN <<EOF
set -e
apt-get update
add_user() { useradd "$1"; }
for f in \`ls\`; do
  run "$f"
done
EOF
RUN python3 <<'PY'
from os import path
from json import loads as l
import sys
print("from here \\\\")
PY
COPY <<-"CONF" /etc/app.conf
  from = "nobody@example.com"
  arg a="b=c"
CONF
RUN psql <<SQL
SELECT *
FROM users
WHERE name = 'x';
SQL
`,
  'a line’s end within a word of a script': `
FROM debian:bookworm
RUN apt-get update;\\
apt-get install -y curl;\\
echo "a\\
b"
RUN export A=1 &&\\
    echo $A \\
    -- --network=host
COPY a.txt \\
     b.txt \\
     /dst/
ARG A=1 \\
    B=2
LABEL description="a \\
 long one"
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
`,
  'line ends of Windows':
    'FROM node:24\r\nWORKDIR /app\r\nCOPY . .\r\nRUN npm ci \\\r\n  && npm test\r\nCMD ["node", "."]\r\n',
  'a root file system': 'FROM scratch\nADD rootfs.tar.xz /\nCMD ["/bin/sh"]\n',
}

test.each(Object.entries(ORDINARY))('an ordinary Dockerfile passes: %s', (_, content) => {
  const policy = { file: 'Dockerfile', buildArgs: { VERSION: '1' }, ...imagePrefixes(undefined, 'acme') }
  expect(checkDockerfile(content, policy).faults).toEqual([])
})
