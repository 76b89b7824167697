// Generates src/xds/gen from the Envoy protos that ship inside @grpc/grpc-js-xds and from Postern's own under proto/.
// Only the messages named in tools/proto/types.json (and what they refer to, less its exclusions) are kept:
// importing the whole API would cost 226 ms and 74 MB at start-up. `--check` compares instead of writing.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const deps = join(root, 'node_modules/@grpc/grpc-js-xds/deps')
const target = join(root, 'src/xds/gen')
const { types, exclude } = JSON.parse(readFileSync(join(root, 'tools/proto/types.json'), 'utf8'))
const work = mkdtempSync(join(tmpdir(), 'postern-proto-'))

try {
  const tree = join(work, 'protos')
  collectProtos(tree)
  const out = join(work, 'gen')
  generate(tree, out)
  if (process.argv.includes('--check')) compare(out)
  else {
    rmSync(target, { recursive: true, force: true })
    cpSync(out, target, { recursive: true })
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** Lays all protos out as one module, mended where the shipped set does not compile by itself. */
function collectProtos(tree) {
  mkdirSync(tree)
  for (const part of ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'])
    cpSync(join(deps, part), tree, { recursive: true })
  cpSync(join(root, 'proto'), tree, { recursive: true })
  const unbuildable = [
    ...filesUnder(tree).filter((f) => /\/(v1|v2|v2alpha|v2alpha1)\//.test(f) && /envoy\//.test(f)),
    'google/api/servicemanagement',
    'google/api/servicecontrol',
    'java',
    'tests',
    'envoy/extensions/access_loggers/open_telemetry/v3/logs_service.proto',
    'envoy/config/trace/v3/opencensus.proto',
    'envoy/service/trace/v3',
    'envoy/service/metrics/v3',
  ]
  for (const path of unbuildable) rmSync(join(tree, path), { recursive: true, force: true })
  // The shipped validate.proto is older than the protos that use it: it lacks StringRules.ignore_empty.
  edit(join(tree, 'validate/validate.proto'), (text) =>
    text.includes('ignore_empty = 26')
      ? text
      : text.replace(/message StringRules \{/, 'message StringRules {\n  optional bool ignore_empty = 26;'),
  )
  edit(join(tree, 'envoy/config/trace/v3/trace.proto'), (text) => text.replace(/^import.*opencensus.proto";\r?\n/m, ''))
}

function generate(tree, out) {
  writeFileSync(join(tree, 'buf.yaml'), 'version: v2\n')
  const plugin = join(root, 'node_modules/.bin/protoc-gen-es')
  const template = {
    version: 'v2',
    plugins: [
      { local: plugin, out, opt: ['target=js+dts', 'import_extension=js'], strategy: 'all', include_imports: true },
    ],
    inputs: [{ directory: tree, types, exclude_types: exclude }],
  }
  writeFileSync(join(work, 'buf.gen.yaml'), JSON.stringify(template))
  const run = spawnSync(join(root, 'node_modules/.bin/buf'), ['generate', '--template', join(work, 'buf.gen.yaml')], {
    cwd: tree,
    stdio: 'inherit',
    env: { ...process.env, BUF_CACHE_DIR: join(work, 'cache') },
  })
  if (run.status !== 0) throw new Error(`buf generate failed with status ${run.status}`)
}

function compare(out) {
  const stale = [...new Set([...filesUnder(out), ...filesUnder(target)])].filter(
    (file) => read(join(out, file)) !== read(join(target, file)),
  )
  if (stale.length === 0) return
  console.error(`src/xds/gen differs from what tools/proto/generate.mjs makes: ${stale.join(', ')}`)
  process.exitCode = 1
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function edit(path, change) {
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

function filesUnder(dir) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
}
