#!/usr/bin/env zsh
# The zsh completion, as a shell at a terminal completes: completion.zsh DIRECTORY, which holds
# _mxprobe. Run in a folder that holds nothing but "a list.csv".
zmodload zsh/zpty || exit 1
out=$(mktemp) failed=0
trap 'rm -f $out' EXIT

# What the completion offers is written down; ^F says that it is done.
zpty shell zsh -f -i
zpty -w shell "PS1= fpath=(${(q)1} \$fpath) out=${(q)out}"
zpty -w shell 'autoload -Uz compinit && compinit -u -D'
zpty -w shell 'compadd() {
  [[ ${@[1,(i)--]} != *(#b)(-[OAD])* ]] || { builtin compadd "$@"; return }
  local -a got; builtin compadd -O got "$@"; print -rl -- $got >>$out; builtin compadd "$@"
}
finish() { print FINI"SHED"; zle kill-whole-line }
zle -N finish; bindkey "^F" finish; setopt extended_glob no_beep; print REA"DY"'
zpty -r shell line '*READY*'

# complete_is WANT WORDS: sorted, joined by spaces; "+word": at least that word
complete_is() {
  local want=$1 got line
  : >$out
  zpty -w -n shell "$2"$'\t\006'
  zpty -r shell line '*FINISHED*'
  got=${(j: :)${(ou)${(f)"$(<$out)"}}}
  if [[ $want == +* ]]; then
    [[ " $got " == *" ${want#+} "* ]] && return
  elif [[ $got == $want ]]; then
    return
  fi
  print -r -- "'$2' gives '$got', not '$want'"
  failed=1
}

complete_is "check" "mxprobe ch"
complete_is "bulk" "mxprobe b"
complete_is "+--retry-for" "mxprobe check --retry"
complete_is "+--resume" "mxprobe bulk --"
complete_is "" "mxprobe check --resu"
complete_is "csv jsonl" "mxprobe bulk --format="
complete_is "encrypt" "mxprobe check --tls=e"
complete_is 'a\ list.csv' "mxprobe bulk "
complete_is 'a\ list.csv' "mxprobe bulk --exclude="
complete_is "+config" "mxprobe help "
zpty -d shell
exit $failed
