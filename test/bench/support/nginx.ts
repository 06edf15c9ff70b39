import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Started, startOnCore, untilListening } from './processes.ts'

const wrapped = (directory: string, http: string): string => `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
${http}
}
`

const start = async (core: number, port: number, http: string): Promise<Started> => {
  const directory = await mkdtemp(join(tmpdir(), 'pushfn-bench-nginx-'))
  const file = join(directory, 'nginx.conf')
  await writeFile(file, wrapped(directory, http))
  const started = startOnCore(core, ['nginx', '-c', file, '-p', directory])
  await untilListening(port)
  return {
    child: started.child,
    [Symbol.asyncDispose]: async () => {
      await started[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** The fastest upstream there is: two bytes from memory. */
export const startUpstream = (core: number, port: number): Promise<Started> =>
  start(core, port, `  server { listen 127.0.0.1:${port} backlog=4096; location / { return 200 "ok"; } }`)

/** A plain reverse proxy that keeps its connections. */
export const startReverseProxy = (core: number, port: number, upstreamPort: number): Promise<Started> =>
  start(
    core,
    port,
    `  upstream functions { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://functions;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }`,
  )
