# What fits comes from `stromboli complete`: a word and a tab a line, or :files.
function __stromboli_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l out (stromboli complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$out[1]" = ":files"
        __fish_complete_path "$current"
    else
        printf '%s\n' $out
    end
end
complete -c stromboli -f -a '(__stromboli_complete)'
