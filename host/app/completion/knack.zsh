#compdef knack
# zsh completion for knack, written by `knack completion zsh`.
# To use it: source <(knack completion zsh), in ~/.zshrc after compinit; or put it, as _knack, into
# a folder of $fpath, such as /usr/share/zsh/vendor-completions (the package does).

@TABLES@

# Adds what a value of these kinds can be: FILE|ID, or words such as valid|test.
_knack_values() {
  local kind
  local -a found
  for kind in ${(s:|:)1}; do
    case $kind in
      (FILE) _files ;;
      (RECIPE) _files -g '*.json' ;;
      (FOLDER|RUN) _files -/ ;;
      (ID|SET|CODE)
        found=(${(f)"$(_call_program knack-candidates ${(q)words[1]} candidates $kind ${(q)words[2,CURRENT-1]} 2> /dev/null)"})
        compadd -a found
        ;;
      ([a-z0-9]*) compadd -- $kind ;;
    esac
  done
}

_knack() {
  local path_='' takes='' word
  local -i position=0 index
  local -a known_commands known_options
  for (( index = 2; index < CURRENT; index++ )); do
    word=${words[index]}
    if [[ -n $takes ]]; then
      takes=''
    elif [[ $word == -*=* ]]; then
      continue
    elif [[ $word == -* ]]; then
      _knack_takes "$path_" $word
    else
      _knack_offers "$path_"
      if (( ${known_commands[(I)${word}:*]} )); then
        path_+=${path_:+ }$word
      else
        position+=1
      fi
    fi
  done
  if [[ -n $takes ]]; then
    _knack_values $takes
    return
  fi
  if [[ $PREFIX == --*=* ]]; then
    _knack_takes "$path_" ${PREFIX%%=*}
    compset -P '*='
    _knack_values $takes
    return
  fi
  _knack_offers "$path_"
  if [[ $PREFIX == -* ]]; then
    _describe -o option known_options
    return
  fi
  if (( $#known_commands )); then
    _describe command known_commands
    return
  fi
  _knack_takes "$path_" $(( position + 1 ))
  _knack_values $takes
}

if [[ ${funcstack[1]} == _knack ]]; then
  _knack "$@"
else
  compdef _knack knack
fi
