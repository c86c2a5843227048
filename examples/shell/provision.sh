#!/bin/sh
# A runbook step:  provision.sh SPEC STRINGS
#
# Provisions what SPEC says, proves it by logging in, and writes the connections to STRINGS (mode 0600)
# as Airflow's variables. It can be run again at any time, also after it was killed.
#
# Exit code 0: proven. 1: something is missing that this admin cannot give, or a check failed. 2: an error.
set -eu
spec=${1:?usage: provision.sh SPEC STRINGS}
strings=${2:?usage: provision.sh SPEC STRINGS}
record=${DBPROV_AUDIT:-dbprov-audit.jsonl} # every statement that changed a server

dbprov check "$spec" >&2

missing=0 # 0: nothing. 1: what the plan shows. 2: nobody knows
dbprov plan "$spec" >&2 || missing=$?
[ "$missing" -le 1 ] || exit "$missing"

# Also where nothing is missing: apply then proves what is there, and changes nothing.
dbprov apply "$spec" --yes --audit "$record"

dbprov connections "$spec" --format env -o "$strings"
