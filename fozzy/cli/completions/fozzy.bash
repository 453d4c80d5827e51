# Completion of fozzy for bash. Source it, or keep it as ~/.local/share/bash-completion/completions/fozzy
_fozzy() {
    local line="${COMP_LINE:0:COMP_POINT}" own="${COMP_WORDS[COMP_CWORD]}" before last reply
    local -a words
    read -a words <<< "$line" # without -r: a backslash keeps a space in a word
    [[ "$line" == *[[:space:]] && "$line" != *\\[[:space:]] ]] && words+=("")
    last="${words[${#words[@]} - 1]}"
    # bash also breaks words at = and : and what stands before its own last word must not be said again. It breaks at @
    # too, but replaces that one with the rest.
    case "$own" in
        "=" | ":") own="" ;;
        *) own="${own//\\/}" ;;
    esac
    before="${last%"$own"}"
    before="${before%@}"
    COMPREPLY=()
    while IFS= read -r reply; do
        printf -v reply %q "${reply#"$before"}"
        COMPREPLY+=("$reply")
    done < <("$1" __complete bash -- "${words[@]:1}" 2> /dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == */ ]]; then
        compopt -o nospace 2> /dev/null # bash 3 does not have it
    fi
    return 0
}
complete -F _fozzy fozzy
