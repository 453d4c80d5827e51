#compdef fozzy
# Completion of fozzy for zsh. Source it after compinit, or keep it as _fozzy in a folder of $fpath.
_fozzy() {
    local -a values shown folders
    local reply value
    for reply in "${(@f)$("${words[1]}" __complete zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2> /dev/null)}"; do
        value="${reply%%$'\t'*}"
        if [[ -z "$value" ]]; then
            continue
        elif [[ "$value" == */ ]]; then
            folders+=("$value")
        else
            values+=("$value")
            shown+=("${reply/$'\t'/  -- }")
        fi
    done
    (( $#values )) && compadd -d shown -a values
    (( $#folders )) && compadd -S '' -a folders
    return 0
}
if [[ "$funcstack[1]" == "_fozzy" ]]; then
    _fozzy "$@"
else
    compdef _fozzy fozzy
fi
