// The kinds of static hosts that the tests read from, each with a fact that shows how it behaves.
import { gzipSync } from 'node:zlib'
import { MODEL_FILES } from './model-folder.ts'
import type { HostBehaviour } from './own-hosts.ts'

interface HostKind {
  /** A request for a.safetensors (or the named file), and status and headers of the response. */
  readonly fact: {
    readonly method?: 'HEAD'
    readonly file?: string
    /** Compression is accepted unless a range is asked for, as browsers do it. */
    readonly range?: string
    readonly answer: Readonly<Record<string, string | number | undefined>>
  }
  /** Whether weights can be read by range. */
  readonly ranges: boolean
}

export interface ServerHost extends HostKind {
  readonly directives: string
  /** How the files lie on the disk. */
  readonly stored?: 'gzip'
}

export interface OwnHost extends HostKind, HostBehaviour {
  /** Sent with every file. */
  readonly query?: string
}

const WEIGHTS = MODEL_FILES['a.safetensors'] ?? new Uint8Array()
const BYTES = String(WEIGHTS.length)
const GZIP_BYTES = String(gzipSync(WEIGHTS).length)
const OPEN = 'bytes=0-'
const PART = 'bytes=10-19'

const nginxCors = 'add_header Access-Control-Allow-Origin *;'
export const NGINX_HOSTS: Readonly<Record<string, ServerHost>> = {
  plain: {
    directives: nginxCors,
    fact: { method: 'HEAD', range: OPEN, answer: { status: 206, 'content-length': BYTES } },
    ranges: true,
  },
  'cors-on-errors': {
    directives: 'add_header Access-Control-Allow-Origin * always;',
    fact: { file: 'missing', answer: { status: 404, 'access-control-allow-origin': '*' } },
    ranges: true,
  },
  gzip: {
    directives: `${nginxCors} gzip on; gzip_types *; gzip_min_length 1;`,
    fact: {
      method: 'HEAD',
      answer: { status: 200, 'content-encoding': 'gzip', 'content-length': undefined },
    },
    ranges: true,
  },
  'gzip-static': {
    directives: `${nginxCors} gzip_static on;`,
    fact: { answer: { status: 200, 'content-encoding': 'gzip', 'content-length': GZIP_BYTES } },
    ranges: true,
  },
  'gzip-static-always': {
    directives: `${nginxCors} gzip_static always;`,
    fact: { range: PART, answer: { status: 200, 'content-encoding': 'gzip', 'content-length': GZIP_BYTES } },
    ranges: false,
  },
  gunzip: {
    directives: `${nginxCors} gzip_static always; gunzip on;`,
    fact: { method: 'HEAD', range: OPEN, answer: { status: 200, 'content-length': undefined } },
    ranges: false,
  },
  'stored-gzip': {
    directives: `${nginxCors} add_header Content-Encoding gzip;`,
    stored: 'gzip',
    fact: { range: PART, answer: { status: 206, 'content-encoding': 'gzip', 'content-length': '10' } },
    ranges: false,
  },
  'no-ranges': {
    directives: `${nginxCors} max_ranges 0;`,
    fact: { range: PART, answer: { status: 200, 'content-length': BYTES } },
    ranges: false,
  },
  'no-head': {
    directives: `${nginxCors} if ($request_method = HEAD) { return 405; }`,
    fact: { method: 'HEAD', answer: { status: 405, 'access-control-allow-origin': undefined } },
    ranges: true,
  },
  app: {
    directives: `${nginxCors} try_files $uri /app.html;`,
    fact: { file: 'missing', answer: { status: 200, 'content-type': 'text/html' } },
    ranges: true,
  },
}

const apacheCors = 'Header set Access-Control-Allow-Origin "*"'
export const APACHE_HOSTS: Readonly<Record<string, ServerHost>> = {
  plain: {
    directives: apacheCors,
    fact: { file: 'missing', answer: { status: 404, 'access-control-allow-origin': undefined } },
    ranges: true,
  },
  deflate: {
    directives: `${apacheCors}\nSetOutputFilter DEFLATE`,
    fact: { answer: { status: 200, 'content-encoding': 'gzip', 'content-length': undefined } },
    ranges: true,
  },
  'stored-gzip': {
    directives: `${apacheCors}\nHeader set Content-Encoding gzip`,
    stored: 'gzip',
    fact: {
      method: 'HEAD',
      answer: { status: 200, 'content-encoding': 'gzip', 'content-length': GZIP_BYTES },
    },
    ranges: false,
  },
  'no-ranges': {
    directives: `${apacheCors}\nMaxRanges none`,
    fact: { range: PART, answer: { status: 200, 'content-length': BYTES } },
    ranges: false,
  },
  app: {
    directives: `${apacheCors}\nFallbackResource /app.html`,
    fact: { file: 'missing', answer: { status: 200, 'content-type': 'text/html' } },
    ranges: true,
  },
}

