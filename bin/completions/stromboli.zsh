#compdef stromboli
# What fits comes from `stromboli complete`: a word and a tab a line, or :files.
_stromboli() {
  local out line
  local -a candidates descriptions
  out=$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null) || return
  if [[ $out == :files ]]; then
    _files
    return
  fi
  for line in "${(@f)out}"; do
    [[ -n $line ]] || continue
    candidates+=("${line%%$'\t'*}")
    descriptions+=("${line/$'\t'/  }")
  done
  (( $#candidates )) && compadd -l -d descriptions -- "${candidates[@]}"
}
compdef _stromboli stromboli
