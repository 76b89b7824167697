import { type Command, InvalidArgumentError } from 'commander'
import { combine, isValid } from '#api/configuration.ts'
import { checkManifestFile, type DocumentFile } from '#api/document.ts'
import type { MeshConfig } from '#api/mesh-config.ts'
import { messageAbout } from '#kube/manifest.ts'
import { isDirectory } from '#kube/manifest-directory.ts'
import { listManifestFiles, readManifestFile } from '#kube/manifest-files.ts'
import type { Finding, Message } from '#kube/message.ts'
import { renderMessages, resultsByFile } from './render/messages.ts'
import type { VerbIo } from './verb-io.ts'

/** What those who would write it say of the access-log format of a mesh configuration. */
type LogRemarks = (config: MeshConfig) => Promise<readonly LogRemark[]>

export type LogRemark = Pick<Finding, 'level' | 'text'>

/** `postern validate -f FILE|DIR... [-o text|json]`: exit code 0 when all is valid, 1 when not. */
export function addValidateVerb(program: Command, io: VerbIo, logRemarks: LogRemarks): void {
  program
    .command('validate')
    .description('Checks configuration files: all errors and warnings, each with its place.')
    .requiredOption('-f, --filename <path...>', 'file or directory of YAML or JSON, or - for standard input')
    .option('-o, --output <format>', 'form of the result: text or json', parseOutput, 'text')
    .action(async (options: { filename: string[]; output: 'text' | 'json' }) => {
      io.exitCode = await validate(options.filename, options.output, io, logRemarks)
    })
}

/** `-o=json`, as kubectl takes it, arrives here as "=json". */
function parseOutput(value: string): 'text' | 'json' {
  const format = value.replace(/^=/, '')
  if (format === 'text' || format === 'json') return format
  throw new InvalidArgumentError('it is text or json')
}

async function validate(
  paths: readonly string[],
  output: 'text' | 'json',
  io: VerbIo,
  logRemarks: LogRemarks,
): Promise<number> {
  const files = listManifestFiles(paths)
  const checked = await Promise.all(
    files.map((file) => withLogFormat(checkManifestFile(readManifestFile(file)), logRemarks)),
  )
  // Each file is judged by itself; files that cannot be used together are warned of.
  const { messages } = combine(checked, 'warning')
  if (files.length === 0) io.stderr.write('warning: there are no YAML or JSON files to check\n')
  const results = resultsByFile(files, messages)
  if (output === 'text') io.stdout.write(renderMessages(results, messages))
  else io.stdout.write(`${JSON.stringify(jsonOf(paths, results), null, 2)}\n`)
  return isValid(messages) ? 0 : 1
}

/** The file, and what is to be said of the log format in it: operators are the sidecar's, and no matter of the schema. */
async function withLogFormat(file: DocumentFile, logRemarks: LogRemarks): Promise<DocumentFile> {
  const messages: Message[] = [...file.messages]
  for (const { kind, object, manifest } of file.documents) {
    if (kind !== 'MeshConfig') continue
    const path = [...(manifest.kind === 'ConfigMap' ? ['data', 'mesh'] : []), 'accessLogFormat']
    for (const remark of await logRemarks(object)) messages.push(messageAbout(manifest, { ...remark, path }))
  }
  return { ...file, messages }
}

/** One file gives its own result; a directory or several files give a list. */
function jsonOf(paths: readonly string[], results: ReturnType<typeof resultsByFile>): object {
  const [only] = results
  if (paths.length !== 1 || only === undefined || isDirectory(paths[0]!)) return { results }
  return { valid: only.valid, messages: only.messages }
}
