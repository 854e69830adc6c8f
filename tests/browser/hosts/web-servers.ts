// Starts nginx, Apache and Caddy on free ports of this machine, with the configurations that people use.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { WEB_SERVERS } from '../../../tools/bootstrap.mjs'

/** A folder of the root that a server serves in its own way. */
export interface ServedFolder {
  /** The kind of host: the name of the folder. */
  readonly name: string
  /** Directives for it, in the server's own language. */
  readonly directives: string
}

interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly configFile: string
  readonly config: string
}

export interface WebServer {
  /** Ends with a slash. */
  readonly url: string
  close(): Promise<void>
}

/** Whether the tests of a server are to be skipped: it is missing, and not required. */
export const isSkipped = (server: keyof typeof WEB_SERVERS): boolean =>
  !existsSync(WEB_SERVERS[server]) && !process.env.HADAL_REQUIRE_ADAPTERS

export function startNginx(root: string, folders: readonly ServedFolder[]): Promise<WebServer> {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const temporary = kinds.map((kind) => `${kind}_temp_path ${root}/tmp;`)
  const locations = folders.map(({ name, directives }) => `location /${name}/ { ${directives} }`)
  return start(root, (port) => ({
    command: WEB_SERVERS.nginx,
    args: ['-p', root, '-e', join(root, 'nginx.log'), '-c', join(root, 'nginx.conf')],
    configFile: 'nginx.conf',
    config: `
      daemon off; master_process off; pid ${root}/nginx.pid; worker_processes 1;
      events { worker_connections 256; }
      http {
        access_log off; root ${root}; types { text/html html; application/json json; }
        ${temporary.join(' ')}
        server { listen 127.0.0.1:${port}; ${locations.join('\n')} }
      }`,
  }))
}

export function startApache(root: string, folders: readonly ServedFolder[]): Promise<WebServer> {
  const modules = [
    'mpm_event',
    'authz_core',
    'mime',
    'dir',
    'headers',
    'filter',
    'deflate',
    'rewrite',
    'alias',
  ]
  const load = modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  const locations = folders.map(
    ({ name, directives }) =>
      `<Directory "${root}/${name}">\nRequire all granted\n${directives}\n</Directory>`,
  )
  return start(root, (port) => ({
    command: WEB_SERVERS.Apache,
    args: ['-D', 'FOREGROUND', '-f', join(root, 'apache.conf')],
    configFile: 'apache.conf',
    config: `${load.join('\n')}
ServerRoot "${root}"
ServerName localhost
Listen 127.0.0.1:${port}
PidFile "${root}/apache.pid"
DefaultRuntimeDir "${root}"
ErrorLog "${root}/apache.log"
DocumentRoot "${root}"
TypesConfig /dev/null
AddType text/html .html
AddType application/json .json
${locations.join('\n')}
`,
  }))
}

export function startCaddy(root: string, folders: readonly ServedFolder[]): Promise<WebServer> {
  const sites = folders.map(({ name, directives }) => `handle /${name}/* {\n${directives}\nfile_server\n}`)
  return start(root, (port) => ({
    command: WEB_SERVERS.Caddy,
    args: ['run', '--adapter', 'caddyfile', '--config', join(root, 'Caddyfile')],
    configFile: 'Caddyfile',
    config: `{
admin off
auto_https off
}
http://127.0.0.1:${port} {
root * ${root}
${sites.join('\n')}
}
`,
  }))
}

async function start(root: string, launch: (port: number) => Launch): Promise<WebServer> {
  const port = await freePort()
  const { command, args, configFile, config } = launch(port)
  writeFileSync(join(root, configFile), config)
  const env = { PATH: process.env.PATH, HOME: root, XDG_DATA_HOME: root, XDG_CONFIG_HOME: root }
  const server = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: string[] = []
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => output.push(String(data)))
  const ended = new Promise<void>((resolve) => {
    server.on('exit', () => resolve())
    server.on('error', () => resolve())
  })
  while (!(await isListening(port))) {
    if (isOver(server)) throw new Error(`${command} did not start: ${output.join('')}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const close = async () => {
    server.kill()
    await ended
  }
  return { url: `http://127.0.0.1:${port}/`, close }
}

const isOver = ({ exitCode, signalCode, pid }: ChildProcess) =>
  pid === undefined || exitCode !== null || signalCode !== null

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}
