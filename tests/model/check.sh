#!/bin/sh
# Searches tests/model/protocol.pml whole: every state that can be reached, circles of them as well.
#
#   check.sh holds -DNAME=VALUE...          nothing is wrong anywhere
#   check.sh breaks ERROR -DNAME=VALUE...   what is wrong is ERROR: a rule is missing, and is missed
#   check.sh long holds|breaks ...          the same, skipped (77) unless THUMBMILL_LONG_TESTS is set
#
# A search that is not whole (its memory, its depth, a hash in place of the states) proves nothing,
# and fails. With THUMBMILL_KEEP=FOLDER the verifier and its trail stay there: spin -t -p.
set -eu

model=$(cd "$(dirname "$0")" && pwd)/protocol.pml
most_megabytes=4000
most_steps=10000 # of one schedule; the longest have a few hundred

die()
{
    [ ! -e output ] || cat output >&2
    echo "check.sh: $*" >&2
    exit 1
}

if [ "${1:-}" = long ]; then
    [ -n "${THUMBMILL_LONG_TESTS:-}" ] || exit 77
    shift
fi
expected=${1:-}
[ $# -eq 0 ] || shift
case "$expected" in
holds) ;;
breaks)
    error=${1:?check.sh: breaks: which error?}
    shift
    ;;
*)
    echo "check.sh: '$expected': expected holds or breaks" >&2
    exit 2
    ;;
esac

if [ -n "${THUMBMILL_KEEP:-}" ]; then
    folder=$THUMBMILL_KEEP
    mkdir -p "$folder"
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
cd "$folder"
rm -f output

spin -a "$@" "$model" > output 2>&1 || die "spin does not take the model"
"${CC:-cc}" -O2 -w -DNP -DNOREDUCE -DNOFAIR -DMEMLIM="$most_megabytes" -o pan pan.c 2> output ||
    die "the verifier does not compile"
./pan -l -m"$most_steps" > output 2>&1 || die "the verifier ended with $?"

says()
{
    grep -qF -- "$1" output
}

says 'Full statespace search for:' || die "not a full search"
grep -q 'assertion violations[[:space:]]*+' output || die "assertions were not looked at"
says 'non-progress cycles' || die "circles were not looked at"
for excuse in 'Search not completed' 'max search depth too small' 'out of memory' 'truncated'; do
    [ "$expected" = breaks ] || ! says "$excuse" || die "not all was searched: $excuse"
done
if [ "$expected" = holds ]; then
    says 'errors: 0' || die "the protocol does not hold"
    grep -E 'states, stored|elapsed' output
else
    says 'errors: 1' || die "nothing is wrong without that rule"
    says "$error" || die "something else is wrong: expected $error"
    grep -E '^pan' output | head -n 1
fi
