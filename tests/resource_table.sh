#!/bin/sh
# What resource_table_test.ts runs, also under other kernels: for each case and
# each runtime a container is created, updated and deleted, and what the kernel
# then has in files of its cgroups is printed:
#
#   CASE <tab> RUNTIME <tab> create|update1|update2... <tab> FILE <tab> VALUE
#
# where FILE is "!" and VALUE the last words of a runtime that failed.
#
#   [AT=DIR] resource_table.sh FOLDER ID RUNTIME ...
#
# With AT, systemd makes the cgroup, which is there or, with crun, just below.
#
# FOLDER has cases with a folder for each, which is a bundle: config.json, files
# with their names, and for each update its arguments, one a line, in update1 etc.
folder=$1 id=$2
shift 2
tab=$(printf '\t')
flags=${AT:+--systemd-cgroup}
# A user's root cannot be on the host's files under another kernel.
work=${XDG_RUNTIME_DIR:-$folder}
root=$work/table-root

say() { printf '%s\t%s\t%s\t%s\t%s\n' "$case" "$name" "$1" "$2" "$3"; }

# Lists of devices are in any order.
in_order() { case $file in devices.list) LC_ALL=C sort ;; *) cat ;; esac; }

# Of cgroups on v2 there is one, on v1 one in each hierarchy.
look() {
  while read -r file; do
    for found in ${AT:+"$AT/container/$file" "$AT/$file"} \
      /sys/fs/cgroup/"$id/$file" /sys/fs/cgroup/*/"$id/$file"; do
      [ -f "$found" ] || continue
      say "$1" "$file" "$(in_order <"$found" | tr '\n' '|')"
      break
    done
  done <"$folder/cases/$case/files"
}

# Runs a step: its words only where it failed.
step() {
  what=$1
  shift
  if "$@" >"$work/out" 2>&1 </dev/null; then return 0; fi
  say "$what" ! "$(tail -n 1 "$work/out" | tr '\t' ' ')"
  return 1
}

# What a create of a peer that failed leaves is not to be the next one's; Davit
# leaves nothing.
clean() {
  for left in /sys/fs/cgroup/"$id" /sys/fs/cgroup/*/"$id"; do
    [ -d "$left" ] || continue
    [ "$name" != davit ] || say delete "$left" "is left"
    rmdir "$left" 2>/dev/null
  done
}

update() {
  args=$folder/cases/$case/$1 number=$1
  set --
  while read -r arg; do set -- "$@" "$arg"; done <"$args"
  step "$number" "$runtime" --root "$root" update "$@" "$id"
}

for path in "$folder"/cases/*/; do
  case=$(basename "$path")
  for runtime; do
    name=$(basename "$runtime")
    if step create "$runtime" $flags --root "$root" create \
      --bundle "$path" "$id"; then
      look create
      for one in 1 2 3 4 5 6; do
        [ -f "$path/update$one" ] || break
        update update$one
        look update$one
      done
    fi
    step delete "$runtime" --root "$root" delete --force "$id"
    clean
  done
done
