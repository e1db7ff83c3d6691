# bash completion for s2sprobe(1)

_s2sprobe() {
    local current=${COMP_WORDS[COMP_CWORD]}
    local previous=${COMP_WORDS[COMP_CWORD - 1]}
    local commands='connect ping send check batch'
    local options='--from --host --port --tls --timeout --dns-server
        --dns-trust-ad --srv-fallback --pipeline --dane --xml-to --service
        --ca-file --accept-untrusted --cert --key --password-file --secret-file --listen
        --authenticate --no-external --no-dialback --no-bidi --count --interval
        --ping-method --op --concurrency --rate --per-host --host-rate
        --handshakes --shard --no-progress --json --nagios --warning --critical --quiet --verbose
        --color --version --help -j -w -c -q -v -V -h'
    COMPREPLY=()
    # --option=value comes as three words.
    if [[ $current == = ]]; then
        current=''
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $previous in
    --tls) mapfile -t COMPREPLY < <(compgen -W 'auto starttls direct none' -- "$current") ;;
    --ping-method) mapfile -t COMPREPLY < <(compgen -W 'auto iq dialback-verify' -- "$current") ;;
    --op) mapfile -t COMPREPLY < <(compgen -W 'connect ping check' -- "$current") ;;
    --color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current") ;;
    --cert | --key | --ca-file | --password-file | --secret-file)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
    --from | --host | --dns-server | --xml-to)
        mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
        ;;
    --service)
        mapfile -t COMPREPLY < <(compgen -W 'conference. pubsub. proxy. upload.' -- "$current")
        ;;
    --port | --timeout | --listen | --count | --interval | --warning | -w | --critical | -c | \
        --concurrency | --rate | --per-host | --host-rate | --handshakes | --shard) ;;
    *)
        if [[ $current == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        elif ((COMP_CWORD == 1)); then
            mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
        elif [[ ${COMP_WORDS[1]} == batch ]]; then
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
        else
            mapfile -t COMPREPLY < <(compgen -A hostname -- "$current")
        fi
        ;;
    esac
}

complete -F _s2sprobe s2sprobe
