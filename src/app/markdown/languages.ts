// Programming languages by the names that fences use, with the names to show.

// Id of the highlighter's grammar, name to show, other names.
const TABLE = `
bash|Bash|sh zsh shell shellscript console
c|C|h
cpp|C++|c++ cc cxx hpp
csharp|C#|cs c#
css|CSS|
dart|Dart|
diff|Diff|patch
dockerfile|Dockerfile|docker
elixir|Elixir|ex exs
erlang|Erlang|erl
fsharp|F#|fs f#
glsl|GLSL|wgsl hlsl
go|Go|golang
graphql|GraphQL|gql
haskell|Haskell|hs
ini|INI|toml conf cfg
java|Java|
javascript|JavaScript|js jsx mjs cjs node
json|JSON|jsonc json5 jsonl
julia|Julia|jl
kotlin|Kotlin|kt kts
latex|LaTeX|tex
less|Less|
lua|Lua|
makefile|Makefile|make mk
markdown|Markdown|md
matlab|MATLAB|octave
objectivec|Objective-C|objc obj-c
ocaml|OCaml|ml
perl|Perl|pl
php|PHP|
plaintext|Text|text txt plain
powershell|PowerShell|ps1 pwsh
python|Python|py python3
r|R|
ruby|Ruby|rb
rust|Rust|rs
scala|Scala|
scss|SCSS|sass
sql|SQL|mysql sqlite postgresql
swift|Swift|
typescript|TypeScript|ts tsx mts
xml|XML|html xhtml svg vue svelte
yaml|YAML|yml`

export interface CodeLanguage {
  /** The highlighter's id; undefined if it does not know the language. */
  readonly id?: string
  /** What to show; empty if the fence names no language. */
  readonly name: string
}

const languages = new Map<string, CodeLanguage>()
for (const line of TABLE.trim().split('\n')) {
  const [id = '', name = '', others = ''] = line.split('|')
  for (const alias of [id, ...others.split(' ')]) if (alias) languages.set(alias, { id, name })
}
// Grammars shared by languages of another name.
for (const [alias, name] of [
  ['html', 'HTML'],
  ['svg', 'SVG'],
  ['toml', 'TOML'],
  ['wgsl', 'WGSL'],
  ['hlsl', 'HLSL'],
] as const)
  languages.set(alias, { ...languages.get(alias), name })

const MAX_NAME = 24

/** The language that the line of an opening fence names. An unknown one keeps its name. */
export function codeLanguage(info: string): CodeLanguage {
  const [written = ''] = info.trim().split(/[\s{:,]/)
  return languages.get(written.toLowerCase()) ?? { name: written.slice(0, MAX_NAME) }
}
