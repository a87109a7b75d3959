# bash completion for knack, written by `knack completion bash`.
# To use it: source <(knack completion bash), in ~/.bashrc; or, for all who log in, put it into
# /usr/share/bash-completion/completions/knack (the package does).

@TABLES@

# Adds what matches the word under the cursor from standard input, a candidate a line.
_knack_add() {
  local candidate
  while IFS= read -r candidate; do
    if [[ $candidate == "$current"* ]]; then COMPREPLY+=("$candidate"); fi
  done
}

_knack_add_paths() {
  local path
  while IFS= read -r path; do
    # shellcheck disable=SC2053 # the right side is a pattern
    if [[ -d $path || $path == $1 ]]; then COMPREPLY+=("$path"); fi
  done < <(compgen "$2" -- "$current")
  compopt -o filenames 2> /dev/null
}

# Adds what a value of these kinds can be: FILE|ID, or words such as valid|test.
_knack_add_values() {
  local kind kinds
  IFS='|' read -ra kinds <<< "$1"
  for kind in "${kinds[@]}"; do
    case $kind in
      FILE) _knack_add_paths '*' -f ;;
      RECIPE) _knack_add_paths '*.json' -f ;;
      FOLDER | RUN) _knack_add_paths '' -d ;;
      ID | SET | CODE) _knack_add < <("$program" candidates "$kind" "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2> /dev/null) ;;
      [a-z0-9]*) _knack_add <<< "$kind" ;;
    esac
  done
}

_knack() {
  local program=$1 current=${COMP_WORDS[COMP_CWORD]} IFS=$' \t\n'
  local path='' takes='' known_commands='' known_options='' position=0 index word
  COMPREPLY=()
  for ((index = 1; index <= COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    if [[ $word == '=' ]]; then # bash makes --color=never and a.b=1 three words
      if ((index == COMP_CWORD)); then current=''; fi
      if [[ -n $takes ]]; then continue; fi
      if ((++index >= COMP_CWORD)); then return; fi
    elif ((index == COMP_CWORD)); then
      break
    elif [[ -n $takes ]]; then
      takes=''
    elif [[ $word == -* ]]; then
      _knack_takes "$path" "$word"
    elif _knack_offers "$path" && [[ " $known_commands " == *" $word "* ]]; then
      path+=${path:+ }$word
    else
      position=$((position + 1))
    fi
  done
  if [[ -n $takes ]]; then
    _knack_add_values "$takes"
    return
  fi
  _knack_offers "$path"
  if [[ $current == -* ]]; then
    _knack_add < <(compgen -W "$known_options")
    return
  fi
  _knack_add < <(compgen -W "$known_commands")
  _knack_takes "$path" "$((position + 1))"
  _knack_add_values "$takes"
}
complete -F _knack knack
