// Bundles the programs into dist/: a start from the bundle loads a handful of files instead of hundreds, which costs a third of the
// time and 35 MB less. dist/ is a cache: bin/postern runs the sources whenever one of them is newer.
import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const outdir = join(root, 'dist')
const programs = ['main/postern', 'main/control', 'capsule/agent/agent']

rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: programs.map((program) => join(root, 'src', `${program}.ts`)),
  outdir,
  outbase: join(root, 'src'),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  external: ['koffi', 're2js'],
  legalComments: 'none',
  minifyWhitespace: true,
  minifySyntax: true,
  banner: {
    js: "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);",
  },
  logLevel: 'warning',
})
writeFileSync(join(outdir, 'made'), '')
