import type { Command } from 'commander'

interface Word {
  readonly word: string
  readonly description: string
}

interface VerbWords extends Word {
  /** The verb's name and its short ones. */
  readonly names: readonly string[]
  readonly words: readonly Word[]
}

/** Verbs, and of each what may follow: the verbs below it, its options and the words that its arguments allow. */
function verbsOf(program: Command): readonly VerbWords[] {
  return program.commands.map((verb) => {
    const options = optionsOf(verb)
    const under = verb.commands.flatMap((one) => [
      { word: one.name(), description: firstSentence(one.description()) },
      ...optionsOf(one),
    ])
    const choices = verb.registeredArguments.flatMap(({ argChoices, description }) =>
      (argChoices ?? []).map((word) => ({ word, description })),
    )
    return {
      word: verb.name(),
      names: [verb.name(), ...verb.aliases()],
      description: firstSentence(verb.description()),
      words: onceEach([...choices, ...under, ...options]),
    }
  })
}

function optionsOf(verb: Command): readonly Word[] {
  return verb.options
    .filter((option) => !option.hidden)
    .flatMap(({ short, long, description }) => [long, short].flatMap((word) => (word ? [{ word, description }] : [])))
}

/** Verbs below one verb share options. */
function onceEach(words: readonly Word[]): readonly Word[] {
  return words.filter(({ word }, index) => words.findIndex((other) => other.word === word) === index)
}

/** Files complete wherever no word does. */
export function bashCompletion(program: Command): string {
  const name = program.name()
  const verbs = verbsOf(program)
  const cases = verbs.map(({ names, words }) => `    ${names.join('|')}) words="${join(words)}" ;;`)
  return `# bash completion of ${name}: source <(${name} completion bash)
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${join(verbs)}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name} ${name}
`
}

export function zshCompletion(program: Command): string {
  const name = program.name()
  const verbs = verbsOf(program)
  const described = ({ word, description }: Word) => quote(`${word}:${description}`)
  const cases = verbs.map(
    ({ names, words }) => `    ${names.join('|')}) choices=(${words.map(described).join(' ')}) ;;`,
  )
  return `#compdef ${name}
# zsh completion of ${name}: source <(${name} completion zsh)
_${name}() {
  local -a choices
  if (( CURRENT == 2 )); then
    choices=(${verbs.map(described).join(' ')})
    _describe verb choices
    return
  fi
  case "\${words[2]}" in
${cases.join('\n')}
  esac
  _describe word choices
  _files
}
compdef _${name} ${name}
`
}

export function fishCompletion(program: Command): string {
  const name = program.name()
  const verbs = verbsOf(program)
  const lines = verbs.map(
    ({ word, description }) => `complete -c ${name} -f -n __fish_use_subcommand -a ${word} -d ${quote(description)}`,
  )
  for (const { names, words } of verbs) {
    const when = `-n ${quote(`__fish_seen_subcommand_from ${names.join(' ')}`)}`
    for (const { word, description } of words) {
      const flag = word.startsWith('--')
        ? `-l ${word.slice(2)}`
        : word.startsWith('-')
          ? `-s ${word.slice(1)}`
          : `-a ${word}`
      lines.push(`complete -c ${name} ${when} ${flag} -d ${quote(description)}`)
    }
  }
  return `# fish completion of ${name}: ${name} completion fish | source\n${lines.join('\n')}\n`
}

function join(words: readonly Word[]): string {
  return words.map(({ word }) => word).join(' ')
}

/** In single quotes, as each of these shells reads them. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function firstSentence(text: string): string {
  return text.split(/(?<=[.:])\s/)[0]?.replace(/[.:]$/, '') ?? ''
}
