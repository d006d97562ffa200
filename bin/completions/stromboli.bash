# Sourced by bash. What fits comes from `stromboli complete`: a word and a tab a line, or :files.
_stromboli() {
  local out line
  COMPREPLY=()
  out=$("$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  if [ "$out" = :files ]; then
    compopt -o default
    return
  fi
  while IFS= read -r line; do
    [ -z "$line" ] || COMPREPLY+=("${line%%$'\t'*}")
  done <<<"$out"
}
complete -F _stromboli stromboli
