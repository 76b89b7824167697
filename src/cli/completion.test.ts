import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { Argument, Command } from 'commander'
import { addCompletionVerb } from './completion.ts'

function completionOf(shell: string): string {
  let script = ''
  const io = { stdout: { write: (text: string) => (script += text) }, stderr: { write: () => undefined } }
  const program = new Command('postern').exitOverride()
  program
    .command('run')
    .description("Starts a command. It is the user's.")
    .option('-f, --filename <path>', "the configuration's file")
  program
    .command('proxy-config')
    .alias('pc')
    .addArgument(new Argument('<part>', 'which').choices(['all', 'routes']))
  const below = program.command('credentials')
  below.command('list').option('--state <dir>', 'where')
  below.command('issue').option('--state <dir>', 'where').option('--token', 'a token')
  addCompletionVerb(program, io)
  program.parse(['completion', shell], { from: 'user' })
  return script
}

function bashCompletes(line: string): readonly string[] {
  const words = line.split(' ')
  const quoted = words.map((word) => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _postern; printf '%s\\n' "\${COMPREPLY[@]}"`
  const said = execFileSync('bash', ['--norc', '-c', `${completionOf('bash')}\n${ask}`], { encoding: 'utf8' })
  return said.split('\n').filter((word) => word !== '')
}

test('bash completes verbs, and of each verb its options and the words of its arguments', () => {
  assert.deepEqual(bashCompletes('postern '), ['run', 'proxy-config', 'credentials', 'completion'])
  assert.deepEqual(bashCompletes('postern r'), ['run'])
  assert.deepEqual(bashCompletes('postern run --f'), ['--filename'])
  assert.deepEqual(bashCompletes('postern proxy-config '), ['all', 'routes'])
  assert.deepEqual(bashCompletes('postern pc '), ['all', 'routes'])
  assert.deepEqual(bashCompletes('postern completion z'), ['zsh'])
  assert.deepEqual(bashCompletes('postern credentials '), ['list', '--state', 'issue', '--token'])
  assert.deepEqual(bashCompletes('postern unknown '), [])
})

test('zsh and fish describe verbs and options, quotes and all', () => {
  assert.match(completionOf('zsh'), /^#compdef postern\n/)
  assert.match(
    completionOf('zsh'),
    /run\) choices=\('--filename:the configuration'\\''s file' '-f:the configuration'\\''s file'\) ;;/,
  )
  assert.match(completionOf('zsh'), /^ {4}proxy-config\|pc\) choices=/m)
  const fish = completionOf('fish')
  assert.match(fish, /^complete -c postern -n '__fish_seen_subcommand_from proxy-config pc' -a routes /m)
  assert.match(fish, /^complete -c postern -f -n __fish_use_subcommand -a run -d 'Starts a command'$/m)
  assert.match(
    fish,
    /^complete -c postern -n '__fish_seen_subcommand_from run' -l filename -d 'the configuration'\\''s file'$/m,
  )
})
