import type { Command } from 'commander';
import { UsageError } from './usage-error.ts';

export const shells = ['bash', 'zsh', 'powershell'] as const;

/** What may follow some words: commands, options, and the values of an option or of a word. */
interface Completions {
  /** By the words that lead there, such as `config set`; the empty text is the beginning. */
  readonly words: ReadonlyMap<string, readonly string[]>;
  /** By the words that lead there and the option, such as `run --mode`. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

function completionsOf(program: Command): Completions {
  const words = new Map<string, string[]>();
  const values = new Map<string, string[]>();
  const visit = (command: Command, path: readonly string[]): void => {
    const key = path.join(' ');
    const { commands } = command;
    const options = command.options.filter(({ hidden }) => !hidden);
    const flags = [...options, command === program ? undefined : { long: '--help', short: '-h' }].flatMap((option) =>
      option?.long ? [option.long] : [],
    );
    const inner = commands.map((one) => one.name());
    words.set(key, [...inner, ...flags]);
    for (const { long, short, argChoices } of options) {
      if (argChoices === undefined) continue;
      for (const flag of [long, short]) if (flag) values.set(`${key} ${flag}`, [...argChoices]);
    }
    for (const one of commands) visit(one, [...path, one.name()]);
  };
  visit(program, []);
  words.set('completion', [...shells]);
  for (const name of ['show', 'cancel', 'rows']) words.set(name, ['latest', ...(words.get(name) ?? [])]);
  return { words, values };
}

/**
 * A script for a shell; what there is to complete stands in it, so that completing starts no process.
 * @throws UsageError where the shell is not known
 */
export function completionScript(shell: string, program: Command): string {
  const completions = completionsOf(program);
  switch (shell) {
    case 'bash':
      return bashScript(completions);
    case 'zsh':
      return `autoload -Uz +X compinit bashcompinit && compinit && bashcompinit\n${bashScript(completions)}`;
    case 'powershell':
    case 'pwsh':
      return powerShellScript(completions);
    default:
      throw new UsageError(`${shell}: must be one of ${shells.join(', ')}.`);
  }
}

/** Lines of a `case`: a value with a blank in it is one word with the blank escaped. */
const bashCases = (choices: ReadonlyMap<string, readonly string[]>): string =>
  [...choices]
    .map(([key, found]) => `    '${key}') printf '%s\\n' ${found.map((word) => `'${word}'`).join(' ')} ;;`)
    .join('\n');

function bashScript({ words, values }: Completions): string {
  const deep = [...words.keys()].filter((key) => key.includes(' ')).map((key) => `'${key}'`);
  return `# Lets bash, and zsh with bashcompinit, complete the words of backstamp.
_backstamp_words() {
  case "$1" in
${bashCases(words)}
  esac
}
_backstamp_values() {
  case "$1" in
${bashCases(values)}
  esac
}
_backstamp() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path='' found candidate
  if [ "$COMP_CWORD" -gt 1 ]; then path="\${COMP_WORDS[1]}"; fi
  if [ "$COMP_CWORD" -gt 2 ]; then
    case "$path \${COMP_WORDS[2]}" in
      ${deep.length === 0 ? "''" : deep.join('|')}) path="$path \${COMP_WORDS[2]}" ;;
    esac
  fi
  found="$(_backstamp_values "$path $before")"
  if [ -z "$found" ]; then found="$(_backstamp_words "$path")"; fi
  COMPREPLY=()
  while IFS= read -r candidate; do
    case "$candidate" in '') ;; "$current"*) COMPREPLY+=("$(printf '%q' "$candidate")") ;; esac
  done <<EOF_BACKSTAMP
$found
EOF_BACKSTAMP
}
complete -F _backstamp backstamp
`;
}

const powerShellList = (choices: ReadonlyMap<string, readonly string[]>): string =>
  [...choices].map(([key, found]) => `  '${key}' = @(${found.map((word) => `'${word}'`).join(', ')})`).join('\n');

function powerShellScript({ words, values }: Completions): string {
  return `# Lets PowerShell complete the words of backstamp.
$BackstampWords = @{
${powerShellList(words)}
}
$BackstampValues = @{
${powerShellList(values)}
}
Register-ArgumentCompleter -Native -CommandName backstamp -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $typed = @($commandAst.CommandElements | ForEach-Object { $_.ToString() })
  if ($wordToComplete -ne '') { $typed = @($typed | Select-Object -SkipLast 1) }
  $path = ''
  if ($typed.Count -gt 1) { $path = $typed[1] }
  if ($typed.Count -gt 2 -and $BackstampWords.ContainsKey("$path $($typed[2])")) { $path = "$path $($typed[2])" }
  $found = $BackstampValues["$path $($typed[-1])"]
  if ($null -eq $found) { $found = $BackstampWords[$path] }
  $found | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    $text = if ($_ -match ' ') { "'$_'" } else { $_ }
    [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
  }
}
`;
}
