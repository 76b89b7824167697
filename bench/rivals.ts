import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Contender, Ports } from './contender.ts'

const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'

export function onPath(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file))
}

export const HAPROXY: Contender = {
  name: 'HAProxy',
  absence: 'apt-get install haproxy',
  command(ports, upstream, directory) {
    const program = onPath('haproxy')
    if (program === undefined) return undefined
    const tcp = (name: string, from: number, to: number): string =>
      `listen ${name}\n  mode tcp\n  bind 127.0.0.1:${from}\n  server s 127.0.0.1:${to}\n`
    const file = join(directory, 'haproxy.cfg')
    writeFileSync(
      file,
      `global
  maxconn 4096
  nbthread 1
  log stdout format raw local0 info
defaults
  timeout connect 5s
  timeout client 1h
  timeout server 1h
${tcp('echo', ports.echo, upstream.echo)}${tcp('source', ports.source, upstream.source)}listen web
  mode http
  log global
  option httplog
  http-reuse always
  bind 127.0.0.1:${ports.http}
  server s 127.0.0.1:${upstream.http}
`,
    )
    return [program, '-db', '-f', file]
  },
}

export const NGINX: Contender = {
  name: 'nginx',
  absence: 'apt-get install nginx-light libnginx-mod-stream',
  command(ports, upstream, directory) {
    const program = onPath('nginx')
    if (program === undefined || !existsSync(STREAM_MODULE)) return undefined
    const file = join(directory, 'nginx.conf')
    writeFileSync(file, nginxConfiguration(ports, upstream, directory))
    return [program, '-c', file, '-e', join(directory, 'nginx-error.log'), '-g', 'daemon off;']
  },
}

function nginxConfiguration(ports: Ports, upstream: Ports, directory: string): string {
  const stream = (from: number, to: number): string =>
    `  server { listen 127.0.0.1:${from}; proxy_pass 127.0.0.1:${to}; proxy_timeout 1h; }\n`
  return `load_module ${STREAM_MODULE};
user root;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/nginx-error.log;
events { worker_connections 8192; }
stream {
${stream(ports.echo, upstream.echo)}${stream(ports.source, upstream.source)}}
http {
  access_log ${directory}/nginx-access.log combined;
  client_body_temp_path ${directory}/nginx-body;
  proxy_temp_path ${directory}/nginx-proxy;
  fastcgi_temp_path ${directory}/nginx-fastcgi;
  uwsgi_temp_path ${directory}/nginx-uwsgi;
  scgi_temp_path ${directory}/nginx-scgi;
  keepalive_requests 100000000;
  upstream web { server 127.0.0.1:${upstream.http}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${ports.http};
    location / { proxy_pass http://web; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }
}
`
}

/** An upstream for the HTTP measurements: nginx answering 1 KB from memory, without a log. */
export function webUpstreamCommand(port: number, directory: string): readonly [string, ...string[]] {
  const file = join(directory, 'upstream.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${directory}/upstream-${name};\n`)
    .join('')
  writeFileSync(
    file,
    `user root;
worker_processes 1;
pid ${directory}/upstream.pid;
error_log ${directory}/upstream-error.log;
events { worker_connections 8192; }
http {
  access_log off;
${temporary}  keepalive_requests 100000000;
  server { listen 127.0.0.1:${port}; location / { default_type text/plain; return 200 "${'x'.repeat(1024)}"; } }
}
`,
  )
  return [onPath('nginx') ?? 'nginx', '-c', file, '-e', join(directory, 'upstream-error.log'), '-g', 'daemon off;']
}
