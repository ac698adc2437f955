#!/bin/bash
# The bash completion, called as the shell calls it: completion.bash FILE
set -u
source "$1" || exit 1
failed=0

# complete WORDS.. must give WANT (sorted, joined by spaces; "+word": at least that word)
complete_is() {
  local want=$1 got
  shift
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  _mxprobe 2>/dev/null
  got=$(printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"} | sort | tr '\n' ' ')
  got=${got% }
  if [[ $want == +* ]]; then
    [[ " $got " == *" ${want#+} "* ]] && return
  elif [[ $got == "$want" ]]; then
    return
  fi
  echo "mxprobe ${*:2} gives '$got', not '$want'"
  failed=1
}

complete_is "check" mxprobe ch
complete_is "bulk" mxprobe b
complete_is "+--version" mxprobe --v
complete_is "--retry-after --retry-for" mxprobe check --retry
complete_is "--format" mxprobe bulk --fo
complete_is "" mxprobe check --fo
complete_is "csv" mxprobe bulk --format c
complete_is "csv jsonl" mxprobe bulk --format = ""
complete_is "csv jsonl" mxprobe bulk --format =
complete_is "encrypt" mxprobe check --tls = e
complete_is "off on" mxprobe check --limits o
complete_is "" mxprobe check --port 2
complete_is "+config" mxprobe help co
complete_is "+bulk" mxprobe help b
complete_is "--json" mxprobe check a@b.example --js
directory=$(mktemp -d) || exit 1
touch "$directory/a b.csv"
COMP_WORDS=(mxprobe bulk "$directory/a")
COMP_CWORD=2
_mxprobe 2>/dev/null
[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == "$directory/a b.csv" ]] ||
  { echo "a file with a blank: ${COMPREPLY[*]-}"; failed=1; }
rm -r "$directory"
exit $failed
