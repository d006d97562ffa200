# Sourced by bash. What fits comes from `stromboli complete`: a word and a tab a line, or :files.
_stromboli() {
  local out line word glue='' current=${COMP_WORDS[COMP_CWORD]} words=()
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do # bash takes image:tag for three words, and completes the last
    if [ ${#words[@]} -gt 0 ] && { [ "$word" = : ] || [ "$glue" = : ]; }; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    glue=$word
  done
  [ "$current" != : ] || current=''
  out=$("$1" complete -- "${words[@]}" 2>/dev/null) || return
  if [ "$out" = :files ]; then
    compopt -o default
    return
  fi
  while IFS= read -r line; do
    word=${line%%$'\t'*}
    [ -z "$line" ] || COMPREPLY+=("${word#"${words[-1]%"$current"}"}")
  done <<<"$out"
}
complete -F _stromboli stromboli