const caddyCors = 'header Access-Control-Allow-Origin *'
export const CADDY_HOSTS: Readonly<Record<string, ServerHost>> = {
  plain: {
    directives: caddyCors,
    fact: { file: 'missing', answer: { status: 404, 'access-control-allow-origin': '*' } },
    ranges: true,
  },
  encode: {
    directives: `${caddyCors}\nencode gzip`,
    fact: {
      method: 'HEAD',
      file: 'config.json',
      answer: { status: 200, 'content-encoding': 'gzip' },
    },
    ranges: true,
  },
  'stored-gzip': {
    directives: `${caddyCors}\nheader Content-Encoding gzip`,
    stored: 'gzip',
    fact: { method: 'HEAD', range: OPEN, answer: { status: 206, 'content-encoding': 'gzip' } },
    ranges: false,
  },
  app: {
    directives: `${caddyCors}\ntry_files {path} /app.html`,
    fact: { file: 'missing', answer: { status: 200, 'content-type': 'text/html; charset=utf-8' } },
    ranges: true,
  },
}

export const OWN_HOSTS: Readonly<Record<string, OwnHost>> = {
  // GitHub Pages compresses files of any type and says so in answer to HEAD, with the compressed length, but
  // sends ranges of the plain file: https://github.com/github/pages-gem/issues/952
  'github-pages': {
    compresses: 'if accepted',
    fact: { method: 'HEAD', answer: { 'content-encoding': 'gzip', 'content-length': GZIP_BYTES } },
    ranges: true,
  },
  // A signature is for one method, and a bucket that may not be listed answers 403 for objects it lacks:
  // https://repost.aws/knowledge-center/s3-presigned-url-signature-mismatch
  's3-signed': {
    head: 'refused',
    missing: 403,
    query: '?X-Amz-Signature=abc',
    fact: { method: 'HEAD', answer: { status: 403 } },
    ranges: true,
  },
  's3-without-cors-on-errors': {
    head: 'refused',
    missing: 403,
    corsOnErrors: false,
    query: '?X-Amz-Signature=abc',
    fact: { file: 'missing', answer: { status: 403, 'access-control-allow-origin': undefined } },
    ranges: true,
  },
  // An object uploaded with Content-Encoding: ranges are those of the stored bytes.
  's3-stored-gzip': {
    compresses: 'gzip always',
    head: 'refused',
    missing: 403,
    fact: { range: PART, answer: { status: 206, 'content-encoding': 'gzip', 'content-length': '10' } },
    ranges: false,
  },
  'stored-brotli': {
    compresses: 'brotli always',
    fact: { range: OPEN, answer: { status: 206, 'content-encoding': 'br' } },
    ranges: false,
  },
  // jsDelivr states only the length of the compressed file: https://github.com/jsdelivr/jsdelivr/issues/18661
  jsdelivr: {
    compresses: 'if accepted',
    lengths: 'compressed',
    fact: {
      method: 'HEAD',
      range: OPEN,
      answer: { 'content-length': undefined, 'content-encoding': undefined },
    },
    ranges: true,
  },
  // Cloudflare Pages ignored ranges and sends the app's page for what is missing:
  // https://github.com/cloudflare/cloudflare-docs/pull/2177
  'cloudflare-pages': {
    honoursRanges: false,
    missing: 'page',
    fact: { range: PART, answer: { status: 200, 'content-length': BYTES } },
    ranges: false,
  },
  'compresses-always': {
    compresses: 'gzip always',
    honoursRanges: false,
    lengths: 'none',
    fact: { range: PART, answer: { status: 200, 'content-encoding': 'gzip', 'content-length': undefined } },
    ranges: false,
  },
  'says-nothing': {
    honoursRanges: false,
    lengths: 'none',
    head: 'refused',
    corsOnErrors: false,
    fact: { answer: { status: 200, 'content-encoding': undefined, 'content-length': undefined } },
    ranges: false,
  },
  'no-lengths': {
    lengths: 'none',
    fact: { range: PART, answer: { status: 206, 'content-length': undefined } },
    ranges: true,
  },
  'empty-head': {
    head: 'empty',
    fact: { method: 'HEAD', answer: { status: 200, 'content-length': '0' } },
    ranges: true,
  },
}
