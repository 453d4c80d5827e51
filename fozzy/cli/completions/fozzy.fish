# Completion of fozzy for fish. Source it, or keep it as ~/.config/fish/completions/fozzy.fish
function __fozzy_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l last (string unescape -- "$last"; or echo "$last")
    $words[1] __complete fish -- (string unescape -- $words[2..-1]) "$last" 2>/dev/null
end
complete -c fozzy -e
complete -c fozzy -f -a '(__fozzy_complete)'
