#!/bin/bash
# The bash completion as bash-completion loads it, on demand: completion.bash SHARE, the folder that
# holds bash-completion/completions. Run in a folder that holds nothing but "a list.csv".
export XDG_DATA_DIRS=$1
source /usr/share/bash-completion/bash_completion || exit 1
failed=0

# What a shell does at Tab: the loader knows no mxprobe, finds its file, and asks to be asked again.
_completion_loader mxprobe
[[ $? == 124 && $(complete -p mxprobe) == *"-F _mxprobe mxprobe" ]] ||
  { echo "not loaded: $(complete -p mxprobe 2>&1)"; exit 1; }

# complete_is WANT WORDS..: sorted, joined by spaces; "+word": at least that word
complete_is() {
  local want=$1 got
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
  _mxprobe mxprobe "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
  got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' ')
  if [[ $want == +* ]]; then
    [[ " $got " == *" ${want#+} "* ]] && return
  elif [[ $got == "$want" ]]; then
    return
  fi
  echo "'$*' gives '$got', not '$want'"
  failed=1
}

complete_is "check" mxprobe ch
complete_is "bulk" mxprobe b
complete_is "+--retry-for" mxprobe check --retry
complete_is "+--resume" mxprobe bulk --
complete_is "" mxprobe check --resu
complete_is "csv jsonl" mxprobe bulk --format = ""
complete_is "encrypt" mxprobe check --tls = e
complete_is "a list.csv" mxprobe bulk ""
complete_is "a list.csv" mxprobe bulk --exclude = a
complete_is "+config" mxprobe help ""
exit $failed
